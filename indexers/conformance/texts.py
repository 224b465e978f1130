"""Promises on what may be typed."""
# ruff: noqa: D401 - the docstrings of the checks are claims

from pathlib import Path

from indexers.conformance.given import CORPUS, Make, built, ids, limit, require


def answers_nothing_with_nothing(make: Make, folder: Path) -> None:
    """Empty and blank queries, and bare punctuation, give no hits."""
    with built(make, folder) as index:
        for text in ("", " ", "\u3000", "\t\r\n", "\0", "？！…", "。", '"', "*", "《》"):
            require(index.search(text, 10) == [], f"{text!r} gave hits")


def answers_long_queries(make: Make, folder: Path) -> None:
    """Queries of 4,000 characters are answered: of the same words, and of 4,000 different characters."""
    page = "".join(document.title + document.body for document in CORPUS)
    with built(make, folder) as index:
        for text in ((page * 9)[:4000], "".join(chr(0x4E00 + n) for n in range(4000)), "住房公积金 " * 666):
            hits = index.search(text, 10)
            require(len(hits) <= 10, f"a query of {len(text)} characters gave {len(hits)} hits for k=10")
        require(ids(hits[:1]) == ["d01"], "a word that is asked 666 times does not find its page")


def reads_full_width(make: Make, folder: Path) -> None:
    """Full-width digits and letters find what plain ones find."""
    with built(make, folder) as index:
        exempt = limit(index, "normalizes", True) is False
        for wide, plain in (("２０２４年高龄津贴", "2024年高龄津贴"), ("手机ＡＰＰ", "手机app")):
            found = ids(index.search(wide, 10))
            require(exempt or found == ids(index.search(plain, 10)) != [], f"{wide!r} found {found}")


def survives_rare_characters(make: Make, folder: Path) -> None:
    """Traditional characters, rare Han, other scripts, emoji and lone surrogates are answered like any text."""
    with built(make, folder) as index:
        for text in (
            "住房公積金",
            "𠮷𠀀",
            "ئۇيغۇرچە",
            "བོད་སྐད།",
            "ᠮᠣᠩᠭᠣᠯ",
            "👨‍👩‍👧",
            "\ud83d",
            "e\u0301",
            "\u200b\ufeff",
        ):
            require(len(index.search(text, 10)) <= 10, f"{text!r} gave more than 10 hits")
        plain = ids(index.search("住房公积金", 10))
        found = ids(index.search("😀住房公积金🎉", 10))
        require(found == plain, f"with emoji around it, a word found {found} instead of {plain}")


def takes_text_as_text(make: Make, folder: Path) -> None:
    """Whatever a citizen types is text and never query syntax."""
    word = "住房公积金"
    with built(make, folder) as index:
        plain = ids(index.search(word, 10))
        for mark in (
            '"{}"',
            '"{}',
            "{}*",
            "*{}",
            "-{}",
            "+{}",
            "({}",
            "{}^",
            "{}~",
            "/{}/",
            "[{}",
            "{}\\",
            "'{}",
            "{};--",
        ):
            text = mark.format(word)
            found = ids(index.search(text, 10))
            require(found == plain, f"{text!r} found {found} instead of {plain}")
        for text in (
            f"{word} AND",
            f"NOT {word}",
            f"AND OR NOT {word}",
            f"title:{word}",
            f"NEAR({word} 提取, 2)",
            f"{word} TO 提取",
            f"[{word} TO *]",
            f"{{title body}}: {word}",
            f"'; DROP TABLE shown; -- {word}",
            "../../etc/passwd",
            "%s %d {} {0} $1",
        ):
            require(len(index.search(text, 10)) <= 10, f"{text!r} gave more than 10 hits")
        require(ids(index.search(word, 10)) == plain, "a query changed the index")

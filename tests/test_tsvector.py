"""What PostgreSQL is given to read: quoted lexemes, within its limits."""

from indexers.tsvector import any_of, lexeme, vector


def test_quotes_and_backslashes_are_doubled() -> None:
    """What PostgreSQL's syntax means by a quote or a backslash, it means for none of ours."""
    assert vector([("D", ["o'k\\"])]) == "'o''k\\\\':1D"
    assert any_of(["o'k\\", "a"]) == "('o''k\\\\' | 'a')"


def test_no_word_has_more_than_255_positions() -> None:
    """Of 300 occurrences the first 255 are kept, the title's among them, and no place is named twice."""
    written = vector([("A", ["津贴"]), ("D", ["津贴"] * 299)])
    assert written.startswith("'津贴':1A,2D,")
    assert written.count("D") == 254


def test_positions_end_at_16383() -> None:
    """A word behind the last position counts once more, however often it comes."""
    written = vector([("D", ["x", *["y"] * 16381, "z", *["z"] * 99, "x", "x"])])
    assert written.startswith("'x':1D,16383D ")
    assert written.endswith(" 'z':16383D")


def test_long_tokens_are_cut_between_characters() -> None:
    """A lexeme has at most 2,046 bytes: 682 Chinese characters and no part of one."""
    assert lexeme("津" * 683) == "津" * 682
    assert lexeme("𠮷" * 512) == "𠮷" * 511
    assert lexeme("津贴") == "津贴"


def test_the_or_is_flat() -> None:
    """4,000 words are twelve levels deep, and none gives nothing."""
    written = any_of(f"w{number}" for number in range(4000))
    assert len(written) - len(written.lstrip("(")) == 12
    assert (written.count("'"), written.count("|")) == (8000, 3999)
    assert any_of([]) == ""

"""Corpora on disk: what is written is read back, and what cannot be used is named."""

import gzip
import hashlib
import json
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from corpora.card import Card, read_card
from corpora.errors import CorpusError, CorpusFormatError, CorpusNotFoundError
from corpora.files import write_whole
from corpora.model import Document
from corpora.store import build_once, open_corpus, write_corpus
from tests.conftest import CARD, DOCUMENTS

LINE = '{"id": "%s", "title": "题", "body": "文"}\n'


def scan(folder: Path, content: str | bytes, name: str = "documents.jsonl") -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    open_corpus(folder).scan()


@pytest.mark.parametrize("layout", ["tongcha", "beir"])
def test_a_corpus_comes_back_as_it_was_written(layout: str, tmp_path: Path) -> None:
    """Documents and card survive the trip through either format, in their order."""
    write_corpus(tmp_path / layout, DOCUMENTS, CARD, layout=layout)
    opened = open_corpus(tmp_path / layout)
    assert tuple(opened) == DOCUMENTS
    assert opened.card == CARD


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)


@given(
    st.lists(
        st.builds(
            Document,
            id=texts.filter(bool),
            title=texts,
            body=texts,
            region=texts,
            extra=st.dictionaries(
                texts.filter(lambda key: key not in msgspec.structs.asdict(Document(id=""))), texts, max_size=2
            ),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda document: document.id,
    ),
    st.sampled_from(["tongcha", "beir"]),
)
def test_any_text_survives_both_formats(
    tmp_path_factory: pytest.TempPathFactory, documents: list[Document], layout: str
) -> None:
    """Whatever characters a page has, line breaks included, both formats give them back."""
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, documents, CARD, layout=layout)
    assert list(open_corpus(folder)) == documents


def test_the_content_hash_does_not_depend_on_the_format(tmp_path: Path) -> None:
    """The same documents have the same hash as tongcha folder, BEIR folder and gzip file; others have another."""
    write_corpus(tmp_path / "a", DOCUMENTS, CARD)
    write_corpus(tmp_path / "b", DOCUMENTS, CARD, layout="beir")
    write_corpus(tmp_path / "c", DOCUMENTS[1:], CARD)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "documents.jsonl.gz").write_bytes(
        gzip.compress((tmp_path / "a" / "documents.jsonl").read_bytes())
    )
    hashes = {name: open_corpus(tmp_path / name).scan().content_hash for name in "abcd"}
    assert hashes["a"] == hashes["b"] == hashes["d"]
    assert hashes["a"] != hashes["c"]


def test_foreign_beir_metadata_is_kept(tmp_path: Path) -> None:
    """Metadata that tongcha has no field for is kept as text; a missing title and a numeric id are fine."""
    line = {"_id": 7, "text": "正文", "metadata": {"site": "a.gov.example", "year": 2020, "tags": ["甲"], "none": None}}
    (tmp_path / "corpus.jsonl").write_text(json.dumps(line, ensure_ascii=False) + "\n")
    (document,) = open_corpus(tmp_path)
    assert document == Document(id="7", body="正文", site="a.gov.example", extra={"year": "2020", "tags": '["甲"]'})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (LINE % "a" + "\n" + LINE % "b" + '{"id": "c", "title": \n', "line 4: broken JSON"),
        (LINE % "a" + LINE % "b" + LINE % "a", "line 3: document id 'a' is already used on line 1"),
        (LINE % "", "line 1: the document id is empty"),
        ('{"title": "无号"}\n', "line 1: Object missing required field `id`"),
        ('{"id": "a", "titel": "错"}\n', "line 1: Object contains unknown field `titel`"),
        ("", "the corpus is empty"),
        ((LINE % "a").encode("gb18030"), "line 1: not UTF-8 but GBK/GB18030 text: convert the file with `iconv"),
        (b'{"id": "a\xff\xff"}\n', "line 1: not UTF-8 text"),
    ],
)
def test_what_cannot_be_used_is_named(content: str | bytes, says: str, tmp_path: Path) -> None:
    """A bad line is refused with file, line number, the fault and the remedy, all in one line."""
    with pytest.raises(CorpusFormatError) as caught:
        scan(tmp_path / "c", content)
    message = str(caught.value)
    assert says in message
    assert "documents.jsonl" in message
    assert "\n" not in message


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    """Files saved by Windows editors begin with a mark that is not part of the first record."""
    scan(tmp_path / "c", b"\xef\xbb\xbf" + (LINE % "a").encode())


def test_a_truncated_archive_is_named(tmp_path: Path) -> None:
    """A gzip file that was cut off is refused by name, not half-read."""
    whole = gzip.compress((LINE % "a" * 50).encode())
    with pytest.raises(CorpusFormatError, match=r"documents\.jsonl\.gz: cannot be read"):
        scan(tmp_path / "c", whole[: len(whole) // 2], "documents.jsonl.gz")


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_damage_inside_an_archive_is_named(suffix: str, tmp_path: Path) -> None:
    """Broken bytes within a packed file are refused by name; that they fail to unpack is nobody's surprise."""
    content = b"".join((LINE % hashlib.sha256(b"%d" % number).hexdigest()).encode() for number in range(500))
    packed = bytearray(gzip.compress(content) if suffix == ".gz" else zstandard.compress(content))
    packed[200:260] = bytes(60)
    with pytest.raises(CorpusFormatError, match=rf"documents\.jsonl\{suffix}"):
        scan(tmp_path / "c", bytes(packed), f"documents.jsonl{suffix}")


def test_a_missing_corpus_is_named(tmp_path: Path) -> None:
    """A folder that is not there, or holds nothing usable, is refused with what it should hold."""
    with pytest.raises(CorpusNotFoundError, match="no corpus folder"):
        open_corpus(tmp_path / "nowhere")
    (tmp_path / "bare").mkdir()
    with pytest.raises(CorpusNotFoundError, match=r"documents\.jsonl \(tongcha\) or corpus\.jsonl \(BEIR\)"):
        open_corpus(tmp_path / "bare")


def test_a_broken_card_is_named(tmp_path: Path) -> None:
    """A card that is not TOML is refused by name; without a card the folder's name serves."""
    assert read_card(tmp_path, CorpusError) == Card(name=tmp_path.name)
    for content, says in (("name = ", "Invalid value"), ("name = 'x'\nlicense = 'y'", "unknown field `license`")):
        (tmp_path / "card.toml").write_text(content)
        with pytest.raises(CorpusError, match=rf"card\.toml: .*{says}"):
            read_card(tmp_path, CorpusError)


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    """When writing fails, the old file stands and no temporary file is left."""
    target = tmp_path / "file"
    target.write_text("old")

    def interrupted() -> None:
        with write_whole(target) as stream:
            stream.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert target.read_text() == "old"


def test_a_folder_is_built_once_and_whole(tmp_path: Path) -> None:
    """A failing build leaves nothing; a second call finds what the first built."""

    def fails(folder: Path) -> None:
        (folder / "half").touch()
        raise CorpusError("no")

    with pytest.raises(CorpusError):
        build_once(tmp_path / "x", fails)
    assert list(tmp_path.iterdir()) == []
    build_once(tmp_path / "x", lambda folder: (folder / "whole").touch())
    build_once(tmp_path / "x", fails)
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["whole"]

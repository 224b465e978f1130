"""Importing: stable ids, one of each, whole or not at all, and a report on everything that was left out."""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from corpora.errors import CorpusError, CorpusFormatError, CorpusNotFoundError
from corpora.importers import identity
from corpora.importers.api import Item, Options
from corpora.importing import REMEDIES, ImportReport, import_corpus
from corpora.model import Document
from corpora.store import open_corpus, write_corpus
from tests.archives import OPTIONS
from tests.conftest import CARD, DOCUMENTS

ROOT = Path(__file__).parent.parent
LAWS = ROOT.parent / "shared" / "data" / "laws"


def lines(folder: Path, *records: object, name: str = "a.jsonl") -> str:
    path = folder / name
    path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
    return str(path)


@pytest.mark.parametrize("layout", ["tongcha", "beir"])
def test_a_corpus_imported_is_the_same_corpus(layout: str, tmp_path: Path) -> None:
    """Documents of either format keep ids, fields and order."""
    write_corpus(tmp_path / "a", DOCUMENTS, CARD, layout=layout)
    report = import_corpus(str(tmp_path / "a"), tmp_path / "out", OPTIONS)
    assert (report.format, report.written, report.skipped) == (layout, len(DOCUMENTS), {})
    assert tuple(open_corpus(tmp_path / "out")) == DOCUMENTS


def test_a_second_document_with_an_id_is_skipped_and_named(tmp_path: Path) -> None:
    """The first stays, the others are counted, and the report names them with the remedy."""
    source = lines(tmp_path, *({"id": "a", "title": title} for title in ("一", "二", "三")))
    report = import_corpus(source, tmp_path / "out", OPTIONS)
    assert [document.title for document in open_corpus(tmp_path / "out")] == ["一"]
    told = msgspec.json.decode((tmp_path / "out" / "import.json").read_bytes(), type=ImportReport)
    assert told == report
    assert told.skipped["duplicate-id"].count == 2
    assert [(each.item, each.detail) for each in told.skipped["duplicate-id"].examples] == [("a", "二"), ("a", "三")]
    assert told.skipped["duplicate-id"].remedy == REMEDIES["duplicate-id"]


def test_ids_come_from_the_address_or_the_content_never_from_the_place(tmp_path: Path) -> None:
    """Rows without an id keep theirs when rows are added before them; other spellings of an address are one page."""
    rows = [{"url": "https://a.gov.example/1", "title": "一"}, {"title": "无址", "body": "文"}]
    first = import_corpus(lines(tmp_path, *rows), tmp_path / "one", OPTIONS)
    again = import_corpus(
        lines(tmp_path, {"title": "新"}, *reversed(rows), {"url": "HTTPS://A.gov.example:443/1#x", "title": "又"}),
        tmp_path / "two",
        OPTIONS,
    )
    ids = [{document.title: document.id for document in open_corpus(tmp_path / name)} for name in ("one", "two")]
    assert ids[0].items() <= ids[1].items()
    assert (first.written, again.written, again.skipped["duplicate-id"].count) == (2, 3, 1)


def test_damaged_lines_cost_only_themselves(tmp_path: Path) -> None:
    """Broken JSON, other encodings, other types and empty documents are skipped by line; the rest is imported."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"id": "1", "title": "t"}\n'
        b'{"id": "2", "title": \n\n[1]\n{"id": 3}\n{"id": "4"}\n'
        + '{"id": "5", "title": "国"}\n'.encode("gb18030")
        + b'{"id": "6", "title": "\\ud800"}\n'
        + b"[" * 100_000
        + b'\n{"id": "7", "body": "b"}'
    )
    report = import_corpus(str(path), tmp_path / "out", OPTIONS)
    assert [document.id for document in open_corpus(tmp_path / "out")] == ["1", "7"]
    assert report.skipped["empty"].count == 1
    assert "a.jsonl line 2" in [example.item for example in report.skipped["broken-record"].examples]


def test_a_limit_takes_the_first(tmp_path: Path) -> None:
    """`limit` counts documents, not what was skipped."""
    source = lines(tmp_path, {"id": "0", "title": ""}, *({"id": str(number), "title": "题"} for number in range(1, 9)))
    assert import_corpus(source, tmp_path / "out", OPTIONS, limit=3).written == 3
    assert [document.id for document in open_corpus(tmp_path / "out")] == ["1", "2", "3"]


def test_an_interrupted_import_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle leaves no corpus and no temporary file; an earlier import stands untouched."""

    def interrupted(source: Path, options: Options) -> Iterator[Item]:
        yield Document(id="x", title="题")
        raise KeyboardInterrupt

    source = lines(tmp_path, {"id": "a", "title": "题"})
    import_corpus(source, tmp_path / "old", OPTIONS)
    monkeypatch.setattr("corpora.importers.formats.reader", lambda name: interrupted)
    for name in ("new", "old"):
        with pytest.raises(KeyboardInterrupt):
            import_corpus(source, tmp_path / name, OPTIONS)
    assert list((tmp_path / "new").iterdir()) == []
    assert [document.id for document in open_corpus(tmp_path / "old")] == ["a"]
    assert sorted(path.name for path in (tmp_path / "old").iterdir()) == ["card.toml", "documents.jsonl", "import.json"]


def test_what_a_killed_import_left_is_removed_by_the_next(tmp_path: Path) -> None:
    """A killed process cannot clean up: its temporary file is no corpus, and is gone after the next import."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".documents.jsonl.x1.tmp").write_text('{"id": "half')
    import_corpus(lines(tmp_path, {"id": "a", "title": "题"}), tmp_path / "out", OPTIONS)
    assert not list((tmp_path / "out").glob(".*"))


def test_a_corpus_that_no_import_made_is_not_overwritten(corpus: Path, tmp_path: Path) -> None:
    """A folder with somebody's corpus, the source itself and a file are refused as target; an import's own is not."""
    source = lines(tmp_path, {"id": "a", "title": "题"})
    for target, says in ((corpus, "no import made"), (Path(source), "is a file")):
        with pytest.raises(CorpusFormatError, match=says):
            import_corpus(source, target, OPTIONS)
    with pytest.raises(CorpusFormatError, match="the source itself"):
        import_corpus(str(corpus), corpus, OPTIONS)
    import_corpus(source, tmp_path / "out", OPTIONS)
    import_corpus(source, tmp_path / "out", OPTIONS)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.jsonl", b"", "is empty"),
        ("a.json", b'[{"id": "a"}]', "jq -c"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .xlsx"),
        ("a.bin", b"\x00\x01\x02", "not recognised"),
        ("a.zip", b"PK\x03\x04broken", "damaged archive"),
        ("a.jsonl.zst", b"(\xb5/\xfdbroken", "damaged archive"),
        ("a.csv", b'title,"two\nlines"\n', "nothing could be imported: there is nothing in it"),
        ("a.csv", b'"one\ntwo",b\n', "its columns are: one two, b"),
        ("a.csv.gz", b"\x1f\x8b\x08broken", "damaged archive"),
        (
            "a.jsonl",
            b'{"id": "1", "body": \n',
            "nothing could be imported: 1 × broken-record, such as 'a.jsonl line 1'",
        ),
        ("a.jsonl", b'{"id": "1", "title": \n', "none of the first lines holds a JSON object"),
    ],
)
def test_a_source_that_cannot_be_used_is_named_in_one_line(
    name: str, content: bytes, says: str, tmp_path: Path
) -> None:
    """The error says what is wrong and what to do, and no corpus is written."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=says) as caught:
        import_corpus(str(tmp_path / name), tmp_path / "out", OPTIONS)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out" / "documents.jsonl").exists()


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    """A path that is not there is refused before anything is written."""
    with pytest.raises(CorpusNotFoundError, match="no file or folder"):
        import_corpus(str(tmp_path / "nowhere"), tmp_path / "out", OPTIONS)
    assert not (tmp_path / "out").exists()


def test_a_cut_gzip_file_gives_the_lines_before_the_cut(tmp_path: Path) -> None:
    """What could be read is imported, and the report says where it ended."""
    rows = b"".join(b'{"id": "%d", "title": "%d"}\n' % (number, number**9 % (2**61 - 1)) for number in range(5000))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(rows)[:-20_000])
    report = import_corpus(str(tmp_path / "a.jsonl.gz"), tmp_path / "out", OPTIONS)
    assert 1000 < report.written < 5000
    assert report.skipped["damaged-file"].count == 1


def test_seen_texts_are_told_from_new_ones() -> None:
    """Each text is new once, also half surrogates, and the highest rank of a text keeps its place."""
    with identity.Seen() as seen:
        assert [seen.add(text) for text in ("甲", "乙", "甲", "\ud800", "\ud800")] == [True, True, False, True, False]
        for place, rank in enumerate(["2023", "2025", "2024"]):
            seen.keep_highest("页", rank, place)
        assert (seen.place("页"), seen.place("无")) == (1, None)


def test_data_sets_of_ir_datasets_are_imported_by_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`doc_id` and `text` become id and body, other fields stay in `extra`; unknown ids get near matches."""
    from types import ModuleType
    from typing import NamedTuple

    class Doc(NamedTuple):
        doc_id: str
        text: str
        year: int

    class Dataset:
        def has_docs(self) -> bool:
            return True

        def docs_cls(self) -> type[Doc]:
            return Doc

        def docs_iter(self) -> Iterator[Doc]:
            yield Doc("a", "正文", 2020)

    fake = ModuleType("ir_datasets")
    known = {"beir/policies": Dataset()}
    fake.load = known.__getitem__  # type: ignore[attr-defined]
    fake.registry = known  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ir_datasets", fake)
    report = import_corpus("ir_datasets:beir/policies", tmp_path / "out", OPTIONS)
    assert report.format == "ir_datasets"
    assert list(open_corpus(tmp_path / "out")) == [Document(id="a", body="正文", extra={"year": "2020"})]
    with pytest.raises(CorpusNotFoundError, match="did you mean 'beir/policies'"):
        import_corpus("ir_datasets:beir/polices", tmp_path / "out2", OPTIONS)
    monkeypatch.setitem(sys.modules, "ir_datasets", None)
    with pytest.raises(CorpusError, match="pip install ir_datasets"):
        import_corpus("ir_datasets:beir/policies", tmp_path / "out3", OPTIONS)


@pytest.mark.real_data
@pytest.mark.skipif(not LAWS.is_dir(), reason="the shared data folder is not beside the project")
def test_all_laws_are_imported_in_little_memory(tmp_path: Path) -> None:
    """143,776 articles come in one pass, with a peak of less than 300 MB for the whole process."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom bench.cli.corpus_import import options_of\n"
        "from bench.process_memory import peak_memory_bytes\n"
        "from corpora.importing import import_corpus\n"
        "report = import_corpus(sys.argv[1], Path(sys.argv[2]), options_of('', []))\n"
        "print(report.written, report.skipped_count, peak_memory_bytes())"
    )
    command = [sys.executable, "-c", code, str(LAWS), str(tmp_path / "out")]
    told = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout
    written, skipped, peak = map(int, told.split())
    assert (written, skipped) == (143_776, 0)
    assert peak < 300e6

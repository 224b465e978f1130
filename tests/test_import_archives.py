"""Web archives: the newest good answer of every address, whatever else is in the file."""

import gzip
import zipfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora.errors import CorpusError
from corpora.importers.api import MAX_ITEM_BYTES
from corpora.importing import ImportReport, import_corpus
from corpora.model import Document
from corpora.store import open_corpus
from tests.archives import OPTIONS, page, record, zipped

HOST = "https://www.linlan.gov.example"


def imported(content: bytes, folder: Path, name: str = "a.warc.gz") -> tuple[ImportReport, list[Document]]:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    report = import_corpus(str(folder / name), folder / "out", OPTIONS)
    return report, list(open_corpus(folder / "out"))


def skipped(report: ImportReport) -> dict[str, int]:
    return {name: reason.count for name, reason in report.skipped.items()}


PAGES = [record(f"{HOST}/{number}.html", page(f"第{number}页")) for number in range(4)]


@pytest.mark.parametrize(
    "content", [b"".join(PAGES), zipped(PAGES), gzip.compress(b"".join(PAGES))], ids=["plain", "members", "one gzip"]
)
def test_every_way_of_packing_gives_the_same_documents(content: bytes, tmp_path: Path) -> None:
    """Plain files, a gzip member for each record, and one gzip around all are read alike."""
    report, documents = imported(content, tmp_path)
    assert (report.format, skipped(report)) == ("warc", {})
    assert [document.title for document in documents] == ["第0页", "第1页", "第2页", "第3页"]
    assert documents[0].url == f"{HOST}/0.html"
    assert documents[0].site == "www.linlan.gov.example"
    assert documents[0].published == "2024-03-01"


def test_the_newest_good_capture_of_an_address_counts(tmp_path: Path) -> None:
    """Neither order nor spelling matters, and a later failure does not hide the earlier answer."""
    records = [
        record(f"{HOST}/a", page("新"), date="2024-05-01T00:00:00Z"),
        record("HTTPS://WWW.linlan.gov.example:443/a#x", page("旧"), date="2023-05-01T00:00:00Z"),
        record(f"{HOST}/a", page("错"), date="2025-01-01T00:00:00Z", status="502 Bad Gateway"),
        record(f"{HOST}/a", b"", date="2025-02-01T00:00:00Z", kind="revisit"),
    ]
    report, documents = imported(zipped(records), tmp_path)
    assert [document.title for document in documents] == ["新"]
    assert skipped(report) == {"older-capture": 1, "http-status": 1, "unchanged-capture": 1}


def test_ids_stay_when_the_archive_grows(tmp_path: Path) -> None:
    """An id belongs to the address, not to the position in the file."""
    _, first = imported(zipped(PAGES), tmp_path / "a")
    _, second = imported(zipped([record(f"{HOST}/new", page("前")), *reversed(PAGES)]), tmp_path / "b")
    assert {d.url: d.id for d in first}.items() <= {d.url: d.id for d in second}.items()


def test_what_is_no_page_is_counted_and_named(tmp_path: Path) -> None:
    """Lists, pictures, old Word files, failures of extraction and empty answers are skipped, each for its reason."""
    records = [
        record(f"{HOST}/ok", page("好")),
        record(f"{HOST}/list", page("栏目", "links")),
        record(f"{HOST}/a.png", b"\x89PNG", headers=["Content-Type: image/png"]),
        record(f"{HOST}/a.doc", b"\xd0\xcf", headers=["Content-Type: application/msword"]),
        record(f"{HOST}/boom", page("坏", "boom")),
        record(f"{HOST}/void", b"  "),
        record(f"{HOST}/b.pdf", b"locked", headers=["Content-Type: application/pdf"]),
        record("dns:linlan.gov.example", b"x"),
        record(f"{HOST}/a.pdf", "附件文字".encode(), headers=["Content-Type: application/pdf"]),
    ]
    report, documents = imported(zipped(records), tmp_path)
    assert [document.title for document in documents] == ["好", "a"]
    assert documents[1].extra["attachment"] == "pdf"
    assert skipped(report) == {
        "list-page": 1,
        "not-a-page": 1,
        "attachment-format": 1,
        "extraction-failed": 1,
        "empty": 2,
        "no-address": 1,
    }
    assert report.skipped["extraction-failed"].examples[0].item == f"{HOST}/boom"
    assert "encrypted: needs a password" in [example.detail for example in report.skipped["empty"].examples]
    assert "cannot swallow" in report.skipped["extraction-failed"].examples[0].detail


def test_encoded_answers_are_decoded_and_bombs_are_not(tmp_path: Path) -> None:
    """Chunked, gzip and deflate answers are read; one that unpacks beyond the limit is skipped as too large."""
    body = page("压缩")
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    html = "Content-Type: text/html; charset=utf-8"
    records = [
        record(f"{HOST}/gz", gzip.compress(body), headers=[html, "Content-Encoding: gzip"]),
        record(f"{HOST}/ch", chunked, headers=[html, "Transfer-Encoding: chunked"]),
        record(f"{HOST}/undone", body, headers=[html, "Content-Encoding: gzip", "Transfer-Encoding: chunked"]),
        record(f"{HOST}/bomb", gzip.compress(bytes(MAX_ITEM_BYTES + 9)), headers=[html, "Content-Encoding: gzip"]),
        record(f"{HOST}/br", b"\x1b\x03\x00", headers=[html, "Content-Encoding: br"]),
        record(f"{HOST}/bad", gzip.compress(body)[:-9] + b"x" * 30, headers=[html, "Content-Encoding: gzip"]),
    ]
    report, documents = imported(zipped(records), tmp_path)
    assert [document.title for document in documents][:3] == ["压缩"] * 3
    assert skipped(report)["too-large"] == 1
    assert report.skipped["broken-record"].examples[0].item == f"{HOST}/br"


def test_records_after_a_damaged_one_are_read(tmp_path: Path) -> None:
    """Broken bytes in a gzip member or a wrong length cost their record, not the rest of the file."""
    members = [gzip.compress(each, mtime=0) for each in PAGES]
    members[1] = members[1][:30] + b"\xff\xfe\x00\x01" + members[1][34:]
    report, documents = imported(b"".join(members), tmp_path / "gz")
    assert {"第2页", "第3页"} <= {document.title for document in documents}
    assert "damaged-file" in report.skipped
    short = [PAGES[0], record(f"{HOST}/short", page("短" * 300), stated=150), *PAGES[2:]]
    _, documents = imported(b"".join(short), tmp_path / "short", "a.warc")
    assert {"第0页", "第2页", "第3页"} <= {document.title for document in documents}


def test_a_cut_archive_gives_what_is_whole(tmp_path: Path) -> None:
    """A download that broke off gives the records before the break, and the cut one is named."""
    whole = b"".join(PAGES)
    report, documents = imported(whole[:-40], tmp_path, "a.warc")
    assert [document.title for document in documents] == ["第0页", "第1页", "第2页"]
    assert skipped(report) == {"truncated": 1}


def test_a_folder_of_archives_and_a_wacz_are_one_archive(tmp_path: Path) -> None:
    """Captures in several files of one crawl replace each other as those in one file do."""
    old, new = (
        record(f"{HOST}/a", page(title), date=f"{year}-01-01T00:00:00Z") for title, year in (("旧", 2020), ("新", 2021))
    )
    (tmp_path / "crawl").mkdir()
    (tmp_path / "crawl" / "1.warc.gz").write_bytes(zipped([new]))
    (tmp_path / "crawl" / "2.warc").write_bytes(old)
    with zipfile.ZipFile(tmp_path / "a.wacz", "w") as packed:
        packed.writestr("datapackage.json", "{}")
        packed.writestr("archive/1.warc.gz", zipped([new]))
        packed.writestr("archive/2.warc.gz", zipped([old]))
    for source, name in (("crawl", "warc"), ("a.wacz", "wacz")):
        report = import_corpus(str(tmp_path / source), tmp_path / f"out-{name}", OPTIONS)
        assert (report.format, skipped(report)) == (name, {"older-capture": 1})
        assert [document.title for document in open_corpus(tmp_path / f"out-{name}")] == ["新"]


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8), st.integers(0, 400), st.booleans())
def test_no_damage_to_an_archive_ends_in_a_crash(
    tmp_path_factory: pytest.TempPathFactory, hits: list[tuple[int, int]], cut: int, packed: bool
) -> None:
    """Whatever bytes are wrong, an import ends with a report or with one of tongcha's own errors."""
    html = "Content-Type: text/html"
    more = [
        record(f"{HOST}/gz", gzip.compress(page("甲")), headers=[html, "Content-Encoding: gzip"]),
        record(f"{HOST}/ch", b"3\r\nabc\r\n0\r\n\r\n", headers=[html, "Transfer-Encoding: chunked"]),
    ]
    content = bytearray(zipped([*PAGES, *more]) if packed else b"".join([*PAGES, *more]))
    for place, value in hits:
        content[place % len(content)] = value
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "a.warc").write_bytes(bytes(content[: len(content) - cut]))
    try:
        report = import_corpus(str(folder / "a.warc"), folder / "out", OPTIONS, name="warc")
    except CorpusError as problem:
        assert "\n" not in str(problem)  # noqa: PT017 - either outcome is fine, a traceback is not
    else:
        assert report.written == open_corpus(folder / "out").scan().documents
        assert msgspec.json.decode((folder / "out" / "import.json").read_bytes(), type=ImportReport) == report


def test_an_attachment_names_the_page_that_links_it(tmp_path: Path) -> None:
    """It takes over date and place of the page; one that no page before it named stands for itself."""
    pdf = ["Content-Type: application/pdf"]
    records = [
        record(f"{HOST}/early.pdf", "先到的附件".encode(), headers=pdf),
        record(f"{HOST}/guide", page("办事指南", "附件：申请表")),
        record(f"{HOST}/guide.pdf", "姓名、身份证号码".encode(), headers=pdf),
    ]
    _, documents = imported(zipped(records), tmp_path)
    by_url = {document.url: document for document in documents}
    form = by_url[f"{HOST}/guide.pdf"]
    assert form.extra == {"attachment": "pdf", "attachment_of": by_url[f"{HOST}/guide"].id}
    assert (form.title, form.published) == ("申请表", "2024-03-01")
    assert "attachment_of" not in by_url[f"{HOST}/early.pdf"].extra

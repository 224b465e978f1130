"""Saved pages and site maps, also hostile ones."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.cli.corpus_import import options_of
from corpora.errors import CorpusError
from corpora.importers.api import MAX_ITEM_BYTES
from corpora.importing import import_corpus
from corpora.problems import read_problems
from corpora.store import open_corpus
from tests.archives import OPTIONS, page

MHTML = """From: <Saved by Blink>
Snapshot-Content-Location: https://a.gov.example/saved
Subject: =?utf-8?Q?=E9=A2=98?=
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="--x"

----x
Content-Type: text/html
Content-Transfer-Encoding: quoted-printable
Content-Location: https://a.gov.example/saved

<title>=E5=AD=98=E6=A1=A3</title>
----x
Content-Type: image/png
Content-Transfer-Encoding: base64

iVBORw==
----x--
"""


def test_a_folder_of_saved_pages_gives_their_addresses(tmp_path: Path) -> None:
    """The browser's comment, the canonical link, the standard tag, a host as folder and the MHTML header tell it."""
    pages = tmp_path / "pages"
    (pages / "www.b.gov.example" / "栏目").mkdir(parents=True)
    (pages / "comment.html").write_bytes(b"<!-- saved from url=(0028)https://a.gov.example/1 -->" + page("一"))
    (pages / "link.htm").write_bytes(b'<link rel="canonical" href="https://a.gov.example/2">' + page("二"))
    (pages / "tag.html").write_bytes(b'<meta name="Url" content="https://a.gov.example/4"/>' + page("四"))
    (pages / "www.b.gov.example" / "栏目" / "3.html").write_bytes(page("三"))
    (pages / "saved.mhtml").write_bytes(MHTML.replace("\n", "\r\n").encode())
    (pages / "附件.pdf").write_bytes("附件".encode())
    (pages / "old.doc").write_bytes(b"\xd0\xcf")
    (pages / "style.css").write_bytes(b"body {}")
    report = import_corpus(str(pages), tmp_path / "out", OPTIONS)
    documents = {document.title: document for document in open_corpus(tmp_path / "out")}
    assert {title: document.url for title, document in documents.items()} == {
        "一": "https://a.gov.example/1",
        "二": "https://a.gov.example/2",
        "四": "https://a.gov.example/4",
        "三": "https://www.b.gov.example/%E6%A0%8F%E7%9B%AE/3.html",
        "存档": "https://a.gov.example/saved",
        "附件": "",
    }
    assert documents["三"].site == "www.b.gov.example"
    assert {name: reason.count for name, reason in report.skipped.items()} == {"attachment-format": 1}


def test_a_saved_page_without_address_keeps_its_id_by_its_path(tmp_path: Path) -> None:
    """Other files beside it, and another place of the folder, do not change the id."""
    ids = []
    for name, others in (("one", ["a.html"]), ("two", ["a.html", "0.html"])):
        (tmp_path / name).mkdir()
        for other in others:
            (tmp_path / name / other).write_bytes(page(other))
        import_corpus(str(tmp_path / name), tmp_path / f"out-{name}", OPTIONS)
        ids.append({document.title: document.id for document in open_corpus(tmp_path / f"out-{name}")})
    assert ids[0].items() <= ids[1].items()


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    """A symbolic link to a file elsewhere is not imported, and a page that is too long is named."""
    (tmp_path / "secret.html").write_bytes(page("秘"))
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "a.html").write_bytes(page("明"))
    (pages / "b.html").symlink_to(tmp_path / "secret.html")
    with (pages / "c.html").open("wb") as long:
        long.truncate(MAX_ITEM_BYTES + 1)
    report = import_corpus(str(pages), tmp_path / "out", OPTIONS)
    assert [document.title for document in open_corpus(tmp_path / "out")] == ["明"]
    assert [example.item for example in report.skipped["too-large"].examples] == ["c.html"]


NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
MAP = (
    f'<?xml version="1.0" encoding="UTF-8"?><urlset {NAMESPACE}>'
    "<url><loc> https://a.gov.example/1 </loc><lastmod>2024-03-01</lastmod></url>"
    "<url><loc>https://a.gov.example/2</loc><image><loc>https://a.gov.example/p.png</loc></image></url>"
    "<url><loc>https://a.gov.example/1#again</loc></url><url><loc>javascript:alert(1)</loc></url></urlset>"
)
SEEDS = "https://a.gov.example/1\t2024-03-01\nhttps://a.gov.example/2\n"


def test_a_site_map_becomes_a_list_of_addresses(tmp_path: Path) -> None:
    """One address a line, with its last change after a tab; repeated ones and others than http are named."""
    (tmp_path / "sitemap.xml").write_text(MAP)
    report = import_corpus(str(tmp_path / "sitemap.xml"), tmp_path / "out", OPTIONS)
    assert (tmp_path / "out" / "urls.txt").read_text() == SEEDS
    assert (report.format, report.written) == ("sitemap", 2)
    assert {name: reason.count for name, reason in report.skipped.items()} == {"duplicate-id": 1, "no-address": 1}
    assert not (tmp_path / "out" / "documents.jsonl").exists()


def test_an_index_reads_the_site_maps_beside_it(tmp_path: Path) -> None:
    """Maps with the same file name beside the index are read, gzipped or not; others are named with what to do."""
    names = ("1.xml", "2.xml.gz", "i.xml")
    entries = "".join(f"<sitemap><loc>https://a.gov.example/x/{name}</loc></sitemap>" for name in names)
    (tmp_path / "i.xml").write_text(f"<sitemapindex {NAMESPACE}>{entries}</sitemapindex>")
    (tmp_path / "1.xml.gz").write_bytes(gzip.compress(MAP.encode()))
    report = import_corpus(str(tmp_path / "i.xml"), tmp_path / "out", OPTIONS)
    assert (tmp_path / "out" / "urls.txt").read_text() == SEEDS
    (missing,) = report.skipped["sitemap-elsewhere"].examples
    assert missing.item == "https://a.gov.example/x/2.xml.gz"


@pytest.mark.parametrize(
    "start",
    [
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
    ],
)
def test_entities_in_a_site_map_are_refused(start: str, tmp_path: Path) -> None:
    """Document types, which make bombs and read files, end the import in one line."""
    (tmp_path / "a.xml").write_text(f"{start}<urlset><url><loc>https://a.gov.example/&a;</loc></url></urlset>")
    with pytest.raises(CorpusError, match="document types are refused"):
        import_corpus(str(tmp_path / "a.xml"), tmp_path / "out", OPTIONS)


def test_a_broken_site_map_gives_what_stood_before_the_fault(tmp_path: Path) -> None:
    """Entries before the fault are kept, and the fault is named with its place."""
    (tmp_path / "a.xml").write_text(MAP[: MAP.index("<url><loc>javascript")] + "<url><")
    report = import_corpus(str(tmp_path / "a.xml"), tmp_path / "out", OPTIONS)
    assert (tmp_path / "out" / "urls.txt").read_text() == SEEDS
    assert report.skipped["damaged-file"].examples[0].item == "a.xml after entry 3"


@given(
    st.sampled_from([MAP.encode(), gzip.compress(MAP.encode(), mtime=0), MHTML.encode(), page("题")]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6),
    st.binary(max_size=20),
    st.sampled_from(["sitemap", "pages", ""]),
    st.sampled_from(["a.xml", "a.html", "a.mhtml"]),
)
def test_no_damage_to_a_page_or_site_map_ends_in_a_crash(
    tmp_path_factory: pytest.TempPathFactory,
    content: bytes,
    hits: list[tuple[int, int]],
    more: bytes,
    layout: str,
    name: str,
) -> None:
    """Whatever bytes are wrong, an import ends with a report or with one of tongcha's own errors."""
    damaged = bytearray(content)
    for place, value in hits:
        damaged[place % len(damaged)] = value
    folder = tmp_path_factory.mktemp("x")
    (folder / name).write_bytes(bytes(damaged) + more)
    try:
        import_corpus(str(folder / name), folder / "out", OPTIONS, name=layout)
    except CorpusError as problem:
        assert "\n" not in str(problem)  # noqa: PT017 - either outcome is fine, a traceback is not
    else:
        assert (folder / "out" / "import.json").is_file()


def test_what_is_wrong_with_a_page_is_kept_for_the_audit(tmp_path: Path) -> None:
    """Faults of pages stand in problems.jsonl by the id of their document, and go when a table replaces the pages."""
    (tmp_path / "saved").mkdir()
    page = """<html><head><meta name="ArticleTitle" content="护照办理"><meta name="ColumnName" content="null">
    <meta name="SiteDomain" content="http://www.a.gov.example/"></head><body><h1>护照办理</h1>
    <p>携带身份证到窗口办理护照，七个工作日领取，每本收费一百二十元。</p></body></html>"""
    (tmp_path / "saved" / "p.html").write_text(page, encoding="utf-8")
    with_extraction = options_of("www.a.gov.example", [])
    import_corpus(str(tmp_path / "saved"), tmp_path / "out", with_extraction)
    document = next(iter(open_corpus(tmp_path / "out")))
    met = read_problems(tmp_path / "out")
    assert {problem.doc_id for problem in met} == {document.id}
    assert {"column-null", "site-domain-url"} <= {problem.code for problem in met}
    (tmp_path / "t.csv").write_text("title,body\n护照,七个工作日\n", encoding="utf-8")
    import_corpus(str(tmp_path / "t.csv"), tmp_path / "out", with_extraction)
    assert read_problems(tmp_path / "out") == ()

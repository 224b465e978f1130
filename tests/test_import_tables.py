"""Tables: CSV in the encodings that portals export, Excel workbooks, and JSON lines with foreign names."""

import codecs
import datetime
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from corpora.card import Card
from corpora.errors import CorpusError, CorpusFormatError
from corpora.importing import ImportReport, import_corpus
from corpora.model import Document
from corpora.store import open_corpus, write_corpus
from tests.archives import OPTIONS

TABLE = "标题,正文,发布日期,网址,文号,备注\n公积金提取,“可以”提取𠮷,2024年3月1日,https://a.gov.example/1,临政〔2024〕1号,甲\n"
DOCUMENT = {
    "site": "a.gov.example",
    "url": "https://a.gov.example/1",
    "title": "公积金提取",
    "body": "“可以”提取𠮷",
    "published": "2024-03-01",
    "extra": {"doc_number": "临政〔2024〕1号", "备注": "甲"},
}


def imported(folder: Path, name: str, content: bytes, /, **fields: str) -> tuple[ImportReport, list[Document]]:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    report = import_corpus(str(folder / name), folder / "out", msgspec.structs.replace(OPTIONS, fields=fields))
    return report, list(open_corpus(folder / "out"))


def workbook(*sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("gb18030", b""),
        ("gb18030", b"\x84\x31\x95\x33"),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
    ],
)
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_table_reads_the_same_in_every_encoding(encoding: str, mark: bytes, delimiter: str, tmp_path: Path) -> None:
    """UTF-8, GB18030 and UTF-16, with or without a mark, separated by comma, tab or semicolon, give one document."""
    content = mark + TABLE.replace(",", delimiter).replace("\n", "\r\n").encode(encoding)
    report, documents = imported(tmp_path, "a.csv", content)
    assert (report.format, report.skipped) == ("csv", {})
    assert [msgspec.structs.replace(each, id="") for each in documents] == [Document(id="", **DOCUMENT)]  # type: ignore[arg-type]


def test_cells_keep_line_breaks_quotes_and_formulas_as_text(tmp_path: Path) -> None:
    """A quoted cell over two lines is one cell, and what begins with an equals sign is a title like any other."""
    content = 'id;标题;正文\n1;"=cmd|\'/c calc\'!A1";"一行\n二行 ""引"""\n2;<script>alert(1)</script>;文\n'
    _, documents = imported(tmp_path, "a.csv", content.encode())
    assert [document.title for document in documents] == ["=cmd|'/c calc'!A1", "<script>alert(1)</script>"]
    assert documents[0].body == '一行\n二行 "引"'


def test_bad_rows_cost_only_themselves(tmp_path: Path) -> None:
    """Rows with too many cells, with broken characters and without text are named by line; short rows are read."""
    content = "id,标题,正文\n1,a,b\n2,a,b,c\n3,a\n4,,\n".encode() + b"5,\xff\xff\xff,b\n6,a,b\n"
    report, documents = imported(tmp_path, "a.csv", content)
    assert [document.id for document in documents] == ["1", "3", "6"]
    assert {name: reason.examples[0].item for name, reason in report.skipped.items()} == {
        "too-many-cells": "a.csv line 3",
        "empty": "a.csv line 5",
        "broken-characters": "a.csv line 6",
    }


def test_a_workbook_gives_its_rows_as_text(tmp_path: Path) -> None:
    """Dates become ISO dates, whole numbers lose no digit, sheets without known columns are left out."""
    content = workbook(
        [
            ["编号", "标题", "正文", "发布日期", "序"],
            [20240001, "题", "文", datetime.datetime(2024, 3, 1), 1.0],
            [],
            ["x", "二", None, "去年", True],
        ],
        [["说明"], ["此表无关"]],
        [["id", "title"], ["y", "三"]],
    )
    report, documents = imported(tmp_path, "a.xlsx", content)
    assert (report.format, report.skipped) == ("xlsx", {})
    assert documents == [
        Document(id="20240001", title="题", body="文", published="2024-03-01", extra={"序": "1"}),
        Document(id="x", title="二", extra={"published_as_given": "去年", "序": "true"}),
        Document(id="y", title="三"),
    ]


def test_columns_are_mapped_as_the_user_says(tmp_path: Path) -> None:
    """A map wins over the usual names; `-` leaves a column out, and nested names of JSON are joined by dots."""
    row = {"name": "题", "meta": {"when": "20240301", "secret": "x"}, "title": "别题", "text": "文", "tags": ["甲"]}
    report, documents = imported(
        tmp_path,
        "a.jsonl",
        msgspec.json.encode(row),
        **{"name": "title", "meta.when": "published", "meta.secret": "-", "title": "extra.short"},
    )
    assert report.format == "jsonl"
    assert [msgspec.structs.replace(each, id="") for each in documents] == [
        Document(id="", title="题", body="文", published="2024-03-01", extra={"short": "别题", "tags": '["甲"]'})
    ]


def test_a_column_named_like_a_field_that_is_taken_is_kept_apart(tmp_path: Path) -> None:
    """It goes into `extra` under another name, so that the trip through BEIR does not make it the field."""
    _, documents = imported(tmp_path, "a.csv", "id,kind,类别\n1,甲,乙\n".encode(), 类别="kind", id="title")
    assert documents[0].extra == {"original_kind": "甲"}
    write_corpus(tmp_path / "beir", documents, Card(name="x"), layout="beir")
    assert list(open_corpus(tmp_path / "beir")) == documents


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"标提": "title"}, r"no column '标提' \(did you mean '标题'\?\); its columns are: 标题, 正文"),
        ({"标题": "titel"}, r"no field 'titel' \(did you mean 'title' or 'site'\?\)"),
        ({"标题": "title", "正文": "title"}, "both '标题' and '正文' go to 'title'"),
        ({"标题": "-", "正文": "-"}, "no column is known to be title or body"),
    ],
)
def test_a_faulty_map_is_refused_with_near_matches(fields: dict[str, str], says: str, tmp_path: Path) -> None:
    """A column or field that is not there is named with what there is, before anything is written."""
    with pytest.raises(CorpusFormatError, match=says):
        imported(tmp_path, "a.csv", TABLE.encode(), **fields)
    assert not (tmp_path / "out" / "documents.jsonl").exists()


def test_a_map_for_a_format_without_columns_is_refused(tmp_path: Path) -> None:
    """A web archive has no columns; the message says which formats have."""
    with pytest.raises(CorpusFormatError, match="--map is for csv, ir_datasets, jsonl, xlsx"):
        imported(tmp_path, "a.warc", b"WARC/1.0\r\n", a="title")


def repacked(content: bytes, **parts: bytes) -> bytes:
    """Return a workbook with some of its parts replaced."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.get(name.rpartition("/")[2].partition(".")[0], old.read(name)))
    return result.getvalue()


def shared_strings() -> bytes:
    """Return a workbook of fifty rows as Excel writes it, with a table of shared strings (openpyxl writes none)."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("id", "标题"), *((str(number), "题") for number in range(50))]):
            sheet.write_row(number, 0, row)
    return content.getvalue()


ROWS = shared_strings()
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "haha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n else b"&a;" * 10) for n in range(9))
    + b']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    b'<c r="A1" t="inlineStr"><is><t>&a8;</t></is></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: repacked(ROWS, sheet1=LAUGHS), id="laughs in sheet"),
        pytest.param(lambda: repacked(ROWS, sharedStrings=LAUGHS), id="laughs in strings"),
        pytest.param(lambda: repacked(ROWS, sheet1=b" " * (600 << 20)), id="zip bomb"),
        pytest.param(lambda: repacked(ROWS, workbook=b"<workbook"), id="broken book"),
        pytest.param(lambda: ROWS[: len(ROWS) // 2], id="cut"),
    ],
)
def test_hostile_workbooks_are_refused(make: Callable[[], bytes], tmp_path: Path) -> None:
    """Entities, bombs and cut archives end in one line."""
    with pytest.raises(CorpusError) as caught:
        imported(tmp_path, "a.xlsx", make())
    assert "\n" not in str(caught.value)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 60))
def test_no_damage_to_a_workbook_ends_in_a_crash(
    tmp_path_factory: pytest.TempPathFactory, hits: list[tuple[int, int]], cut: int
) -> None:
    """Whatever bytes are wrong, an import ends with a report or with one of tongcha's own errors."""
    content = bytearray(ROWS)
    for place, value in hits:
        content[place % len(content)] = value
    try:
        report, documents = imported(tmp_path_factory.mktemp("x"), "a.xlsx", bytes(content[: len(content) - cut]))
    except CorpusError as problem:
        assert "\n" not in str(problem)  # noqa: PT017 - either outcome is fine, a traceback is not
    else:
        assert report.written == len(documents)


@given(st.binary(max_size=200), st.sampled_from(["", "utf-8", "gb18030", "utf-16-le"]))
def test_no_bytes_in_a_table_end_in_a_crash(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, encoding: str
) -> None:
    """Noise after the header, and noise alone, end with a report or with one of tongcha's own errors."""
    content = (TABLE.encode(encoding) if encoding else b"") + noise
    try:
        report, documents = imported(tmp_path_factory.mktemp("x"), "a.csv", content)
    except CorpusError as problem:
        assert "\n" not in str(problem)  # noqa: PT017 - either outcome is fine, a traceback is not
    else:
        assert report.written == len(documents)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff\ufffd\0"), min_size=1).filter(
    lambda text: text == text.strip() and "\r" not in text
)


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=5, unique_by=lambda row: row[0]))
def test_any_text_survives_a_table(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    """What a CSV writer writes is read back, delimiters, quotes and line breaks included."""
    import csv

    text = io.StringIO()
    csv.writer(text).writerows([("id", "title"), *rows])
    _, documents = imported(tmp_path_factory.mktemp("x"), "a.csv", text.getvalue().encode())
    assert [(document.id, document.title) for document in documents] == rows

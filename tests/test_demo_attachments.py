"""Attachments of the demo portals are real files that hold the text of their document."""

import io
import zipfile
from collections.abc import Callable

import docx
import openpyxl
import pypdf
import pytest

from corpora.demo import compose
from corpora.demo.attachments import render
from corpora.model import Document


@pytest.fixture(scope="module")
def attachment() -> Callable[[str], Document]:
    found: dict[str, Document] = {}
    for document in compose.compose():
        if document.kind == "附件":
            found.setdefault(document.url.rpartition(".")[2], document)
    return found.__getitem__


def dense(text: str) -> str:
    return "".join(text.split())


def test_a_pdf_holds_title_and_text(attachment: Callable[[str], Document]) -> None:
    document = attachment("pdf")
    read = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(render(document))).pages)
    assert dense(read) == dense(document.title + document.body)


def test_a_form_holds_every_line(attachment: Callable[[str], Document]) -> None:
    document = attachment("docx")
    read = docx.Document(io.BytesIO(render(document)))
    lines = [paragraph.text for paragraph in read.paragraphs] + [row.cells[0].text for row in read.tables[0].rows]
    assert sorted(lines) == sorted(document.body.split("\n"))


def test_a_spreadsheet_holds_every_cell_as_text(attachment: Callable[[str], Document]) -> None:
    document = attachment("xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(render(document))).active
    assert sheet is not None
    read = "\n".join("\t".join(str(cell) for cell in row) for row in sheet.iter_rows(values_only=True))
    assert read == document.body


@pytest.mark.parametrize("suffix", ["pdf", "docx", "xlsx"])
def test_the_bytes_are_the_same_every_time(attachment: Callable[[str], Document], suffix: str) -> None:
    """No clock, no random id and no compressor decides a byte."""
    first = render(attachment(suffix))
    assert render(attachment(suffix)) == first
    if suffix != "pdf":
        members = zipfile.ZipFile(io.BytesIO(first)).infolist()
        assert {(member.compress_type, member.date_time[0]) for member in members} == {(zipfile.ZIP_STORED, 1980)}
    assert len(first) < 200_000

"""Attached files give their text, and what cannot be read safely gives a problem."""

import io
import zipfile
from collections.abc import Callable

import docx
import openpyxl
import pptx
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from corpora.extract import attachments
from corpora.extract.attachments import AttachmentText, attachment_text

TITLE = "住房公积金缴存申请表"
LINES = ("填表说明：本表一式两份。", "申请人签字后交管理中心。")


def pdf(pages: int = 1) -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for _ in range(pages):
        canvas.setFont("STSong-Light", 12)
        for at, line in enumerate((TITLE, *LINES)):
            canvas.drawString(60, 700 - 20 * at, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def word() -> bytes:
    document = docx.Document()
    document.add_heading(TITLE)
    document.add_paragraph(LINES[0])
    table = document.add_table(rows=2, cols=3)
    for row, words in zip(table.rows, (("姓名", "证件号码", ""), ("电话", "住址", "备注")), strict=True):
        for cell, text in zip(row.cells, words, strict=True):
            cell.text = text
    table.rows[0].cells[1].merge(table.rows[0].cells[2])
    document.add_paragraph(LINES[1])
    return saved(document.save)


def sheet() -> bytes:
    book = openpyxl.Workbook()
    first = book.worksheets[0]
    first.append([TITLE])
    first.append(["单位", "人数", None, "日期"])
    first.append(["青岚街道办事处", 12, None, "2025-06-20"])
    book.create_sheet("说明").append([LINES[0]])
    return saved(book.save)


def slides() -> bytes:
    document = pptx.Presentation()
    slide = document.slides.add_slide(document.slide_layouts[5])
    slide.shapes.title.text = TITLE
    box = slide.shapes.add_textbox(0, 0, 100, 100)
    box.text_frame.text = LINES[0]
    table = slide.shapes.add_table(1, 2, 0, 0, 100, 100).table
    table.cell(0, 0).text, table.cell(0, 1).text = "窗口", "三楼"
    return saved(document.save)


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def problem(found: AttachmentText) -> str:
    (only,) = found.problems
    assert "\n" not in only.detail
    return only.kind


def test_a_pdf_gives_its_lines() -> None:
    found = attachment_text(pdf())
    assert (found.kind, found.title, found.problems) == ("pdf", TITLE, ())
    assert found.body.split("\n") == [TITLE, *LINES]


def test_a_word_file_gives_paragraphs_and_tables_in_their_order() -> None:
    """A merged cell comes once."""
    found = attachment_text(word())
    assert (found.kind, found.title, found.problems) == ("docx", TITLE, ())
    assert found.body.split("\n") == [TITLE, LINES[0], "姓名\t证件号码", "电话\t住址\t备注", LINES[1]]


def test_a_workbook_gives_the_rows_of_every_sheet() -> None:
    found = attachment_text(sheet())
    assert (found.kind, found.title, found.problems) == ("xlsx", TITLE, ())
    assert found.body.split("\n") == [TITLE, "单位\t人数\t日期", "青岚街道办事处\t12\t2025-06-20", LINES[0]]


def test_slides_give_titles_boxes_and_tables() -> None:
    found = attachment_text(slides())
    assert (found.kind, found.title, found.problems) == ("pptx", TITLE, ())
    assert found.body.split("\n") == [TITLE, LINES[0], "窗口\t三楼"]


def test_a_pdf_with_a_password_is_encrypted() -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf()))
    writer.encrypt("secret", algorithm="RC4-128")
    assert problem(attachment_text(saved(writer.write))) == "encrypted"


def test_a_pdf_that_only_forbids_printing_is_read() -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf()))
    writer.encrypt("", "owner", algorithm="RC4-128")
    assert attachment_text(saved(writer.write)).title == TITLE


def test_an_office_file_with_a_password_is_encrypted_and_an_old_one_unreadable() -> None:
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
    assert problem(attachment_text(old)) == "unreadable"
    assert problem(attachment_text(old + "EncryptedPackage".encode("utf-16-le"))) == "encrypted"


def test_scanned_pages_have_no_text() -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    assert problem(attachment_text(saved(writer.write))) == "missing"


def test_a_zip_bomb_is_refused_unread() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 50_000_000)
    assert len(bomb.getvalue()) < 100_000
    assert problem(attachment_text(bomb.getvalue())) == "too_large"


def test_a_billion_laughs_end_in_a_problem() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "笑">{entities}]><w:document xmlns:w="x"><w:body>&e9;</w:body></w:document>'
    content = io.BytesIO(word())
    out = io.BytesIO()
    with zipfile.ZipFile(content) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr(name, bomb if name == "word/document.xml" else source.read(name))
    found = attachment_text(out.getvalue())
    assert found.problems
    assert len(found.body) < 1000


def test_limits_keep_what_was_read_before_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MOST_PAGES", 1)
    monkeypatch.setattr(attachments, "MOST_ROWS", 2)
    for content in (pdf(pages=2), sheet()):
        found = attachment_text(content)
        assert problem(found) == "too_large"
        assert found.title == TITLE
    monkeypatch.setattr(attachments, "MOST_CHARACTERS", 5)
    assert attachment_text(word()).body == TITLE[:5]
    monkeypatch.setattr(attachments, "MOST_BYTES", 10)
    assert problem(attachment_text(pdf())) == "too_large"


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04" + bytes(30), b"%PDF-1.4", b"GIF89a", "公积金".encode()])
def test_what_is_no_such_file_is_unreadable(content: bytes) -> None:
    assert problem(attachment_text(content)) == "unreadable"


def test_an_archive_of_other_things_is_no_office_file() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("读我.txt", "公积金")
    assert problem(attachment_text(out.getvalue())) == "unreadable"


FILES = (pdf(), word(), sheet(), slides())


@settings(max_examples=60)
@given(st.sampled_from(FILES), st.data())
def test_no_damaged_file_raises(content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(damaged)))
        damaged[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=8))
    attachment_text(bytes(damaged))

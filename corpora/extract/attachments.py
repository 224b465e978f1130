"""Files that portals attach to their pages, to title and text: PDF, Word, Excel and PowerPoint since 2007.

What cannot be read safely is refused with a problem: encrypted and broken files, old binary formats, files over the
limits, and archives that unpack to far more than they weigh.
"""

import io
import logging
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from corpora.extract.model import Problem, ProblemKind

MOST_BYTES = 50_000_000
MOST_UNPACKED = 300_000_000
MOST_RATIO = 200
"""Bytes that one byte of an Office file may unpack to; real ones stay below 50, zip bombs reach 1,000."""
MOST_MEMBERS = 10_000
MOST_PAGES = 500
MOST_ROWS = 50_000
MOST_CHARACTERS = 5_000_000

_TITLE_LENGTH = 100
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")


class AttachmentText(msgspec.Struct, frozen=True, kw_only=True):
    """What one attached file says."""

    kind: str = ""
    """`pdf`, `docx`, `xlsx` or `pptx` by its bytes, whatever its name; empty when it is none of them."""
    title: str = ""
    """Its first line, when that is short enough for a title, else the title in its properties."""
    body: str = ""
    """Plain text, one paragraph or table row a line, cells apart by tabs."""
    problems: tuple[Problem, ...] = ()


class _LimitError(Exception):
    """A limit was met; what came before it is kept."""


class _Gathered:
    """Lines gathered so far, within the limit of characters."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.property_title = ""
        self._left = MOST_CHARACTERS

    def add(self, text: str) -> None:
        line = "\t".join(" ".join(cell.split()) for cell in text.split("\t")).strip()
        if not line:
            return
        self.lines.append(line[: self._left])
        self._left -= len(line)
        if self._left <= 0:
            raise _LimitError(f"only the first {MOST_CHARACTERS} characters are read")


def attachment_text(content: bytes) -> AttachmentText:
    """Return title and text of an attached file; never raises, and says in `problems` what kept it from reading."""
    if len(content) > MOST_BYTES:
        return _refused("", "too_large", f"{len(content)} bytes; at most {MOST_BYTES} are read")
    if b"%PDF-" in content[:1024]:
        return _read("pdf", _pdf, content)
    if content.startswith(_OLD_OFFICE):
        if _ENCRYPTED_OFFICE in content:
            return _refused("", "encrypted", "the Office file is protected by a password")
        return _refused("", "unreadable", "a binary file of Office 97: save it as docx, xlsx or pptx")
    if content.startswith(b"PK"):
        return _office(content)
    return _refused("", "unreadable", "neither PDF nor an Office file")


def _office(content: bytes) -> AttachmentText:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        return _refused("", "unreadable", f"a broken archive ({error})")
    names = {member.filename for member in members}
    unpacked = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS or unpacked > MOST_UNPACKED or unpacked > max(len(content) * MOST_RATIO, 10_000_000):
        return _refused(
            "", "too_large", f"{len(members)} members that claim {unpacked} bytes unpacked from {len(content)}"
        )
    if any(member.flag_bits & 1 for member in members):
        return _refused("", "encrypted", "the archive is protected by a password")
    for kind, member, reader in _OFFICE_KINDS:
        if member in names:
            return _read(kind, reader, content)
    return _refused("", "unreadable", "an archive, and no Office file")


def _read(kind: str, reader: Callable[[bytes, _Gathered], None], content: bytes) -> AttachmentText:
    gathered = _Gathered()
    problems: list[Problem] = []
    try:
        reader(content, gathered)
    except _LimitError as limit:
        problems.append(Problem(kind="too_large", subject="attachment", detail=str(limit)))
    except PermissionError as error:
        problems.append(Problem(kind="encrypted", subject="attachment", detail=str(error)))
    except ImportError as error:
        detail = f"reading {kind} needs {error.name!r}: pip install 'tongcha[extract]'"
        problems.append(Problem(kind="unreadable", subject="attachment", detail=detail))
    except Exception as error:  # the readers promise nothing about broken files
        detail = f"a broken {kind} file ({type(error).__name__}: {str(error)[:120]})".replace("\n", " ")
        problems.append(Problem(kind="unreadable", subject="attachment", detail=detail))
    if not gathered.lines and not problems:
        detail = "no text in it: probably scanned pages" if kind == "pdf" else "no text in it"
        problems.append(Problem(kind="missing", subject="body", detail=detail))
    return AttachmentText(kind=kind, title=_title(gathered), body="\n".join(gathered.lines), problems=tuple(problems))


def _title(gathered: _Gathered) -> str:
    first = gathered.lines[0] if gathered.lines else ""
    if first and len(first) <= _TITLE_LENGTH and "\t" not in first and not first.endswith(("。", "；", "，")):
        return first
    return gathered.property_title or first.split("\t")[0][:_TITLE_LENGTH]


def _refused(kind: str, problem: ProblemKind, detail: str) -> AttachmentText:
    return AttachmentText(kind=kind, problems=(Problem(kind=problem, subject="attachment", detail=detail),))


def _pdf(content: bytes, gathered: _Gathered) -> None:
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # every oddity of a broken file would be a line of log
    document = pypdf.PdfReader(io.BytesIO(content))
    if document.is_encrypted and not document.decrypt(""):
        raise PermissionError("the PDF is protected by a password")
    for number, page in enumerate(document.pages):
        if number >= MOST_PAGES:
            raise _LimitError(f"only the first {MOST_PAGES} of {len(document.pages)} pages are read")
        for line in page.extract_text().splitlines():
            gathered.add(line)
    gathered.property_title = str(document.metadata.title or "").strip() if document.metadata else ""


def _docx(content: bytes, gathered: _Gathered) -> None:
    import docx
    from docx.table import Table

    document = docx.Document(io.BytesIO(content))
    gathered.property_title = (document.core_properties.title or "").strip()
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            for row in item.rows:
                cells: list[Any] = []
                for cell in row.cells:  # a merged cell comes once for every column that it spans
                    if not cells or cell._tc is not cells[-1]._tc:
                        cells.append(cell)
                gathered.add("\t".join(cell.text.replace("\t", " ") for cell in cells))
        else:
            gathered.add(item.text)


def _xlsx(content: bytes, gathered: _Gathered) -> None:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        rows = 0
        for sheet in book.worksheets:
            for row in sheet.iter_rows(values_only=True):
                rows += 1
                if rows > MOST_ROWS:
                    raise _LimitError(f"only the first {MOST_ROWS} rows are read")
                gathered.add("\t".join(str(value) for value in row if value is not None))
        gathered.property_title = (book.properties.title or "").strip()
    finally:
        book.close()


def _pptx(content: bytes, gathered: _Gathered) -> None:
    import pptx

    document = pptx.Presentation(io.BytesIO(content))
    gathered.property_title = (document.core_properties.title or "").strip()
    for number, slide in enumerate(document.slides):
        if number >= MOST_PAGES:
            raise _LimitError(f"only the first {MOST_PAGES} slides are read")
        for shape in slide.shapes:
            for text in _shape_lines(shape):
                gathered.add(text)


def _shape_lines(shape: object) -> Iterator[str]:
    """Yield the lines of a shape of a slide: its paragraphs, its table rows, or those of the shapes grouped in it."""
    for inner in getattr(shape, "shapes", ()):
        yield from _shape_lines(inner)
    if getattr(shape, "has_table", False):
        for row in shape.table.rows:  # type: ignore[attr-defined]
            yield "\t".join(cell.text for cell in row.cells)
    elif getattr(shape, "has_text_frame", False):
        for paragraph in shape.text_frame.paragraphs:  # type: ignore[attr-defined]
            yield "".join(run.text for run in paragraph.runs)


_OFFICE_KINDS = (
    ("docx", "word/document.xml", _docx),
    ("xlsx", "xl/workbook.xml", _xlsx),
    ("pptx", "ppt/presentation.xml", _pptx),
)

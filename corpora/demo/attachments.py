"""Render an attachment of the demo portals as the file that its address names: the same bytes on every machine.

Compression is left out of every format, because compressed bytes differ between builds of zlib.
"""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec

from corpora.errors import CorpusError
from corpora.model import Document

PACKAGES = {".pdf": "reportlab", ".docx": "docx", ".xlsx": "xlsxwriter"}
"""Suffix → module that renders it."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_LINE = 38
"""Characters in a line of a PDF page."""


def missing() -> tuple[str, ...]:
    """Return the modules that some kind of attachment needs and that are not installed."""
    return tuple(name for name in PACKAGES.values() if find_spec(name) is None)


def render(document: Document) -> bytes:
    """Return the file of an attachment. Raise `CorpusError` when the package that writes it is not installed."""
    suffix = "." + document.url.rpartition(".")[2]
    if find_spec(PACKAGES[suffix]) is None:
        package = PACKAGES[suffix]
        raise CorpusError(f"{document.id}: writing {suffix} needs '{package}': pip install 'tongcha[sites]'")
    return _RENDERERS[suffix](document)


def _pdf(document: Document) -> bytes:
    """Write A4 pages in a font that every PDF reader brings along, so that none need be shipped."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, pageCompression=0, invariant=1)
    canvas.setTitle(document.title)
    canvas.setAuthor(document.agency)
    lines = [document.title, ""]
    for paragraph in document.body.split("\n"):
        lines += [paragraph[start : start + _LINE] for start in range(0, len(paragraph), _LINE)] or [""]
    for start in range(0, len(lines), 40):
        text = canvas.beginText(60, 780)
        text.setFont("STSong-Light", 12, leading=18)
        text.textLines(lines[start : start + 40])
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _docx(document: Document) -> bytes:
    """Write a form: its title, then a table row for each field, then the explanations."""
    import docx
    import docx.enum.style

    day = datetime.fromisoformat(document.published)
    form = docx.Document()
    form.core_properties.title = document.title
    form.core_properties.author = document.agency
    form.core_properties.created = form.core_properties.modified = day
    title, *lines = document.body.split("\n")
    form.add_heading(title, level=1)
    fields = [line[:-1] for line in lines if line.endswith("：")]
    table = form.add_table(rows=0, cols=2)
    for field in fields:
        table.add_row().cells[0].text = field + "："
    for line in lines:
        if not line.endswith("："):
            form.add_paragraph(line)
    # The library's template brings 800 KB of table styles and style effects that a form does not use.
    for style in list(form.styles):
        if style.type == docx.enum.style.WD_STYLE_TYPE.TABLE and style.name != "Normal Table":
            style.delete()
    for key, relation in list(form.part.rels.items()):
        if relation.reltype.endswith("stylesWithEffects"):
            form.part.rels.pop(key)
    out = io.BytesIO()
    form.save(out)
    return _stored(out.getvalue())


def _xlsx(document: Document) -> bytes:
    """Write the records as one sheet; every cell stays text, whatever it begins with."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({
        "title": document.title, "author": document.agency, "created": datetime.fromisoformat(document.published),
    })  # fmt: skip
    sheet = book.add_worksheet("数据")
    for row, line in enumerate(document.body.split("\n")):
        sheet.write_row(row, 0, line.split("\t"))
    book.close()
    return _stored(out.getvalue())


def _stored(archive: bytes) -> bytes:
    """Pack the members again without compression and without the time of day."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(source.namelist()):
            target.writestr(zipfile.ZipInfo(name, _EPOCH), source.read(name))
    return out.getvalue()


_RENDERERS: dict[str, Callable[[Document], bytes]] = {".pdf": _pdf, ".docx": _docx, ".xlsx": _xlsx}

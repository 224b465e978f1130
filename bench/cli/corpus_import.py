"""`tongcha corpus import`: bring what a portal has into a corpus folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.exits import told
from bench.cli.options import Json

if TYPE_CHECKING:
    from corpora.extract.attachments import AttachmentText
    from corpora.extract.model import Extracted
    from corpora.importers.api import Options
    from corpora.importing import ImportReport

_HELP_FORMAT = "Format, when it shall not be recognised: warc, wacz, pages, tongcha, beir, jsonl, csv, xlsx, sitemap."


def import_corpus(
    source: Annotated[str, typer.Argument(help="File, folder, or ir_datasets:ID.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.", metavar="DIR")],
    layout: Annotated[str, typer.Option("--format", help=_HELP_FORMAT, metavar="FORMAT")] = "",
    site: Annotated[str, typer.Option(help="Host name for items that tell none.", metavar="HOST")] = "",
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="Column of a table = field; repeat for more.", metavar="COLUMN=FIELD"),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Import no more than the first N.", metavar="N")] = None,
    json: Json = False,
) -> None:
    """Import web archives, saved pages, tables, JSON lines or site maps; what is skipped is counted and named."""
    from bench.cli.screen import Screen, print_json
    from corpora.errors import CorpusFormatError
    from corpora.importers.formats import FORMATS
    from corpora.importers.rows import near
    from corpora.importing import import_corpus

    with told():
        if layout and layout not in FORMATS:
            known = ", ".join(FORMATS)
            raise CorpusFormatError(f"no format {layout!r}{near(layout, list(FORMATS))}; choose from: {known}")
        options = options_of(site, columns or [])
        with Screen() as screen:
            tick = screen.phase(f"importing {source}", None)
            report = import_corpus(source, out, options, name=layout, limit=limit, tick=tick)
        if json:
            print_json(report)
        else:
            typer.echo(_summary(report, out))


def options_of(site: str, pairs: list[str]) -> "Options":
    """Return the options of an import, with the extraction of this project; `pairs` are `COLUMN=FIELD`."""
    from corpora.errors import CorpusFormatError
    from corpora.importers.api import Options

    fields: dict[str, str] = {}
    for pair in pairs:
        column, sign, field = pair.rpartition("=")
        if not sign or not column or not field:
            raise CorpusFormatError(f"--map {pair!r}: write COLUMN=FIELD, such as 标题=title")
        fields[column] = field
    return Options(
        page=_page,
        attachment=_attachment,
        prepare=_prepare,
        site=site,
        fields=fields,
    )


# Extraction brings heavy parsers that tables do not need, so it is imported when a page is there to be read.


def _page(content: bytes, *, url: str, content_type: str = "", http_charset: str = "") -> "Extracted":
    from corpora.extract import extract

    return extract(content, url=url, content_type=content_type, http_charset=http_charset)


def _attachment(content: bytes) -> "AttachmentText":
    from corpora.extract.attachments import attachment_text

    return attachment_text(content)


def _prepare() -> None:
    """Refuse to read pages without the packages for it, before a single one is read."""
    try:
        import trafilatura  # noqa: F401 - that it can be imported is all that is asked

        import corpora.extract  # noqa: F401
    except ImportError as error:
        from corpora.errors import CorpusError

        raise CorpusError(f"reading pages needs {error.name!r}: pip install 'tongcha[extract]'") from None


def _summary(report: "ImportReport", out: Path) -> str:
    """Return a line on what was written and a line for every reason of skipping, the most frequent first."""
    what = "addresses in urls.txt" if report.format == "sitemap" else "documents"
    lines = [f"{out}: {report.written} {what} from {report.format}, {report.skipped_count} items skipped"]
    for name, reason in report.skipped.items():
        first = reason.examples[0]
        detail = f" ({first.detail})" if first.detail else ""
        lines.append(f"  {reason.count} × {name}: {reason.remedy}; first: {first.item}{detail}")
    if report.skipped:
        lines.append(f"  more examples: {out / 'import.json'}")
    return "\n".join(lines)

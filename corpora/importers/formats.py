"""Which format a source has, and what reads it; only the reader that is used is imported."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from corpora.errors import CorpusFormatError, CorpusNotFoundError
from corpora.files import existing, open_bytes
from corpora.importers.api import Item, Options, Reader
from corpora.model import Document

FORMATS = {
    "warc": "web archive: .warc, .warc.gz, or a folder of them",
    "wacz": "web archive with its index: .wacz",
    "pages": "saved pages: a folder of .html, .htm, .mhtml and attachments, or one of them",
    "tongcha": "documents.jsonl or the folder that holds it",
    "beir": "corpus.jsonl or the folder that holds it",
    "jsonl": "JSON lines with any names, and a field map",
    "csv": "table with a header line, in any usual encoding",
    "xlsx": "Excel workbook with a header row in each sheet",
    "sitemap": "sitemap.xml or an index of them: writes urls.txt instead of documents",
    "ir_datasets": "ir_datasets:ID of a data set, where that package is installed",
}
SITEMAP = "sitemap"
EXTRACTED = frozenset({"warc", "wacz", "pages"})
"""Formats whose pages need extraction."""

_IR_DATASETS = "ir_datasets:"
_HEAD = 64 << 10
_MAPPED = frozenset({"jsonl", "csv", "xlsx", "ir_datasets"})


def recognise(source: str, fields: Mapping[str, str]) -> str:
    """Return the format of a source, from its content rather than its name.

    Raises `CorpusNotFoundError` when there is no such source and `CorpusFormatError` when it has none of the formats.
    """
    if source.startswith(_IR_DATASETS):
        return "ir_datasets"
    path = Path(source)
    if path.is_dir():
        return _of_folder(path)
    if not path.is_file():
        raise CorpusNotFoundError(f"no file or folder {source!r}: give what is to be imported")
    head = _head(path)
    if head.startswith(b"PK"):
        return _of_zip(path)
    if head.startswith(b"WARC/"):
        return "warc"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise CorpusFormatError(f"{source} is a workbook of Excel 97-2003: save it as .xlsx")
    if not head.strip():
        raise CorpusFormatError(f"{source} is empty: give a file with content")
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:2048].lower()
    if b"<urlset" in start or b"<sitemapindex" in start or (name.endswith(".xml") and b"html" not in start):
        return SITEMAP
    if name.endswith((".html", ".htm", ".shtml", ".mhtml", ".mht")) or start.startswith((b"<!doctype html", b"<html")):
        return "pages"
    if start.startswith(b"{"):
        return "jsonl" if fields else _of_line(head)
    if start.startswith(b"["):
        raise CorpusFormatError(f"{source} is one JSON array: write one object a line, as with `jq -c '.[]'`")
    if name.endswith((".csv", ".tsv", ".txt")):
        return "csv"
    raise CorpusFormatError(f"{source}: the format is not recognised; choose one with --format: {', '.join(FORMATS)}")


def reader(name: str) -> Reader:
    """Return what reads the documents of a format."""
    match name:
        case "warc":
            from corpora.importers.warc import read
        case "wacz":
            from corpora.importers.wacz import read
        case "pages":
            from corpora.importers.folder import read
        case "tongcha":
            from corpora.importers.jsonlines import read_tongcha as read
        case "beir":
            from corpora.importers.beir import read_damaged as read
        case "jsonl":
            from corpora.importers.jsonlines import read_mapped as read
        case "csv":
            from corpora.importers.csv_table import read
        case "xlsx":
            from corpora.importers.xlsx import read
        case "ir_datasets":
            read = _read_ir_datasets
        case _:
            raise CorpusFormatError(f"no documents come from the format {name!r}; choose from: {', '.join(FORMATS)}")
    return read


def check_map(name: str, fields: Mapping[str, str]) -> None:
    """Raise `CorpusFormatError` when a field map is given for a format that has no columns."""
    if fields and name not in _MAPPED:
        raise CorpusFormatError(
            f"--map is for {', '.join(sorted(_MAPPED))}; {name} has fields of its own: leave it out"
        )


def _read_ir_datasets(source: Path, options: Options) -> Iterator[Item]:
    from corpora.importers.ir_datasets_id import read

    return read(str(source).removeprefix(_IR_DATASETS), options)


def _of_folder(folder: Path) -> str:
    from corpora.importers import folder as pages
    from corpora.importers import warc

    if existing(folder / "documents.jsonl"):
        return "tongcha"
    if existing(folder / "corpus.jsonl"):
        return "beir"
    found = ""
    for path in folder.rglob("*"):
        if path.name.endswith(warc.SUFFIXES):
            return "warc"
        if path.suffix.lstrip(".").lower() in pages.SUFFIXES:
            found = "pages"
    if not found:
        raise CorpusFormatError(f"{folder} holds no page, WARC file or corpus: give the file itself if it is another")
    return found


def _of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as problem:
        raise CorpusFormatError(f"{path}: a damaged archive ({problem}): fetch or save it again") from None
    if "xl/workbook.xml" in names:
        return "xlsx"
    if any(name.startswith("archive/") for name in names):
        return "wacz"
    raise CorpusFormatError(f"{path} is a zip, neither XLSX nor WACZ: unpack it and give the folder")


def _of_line(head: bytes) -> str:
    line = head.removeprefix(b"\xef\xbb\xbf").strip().split(b"\n")[0]
    try:
        names = set(msgspec.json.decode(line))
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The first line is longer than the head, or broken: its beginning tells as much as there is.
        return "beir" if b'"_id"' in line else "tongcha" if b'"id"' in line and b'"body"' in line else "jsonl"
    if {"_id", "text"} <= names:
        return "beir"
    return "tongcha" if "id" in names and names <= set(Document.__struct_fields__) else "jsonl"


def _head(path: Path) -> bytes:
    with path.open("rb") as raw:
        plain = raw.read(_HEAD)
    try:
        if plain.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(plain, _HEAD)
        if path.suffix == ".zst":
            with open_bytes(path) as stream:
                return stream.read(_HEAD)
    except (zlib.error, OSError, EOFError):
        raise CorpusFormatError(f"{path}: a damaged archive: fetch or save it again") from None
    return plain

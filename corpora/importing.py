"""One import: items are written as they are read, what is skipped is counted, and the folder appears whole."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Self

import msgspec

from corpora import problems
from corpora.card import Card, write_card
from corpora.errors import CorpusFormatError
from corpora.files import existing, write_whole
from corpora.importers import formats
from corpora.importers.api import REMEDIES, Item, Options, Problem, Skipped
from corpora.importers.identity import Parents, Seen, key
from corpora.importers.rows import check_fields
from corpora.model import Document
from corpora.store import FILE

REPORT = "import.json"
SEEDS = "urls.txt"
_EXAMPLES = 10
_DETAIL = 200
"""Longest text of an example in the report, in characters."""

Tick = Callable[[int], None]


class Example(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the first items that were skipped for a reason."""

    item: str
    detail: str = ""


class Reason(msgspec.Struct, kw_only=True):
    """How often items were skipped for one reason, what to do about it, and the first of them."""

    count: int = 0
    remedy: str
    examples: list[Example] = []


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a source: `import.json`."""

    schema_version: int = 1
    source: str
    format: str
    written: int
    """Documents, or the addresses of a site map."""
    skipped: dict[str, Reason]
    """Reason → items; the reasons of `REMEDIES` that occurred."""
    fields: dict[str, str]
    """The field map that the user gave."""

    @property
    def skipped_count(self) -> int:
        """Number of items that became nothing."""
        return sum(reason.count for reason in self.skipped.values())


class _Tally:
    def __init__(self, tick: Tick):
        self.written = 0
        self.reasons: dict[str, Reason] = {}
        self._tick = tick
        self._read = 0

    def count(self) -> None:
        self.written += 1
        self._told()

    def skip(self, skipped: Skipped) -> None:
        reason = self.reasons.setdefault(skipped.reason, Reason(remedy=REMEDIES[skipped.reason]))
        reason.count += 1
        if len(reason.examples) < _EXAMPLES:
            reason.examples.append(Example(item=_shown(skipped.item), detail=_shown(skipped.detail)))
        self._told()

    def _told(self) -> None:
        self._read += 1
        if self._read % 100 == 0:
            self._tick(self._read)


def import_corpus(
    source: str,
    folder: Path,
    options: Options,
    *,
    name: str = "",
    limit: int | None = None,
    tick: Tick = lambda _: None,
) -> ImportReport:
    """Import a source in the format `name`, or in the one it shows, into a corpus folder, and return the report.

    Memory does not grow with the source. The first `limit` documents are imported; of several documents with one id,
    the first. The corpus file appears when all of it is written. `tick` is told how many items were read. Raises
    `CorpusNotFoundError` without a source, and `CorpusFormatError` when the source cannot be used, nothing in it could
    be imported, or the folder holds a corpus that no import made.
    """
    check_fields(options.fields)
    chosen = name or formats.recognise(source, options.fields)
    formats.check_map(chosen, options.fields)
    _check_target(source, folder)
    if chosen in formats.EXTRACTED:
        options.prepare()
    for left in folder.glob(f".{FILE}.*.tmp"):  # by an import that was killed
        left.unlink(missing_ok=True)
    tally = _Tally(tick)
    if chosen == formats.SITEMAP:
        _write_seeds(Path(source), folder, tally, limit)
    else:
        with _Noted(folder, chosen in formats.EXTRACTED) as noted, Parents() as parents:
            options = msgspec.structs.replace(options, note=noted.add, parents=parents)
            _write_documents(formats.reader(chosen)(Path(source), options), source, folder, tally, limit)
        write_card(folder, Card(name=folder.resolve().name, source=f"imported from {source}"))
    report = ImportReport(
        source=source,
        format=chosen,
        written=tally.written,
        skipped=dict(sorted(tally.reasons.items(), key=lambda entry: -entry[1].count)),
        fields=dict(options.fields),
    )
    with write_whole(folder / REPORT) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    return report


class _Noted:
    """Keeps what was met on pages in `problems.jsonl`, which appears with the corpus or not at all."""

    def __init__(self, folder: Path, extracted: bool):
        self._open = contextlib.ExitStack()
        self._path = folder / problems.FILE
        self._extracted = extracted
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> Self:
        if self._extracted:
            self._stream = self._open.enter_context(write_whole(self._path))
        return self

    def __exit__(self, kind: Any, *raised: Any) -> None:
        self._open.__exit__(kind, *raised)
        if self._stream is None and kind is None:  # the problems of earlier pages are not this table's
            self._path.unlink(missing_ok=True)

    def add(self, document: Document, met: Sequence[Problem]) -> None:
        for problem in problems.noted(met, document.id, document.url):
            if self._stream is not None:
                self._stream.write(msgspec.json.encode(problem) + b"\n")


def _write_documents(items: Iterator[Item], source: str, folder: Path, tally: _Tally, limit: int | None) -> None:
    encoder = msgspec.json.Encoder()
    with write_whole(folder / FILE) as stream, Seen() as seen:
        for item in items:
            if isinstance(item, Skipped):
                tally.skip(item)
                continue
            try:
                line = encoder.encode(item)
            except UnicodeEncodeError as problem:  # half of a surrogate pair, from a page's broken escapes
                tally.skip(Skipped(reason="broken-characters", item=item.url or item.id, detail=str(problem)))
                continue
            if not seen.add(item.id):
                tally.skip(Skipped(reason="duplicate-id", item=item.id, detail=item.url or item.title))
                continue
            stream.write(line + b"\n")
            tally.count()
            if tally.written == limit:
                break
        _check_any(source, tally)


def _write_seeds(source: Path, folder: Path, tally: _Tally, limit: int | None) -> None:
    from corpora.importers import sitemap

    with write_whole(folder / SEEDS) as stream, Seen() as seen:
        for item in sitemap.read(source):
            if isinstance(item, Skipped):
                tally.skip(item)
            elif not seen.add(key(item.url)):
                tally.skip(Skipped(reason="duplicate-id", item=item.url))
            else:
                line = f"{item.url}\t{item.last_modified}" if item.last_modified else item.url
                stream.write(line.encode(errors="replace") + b"\n")
                tally.count()
                if tally.written == limit:
                    break
        _check_any(str(source), tally)


def _check_any(source: str, tally: _Tally) -> None:
    if tally.written:
        return
    why = "; ".join(
        f"{reason.count} × {name}, such as {reason.examples[0].item!r}"
        + (f" ({reason.examples[0].detail})" if reason.examples[0].detail else "")
        for name, reason in list(tally.reasons.items())[:3]
    )
    raise CorpusFormatError(f"{source}: nothing could be imported: {why or 'there is nothing in it'}")


def _check_target(source: str, folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise CorpusFormatError(f"{folder} is a file: give a folder with --out")
    if Path(source).is_dir() and folder.resolve() == Path(source).resolve():
        raise CorpusFormatError(f"{folder} is the source itself: give another folder with --out")
    if (existing(folder / FILE) or existing(folder / "corpus.jsonl")) and not (folder / REPORT).is_file():
        raise CorpusFormatError(f"{folder} holds a corpus that no import made: give another folder with --out")


def _shown(text: str) -> str:
    """Return a text cut to length on one line that any file and terminal can take."""
    line = " ".join(text.encode(errors="replace").decode().split())
    printable = "".join(sign if sign.isprintable() else "�" for sign in line)
    return printable if len(printable) <= _DETAIL else printable[: _DETAIL - 1] + "…"

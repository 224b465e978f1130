"""What an audit of coverage asks: a stratified sample of a portal's own pages, and how each is searched for."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import PurePosixPath
from typing import Literal, get_args

import msgspec

from bench.errors import CoverageError
from corpora.audit.meta import iso_date
from corpora.model import Document
from indexers.segment import bigrams

Kind = Literal["title", "number", "sentence"]
KINDS: tuple[Kind, ...] = get_args(Kind)

AGES = ("under 1 year", "1-3 years", "3 years and over", "undated")
NONE = "(none)"
FILES = frozenset({"pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "wps", "et", "ofd", "txt", "csv", "zip"})

_YEAR_DAYS = 365
_RAREST = 5
"""How many of a sentence's rarest words decide how distinctive it is."""
_SHORTEST, _LONGEST = 8, 60
"""Characters of a sentence that somebody might paste into a search box."""
_SENTENCE_ENDS = re.compile(r"[。！？；!?;\r\n]+")
_CLAUSE_ENDS = re.compile(r"[，,：:]+")


class Stratum(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What pages are told apart by."""

    column: str
    age: str
    """One of `AGES`, from `published` to the day of the audit."""
    format: str
    """`html`, or the ending of an attachment's file name."""


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """One search for one page."""

    id: str
    doc_id: str
    site: str
    kind: Kind
    text: str
    stratum: Stratum
    title: str = ""
    url: str = ""


class Sampled(msgspec.Struct, frozen=True, kw_only=True):
    """A sample of pages as probes."""

    pages: int
    """How many there are to draw from."""
    drawn: int
    probes: tuple[Probe, ...]


def probe_kinds(names: Iterable[str]) -> tuple[Kind, ...]:
    """Return the kinds that are named, one by one or separated by commas. Raises `CoverageError` on any other name.

    >>> probe_kinds(["sentence,title"])
    ('title', 'sentence')
    """
    wanted = {part.strip() for name in names for part in name.split(",")}
    if unknown := sorted(wanted.difference(KINDS)):
        raise CoverageError(f"no probe {', '.join(map(repr, unknown))}: there are {', '.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in wanted)


def sample(
    documents: Iterable[Document],
    size: int,
    seed: int,
    as_of: str,
    kinds: Iterable[Kind] = KINDS,
    site: str = "",
    on_document: Callable[[int], None] = lambda _: None,
) -> Sampled:
    """Draw `size` pages, of one site if named, and make their probes; documents are read three times, never held.

    Every stratum gets its share of the sample, give or take one page: pages are sorted by stratum, within it in an
    order that the seed decides, and taken at equal distances (systematic sampling). So every page has the same chance,
    and shares in the sample estimate shares on the portal. The same seed draws the same pages, however the corpus is
    sorted.
    A page without title, number or usable sentence has no such probe.
    """
    frame = sorted(
        (stratum_of(document, as_of), _chance(seed, document.id), document.id)
        for document in documents
        if site in ("", document.site)
    )
    chosen = {frame[at][2] for at in _places(len(frame), size, _chance(seed, ""))}
    drawn = [document for document in documents if document.id in chosen]
    drawn.sort(key=lambda document: (stratum_of(document, as_of), _chance(seed, document.id)))
    wanted = tuple(dict.fromkeys(kinds))
    spread = _spread(documents, drawn, on_document) if "sentence" in wanted else Counter[str]()
    probes: list[Probe] = []
    for number, document in enumerate(drawn, 1):
        texts: dict[Kind, str] = {
            "title": document.title.strip(),
            "number": document.extra.get("doc_number", "").strip(),
            "sentence": distinctive_sentence(document, spread) if "sentence" in wanted else "",
        }
        probes += [
            Probe(
                id=f"{number:05}-{kind}",
                doc_id=document.id,
                site=document.site,
                kind=kind,
                text=texts[kind],
                stratum=stratum_of(document, as_of),
                title=document.title,
                url=document.url,
            )
            for kind in wanted
            if texts[kind]
        ]
    return Sampled(pages=len(frame), drawn=len(drawn), probes=tuple(probes))


def stratum_of(document: Document, as_of: str) -> Stratum:
    """Return the stratum of a page on the day of the audit, an ISO 8601 date or nothing where no page has one."""
    return Stratum(
        column=document.column or NONE, age=_age(iso_date(document.published), as_of), format=_format(document)
    )


def distinctive_sentence(document: Document, spread: Counter[str]) -> str:
    """Return the sentence of the body whose five rarest words are rarest, or nothing; `spread` counts pages per word.

    Words are character pairs, as no dictionary knows all names. Sentences of 8 to 60 characters count, longer ones
    clause by clause, without those that the title holds; the first of equals is taken.
    """
    best, least = "", math.inf
    for sentence in _sentences(document.body):
        words = set(bigrams(sentence))
        if len(words) < _RAREST or sentence in document.title:
            continue
        commonness = sum(sorted(math.log(max(1, spread[word])) for word in words)[:_RAREST])
        if commonness < least - 1e-12:  # equals must not be decided by the rounding of sums
            best, least = sentence, commonness
    return best


def _sentences(body: str) -> Iterable[str]:
    for sentence in _SENTENCE_ENDS.split(body):
        parts = [sentence] if len(sentence.strip()) <= _LONGEST else _CLAUSE_ENDS.split(sentence)
        for part in parts:
            if len(part.strip()) >= _SHORTEST:
                yield part.strip()[:_LONGEST]


def _spread(
    documents: Iterable[Document], drawn: Iterable[Document], on_document: Callable[[int], None]
) -> Counter[str]:
    """Count on how many pages each word of the drawn pages is."""
    wanted = {word for document in drawn for word in bigrams(document.body)}
    spread: Counter[str] = Counter()
    for number, document in enumerate(documents, 1):
        spread.update(wanted.intersection(bigrams(document.body)))
        on_document(number)
    return spread


def _places(pages: int, size: int, start: float) -> Iterable[int]:
    if size >= pages:
        return range(pages)
    # In whole numbers, so that no two places fall together: start is some way into the first of `size` equal stretches.
    return [(int(start * pages) + at * pages) // size for at in range(size)]


def _age(published: str, as_of: str) -> str:
    if not published or not as_of:
        return AGES[3]
    days = (date.fromisoformat(as_of) - date.fromisoformat(published)).days
    return AGES[0] if days < _YEAR_DAYS else AGES[1] if days < 3 * _YEAR_DAYS else AGES[2]


def _format(document: Document) -> str:
    ending = PurePosixPath(document.url.partition("?")[0]).suffix.removeprefix(".").lower()
    return ending if ending in FILES else document.extra.get("attachment", "") or "html"


def _chance(seed: int, name: str) -> float:
    """Return a number from 0 up to 1 that the seed and the name decide."""
    digest = hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6]) / 2**48

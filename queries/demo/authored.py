"""Load the authored queries and refuse them with every mistake named."""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from importlib.resources import files

import msgspec

from queries.demo.model import Asked, Found, Perturbed
from queries.errors import QuerySetFormatError

INTENTS = ("service", "policy", "known-item", "organisation", "news", "data", "question")
VARIANTS = ("typo", "pinyin", "colloquial")


class Authored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of the authored files."""

    query: tuple[Asked, ...] = ()
    perturbed: tuple[Perturbed, ...] = ()
    found: tuple[Found, ...] = ()


def load() -> Authored:
    """Read the bundled `data/*.toml` in name order."""
    folder = files("queries.demo").joinpath("data")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return parse({name: folder.joinpath(name).read_text(encoding="utf-8") for name in names})


def parse(texts: Mapping[str, str]) -> Authored:
    """Turn the texts of files into queries; raise `QuerySetFormatError` when one has another shape."""
    parts: list[Authored] = []
    for name, text in texts.items():
        try:
            parts.append(msgspec.convert(tomllib.loads(text), Authored, strict=True))
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise QuerySetFormatError(f"demo queries, {name}: {error}") from error
    return Authored(
        query=tuple(asked for part in parts for asked in part.query),
        perturbed=tuple(perturbed for part in parts for perturbed in part.perturbed),
        found=tuple(found for part in parts for found in part.found),
    )


def check(
    authored: Authored, known: Mapping[str, Collection[str]], pool: Mapping[str, Collection[str]] | None = None
) -> None:
    """Compare every id that the queries use with the known ones: `site`, `item`, `policy`, `page` and so on.

    `pool` holds the subjects read for each query. Raise `QuerySetFormatError` naming every mistake.
    """
    mistakes = [*_mistakes(authored, known), *_misread(authored, known["subject"], pool or {})]
    if mistakes:
        raise QuerySetFormatError("demo queries: " + "; ".join(mistakes))


def _mistakes(authored: Authored, known: Mapping[str, Collection[str]]) -> Iterator[str]:
    seen: set[str] = set()
    parents = {asked.id for asked in authored.query}
    for name in (*(asked.id for asked in authored.query), *(perturbed.id for perturbed in authored.perturbed)):
        if name in seen:
            yield f"query '{name}': this id is taken; choose another"
        seen.add(name)
    for asked in authored.query:
        used = {
            "intent": [asked.intent],
            "site": [asked.region, *([asked.scope] if asked.scope != "all" else [])],
            "item": [*([asked.item] if asked.item else []), *asked.also, *asked.near],
            "policy": [asked.policy] if asked.policy else [],
            "agency": [asked.org] if asked.org else [],
            "dataset": [asked.dataset] if asked.dataset else [],
            "theme": [asked.theme],
            "aspect": [asked.aspect] if asked.aspect else [],
            "page": [*asked.pages, *(override.doc for override in asked.hand)],
        }
        for what, names in used.items():
            choices = INTENTS if what == "intent" else known[what]
            for name in names:
                if name not in choices:
                    near = get_close_matches(name, list(choices), n=1)
                    hint = f"; did you mean '{near[0]}'?" if near else ""
                    yield f"query '{asked.id}': unknown {what} '{name}'{hint}"
        for override in asked.hand:
            if override.grade not in range(4):
                yield f"query '{asked.id}': grade {override.grade} of '{override.doc}' is not one of 0, 1, 2, 3"
        if not (asked.item or asked.policy or asked.org or asked.dataset or asked.pages):
            yield f"query '{asked.id}': asks for nothing; give pages, policy, org, dataset or item"
    for perturbed in authored.perturbed:
        if perturbed.parent not in parents:
            yield f"query '{perturbed.id}': unknown parent '{perturbed.parent}'"
        if perturbed.variant not in VARIANTS:
            yield f"query '{perturbed.id}': unknown variant '{perturbed.variant}'; known: {', '.join(VARIANTS)}"


def _misread(authored: Authored, subjects: Collection[str], pool: Mapping[str, Collection[str]]) -> Iterator[str]:
    queries = {asked.id for asked in authored.query}
    for found in authored.found:
        if found.query not in queries or found.subject not in subjects:
            yield f"found: unknown query '{found.query}' or subject '{found.subject}'"
        if found.grade not in (1, 2, 3):
            yield f"found: query '{found.query}': grade {found.grade} of '{found.subject}' is not one of 1, 2, 3"
        if found.subject in pool.get(found.query, ()):
            yield f"found: query '{found.query}': '{found.subject}' stands in pool.tsv too; take it out there"
    for query_id, read in pool.items():
        if query_id not in queries:
            yield f"pool.tsv: unknown query '{query_id}'; only clean queries are pooled"
        for name in read:
            if name not in subjects:
                yield f"pool.tsv: query '{query_id}': unknown subject '{name}'"

"""Load the authored queries and refuse them with every mistake named."""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from importlib.resources import files

import msgspec

from queries.demo.model import Asked, Perturbed
from queries.errors import QuerySetFormatError

INTENTS = ("service", "policy", "known-item", "organisation", "news", "question")
VARIANTS = ("typo", "pinyin", "colloquial")


class Authored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of `queries.toml`."""

    query: tuple[Asked, ...]
    perturbed: tuple[Perturbed, ...] = ()


def load() -> Authored:
    """Read the bundled `queries.toml`."""
    return parse(files("queries.demo").joinpath("queries.toml").read_text(encoding="utf-8"))


def parse(text: str) -> Authored:
    """Turn the file's text into queries; raise `QuerySetFormatError` when it has another shape."""
    try:
        return msgspec.convert(tomllib.loads(text), Authored, strict=True)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise QuerySetFormatError(f"demo queries.toml: {error}") from error


def check(authored: Authored, known: Mapping[str, Collection[str]]) -> None:
    """Compare every id that the queries use with the known ones (`site`, `item`, `policy`, `agency`, `page`)."""
    mistakes = list(_mistakes(authored, known))
    if mistakes:
        raise QuerySetFormatError("demo queries.toml: " + "; ".join(mistakes))


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
            "item": [asked.item] if asked.item else [],
            "policy": [asked.policy] if asked.policy else [],
            "agency": [asked.org] if asked.org else [],
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
        if not (asked.item or asked.policy or asked.org or asked.pages):
            yield f"query '{asked.id}': asks for nothing; give pages, policy, org or item"
    for perturbed in authored.perturbed:
        if perturbed.parent not in parents:
            yield f"query '{perturbed.id}': unknown parent '{perturbed.parent}'"
        if perturbed.variant not in VARIANTS:
            yield f"query '{perturbed.id}': unknown variant '{perturbed.variant}'; known: {', '.join(VARIANTS)}"

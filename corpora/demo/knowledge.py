"""Load the authored files and refuse them with every mistake named."""

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import msgspec

from corpora.demo.model import Agency, Article, Item, Knowledge, Policy, Site
from corpora.errors import CorpusFormatError

TABLES: dict[str, tuple[str, type[msgspec.Struct]]] = {
    "site": ("sites", Site),
    "agency": ("agencies", Agency),
    "item": ("items", Item),
    "policy": ("policies", Policy),
    "news": ("news", Article),
    "notice": ("notices", Article),
    "letter": ("letters", Article),
    "faq": ("faqs", Article),
    "interpretation": ("interpretations", Article),
}
"""Table name in TOML → field of `Knowledge` and type of its entries. Any file may hold any table."""


def load() -> Knowledge:
    """Read `data/*.toml` in name order; raise `CorpusFormatError` naming file and entry of every mistake."""
    folder = files("corpora.demo").joinpath("data")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return parse({name: folder.joinpath(name).read_text(encoding="utf-8") for name in names})


def parse(texts: dict[str, str]) -> Knowledge:
    """Turn file texts into knowledge, so that tests can pass texts of their own."""
    mistakes: list[str] = []
    found: dict[str, list[Any]] = {field: [] for field, _ in TABLES.values()}
    origin: dict[int, str] = {}
    for name, text in texts.items():
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            mistakes.append(f"{name}: not TOML: {error}")
            continue
        for table, entries in tables.items():
            if table not in TABLES:
                mistakes.append(f"{name}: unknown table '{table}'; known: {', '.join(TABLES)}")
                continue
            field, kind = TABLES[table]
            for number, entry in enumerate(entries, 1):
                label = f"{name}: {table} {entry.get('id', f'number {number}')!r}"
                try:
                    value = msgspec.convert(entry, kind, strict=True)
                except msgspec.ValidationError as error:
                    mistakes.append(f"{label}: {error}")
                    continue
                origin[id(value)] = label
                found[field].append(value)
    knowledge = Knowledge(**{field: tuple(values) for field, values in found.items()})
    if not mistakes:
        mistakes.extend(_inconsistencies(knowledge, origin))
    if mistakes:
        raise CorpusFormatError("demo corpus data: " + "; ".join(mistakes))
    return knowledge


def _inconsistencies(knowledge: Knowledge, origin: dict[int, str]) -> Iterator[str]:
    """Yield every reference that leads nowhere and every chain of versions that does not close."""
    sites = {site.id for site in knowledge.sites}
    agencies = {agency.id: agency for agency in knowledge.agencies}
    items = {item.id for item in knowledge.items}
    policies = {policy.id: policy for policy in knowledge.policies}
    for group in (knowledge.sites, knowledge.agencies, knowledge.items, knowledge.policies, *_articles(knowledge)):
        yield from _repeated(group, origin)
    for agency in knowledge.agencies:
        yield from _unknown(origin[id(agency)], "site", agency.at, sites)
    for item in knowledge.items:
        label = origin[id(item)]
        yield from _unknown(label, "site", item.at, sites)
        yield from _unknown(label, "agency", [item.agency], agencies)
        yield from _unknown(label, "item", item.related, items)
    for policy in knowledge.policies:
        label = origin[id(policy)]
        yield from _unknown(label, "site", [policy.site], sites)
        yield from _unknown(label, "agency", [policy.agency], agencies)
        yield from _unknown(label, "item", (*policy.answers, *policy.mentions), items)
        yield from _unknown(label, "policy", [policy.supersedes] if policy.supersedes else [], policies)
        yield from _broken_chain(label, policy, policies)
    for articles in _articles(knowledge):
        for article in articles:
            label = origin[id(article)]
            named = (article.explains, *article.policies) if article.explains else article.policies
            yield from _unknown(label, "site", (article.site, *article.mirrors), sites)
            yield from _unknown(label, "agency", [article.agency], agencies)
            yield from _unknown(label, "item", (*article.answers, *article.mentions), items)
            yield from _unknown(label, "policy", named, policies)


def _articles(knowledge: Knowledge) -> tuple[tuple[Article, ...], ...]:
    return (knowledge.news, knowledge.notices, knowledge.letters, knowledge.faqs, knowledge.interpretations)


def _repeated(entries: Any, origin: dict[int, str]) -> Iterator[str]:
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            yield f"{origin[id(entry)]}: this id is taken; choose another"
        seen.add(entry.id)


def _unknown(label: str, what: str, names: Any, known: Any) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"{label}: unknown {what} '{name}'"


def _broken_chain(label: str, policy: Policy, policies: dict[str, Policy]) -> Iterator[str]:
    old = policies.get(policy.supersedes)
    if old is None:
        return
    if old.expires != policy.effective:
        yield f"{label}: takes effect {policy.effective}, but '{old.id}' expires {old.expires or 'never'}"
    if old.topic != policy.topic or old.site != policy.site:
        yield f"{label}: replaces '{old.id}', so both need the same topic and site"

"""Load the authored files and refuse them with every mistake named."""

import tomllib
from collections.abc import Collection, Iterator
from importlib.resources import files
from string import Formatter
from typing import Any

import msgspec

from corpora.demo.model import Agency, Article, Confusable, Dataset, Fault, Item, Knowledge, Policy, Site, Topic
from corpora.demo.page import home
from corpora.demo.themes import LEGAL_PERSON, NATURAL_PERSON, THEMES
from corpora.errors import CorpusFormatError

ASPECTS = (
    "fee", "time", "place", "materials", "steps", "eligibility", "amount", "online", "proxy", "difference",
    "suspension", "complaint",
)  # fmt: skip
"""What a question or answer can be about."""

CHANNELS = ("faq", "letter", "guide")
FACTS = ("fee", "days", "where", "office", "tel", "date")
PLACEHOLDERS = ("place", "name", "fee", "days", "where", "office", "tel")
"""Facts of a place that questions, answers and replies may hold in braces."""

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
    "dataset": ("datasets", Dataset),
    "topic": ("topics", Topic),
    "fault": ("faults", Fault),
    "confusable": ("confusables", Confusable),
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
    items_at = {item.id: tuple(item.at) for item in knowledge.items}
    groups = (knowledge.sites, knowledge.agencies, knowledge.items, knowledge.policies, knowledge.datasets)
    for group in (*groups, knowledge.topics, *_articles(knowledge)):
        yield from _repeated(group, origin)
    for agency in knowledge.agencies:
        yield from _unknown(origin[id(agency)], "site", agency.at, sites)
    for item in knowledge.items:
        label = origin[id(item)]
        yield from _unknown(label, "site", item.at, sites)
        yield from _unknown(label, "agency", [item.agency], agencies)
        yield from _unknown(label, "theme", [item.theme], _themes(item.audience))
        yield from _unknown(label, "item", item.related, items)
        if item.agency in agencies:
            for site in item.at:
                if site in sites and home(site) not in agencies[item.agency].at:
                    yield f"{label}: handled at '{site}', but '{item.agency}' has no office at '{home(site)}'"
        for faq in item.faqs:
            yield from _unknown(label, "site that handles it", faq.sites, item.at)
            yield from _unknown(label, "aspect", [faq.aspect], ASPECTS)
            yield from _bad_places(label, faq.ask + faq.say)
        if bool(item.form) != bool(item.fields):
            yield f"{label}: form and fields belong together; give both or none"
    for policy in knowledge.policies:
        label = origin[id(policy)]
        yield from _unknown(label, "site", [policy.site], sites)
        yield from _unknown(label, "agency", [policy.agency], agencies)
        yield from _unknown(label, "item", (*policy.answers, *policy.mentions), items)
        yield from _unknown(label, "policy", [policy.supersedes] if policy.supersedes else [], policies)
        yield from _unknown(label, "site", policy.mirrors, sites)
        yield from _broken_chain(label, policy, policies)
    for dataset in knowledge.datasets:
        label = origin[id(dataset)]
        yield from _unknown(label, "agency", [dataset.agency], agencies)
        yield from _unknown(label, "site", dataset.at, sites)
        for site, shown in dataset.at.items():
            if any(len(row) != len(dataset.columns) for row in shown.rows):
                yield f"{label}: a row at '{site}' has not {len(dataset.columns)} cells"
    for topic in knowledge.topics:
        label = origin[id(topic)]
        yield from _unknown(label, "agency", [topic.agency], agencies)
        yield from _unknown(label, "site", topic.at, sites)
        yield from _unknown(label, "item", topic.items, items)
        yield from _unknown(label, "policy", topic.policies, policies)
    for pair in knowledge.confusables:
        yield from _unknown(origin[id(pair)], "item", pair.items, items)
    for fault in knowledge.faults:
        label = origin[id(fault)]
        yield from _unknown(label, "item", [fault.item], items)
        yield from _unknown(label, "site", [fault.site], sites)
        yield from _unknown(label, "channel", [fault.channel], CHANNELS)
        yield from _unknown(label, "field", [fault.field], FACTS)
    for articles in _articles(knowledge):
        for article in articles:
            label = origin[id(article)]
            named = (article.explains, *article.policies) if article.explains else article.policies
            yield from _unknown(label, "site", (article.site, *article.mirrors, *article.elsewhere), sites)
            yield from _unknown(label, "aspect", article.aspects, ASPECTS)
            yield from _bad_places(label, article.title + article.ask + article.body)
            filled = (article.site,) if "{" in article.title + article.ask + article.body else ()
            for site in (*filled, *article.elsewhere):
                handled = items_at.get(article.answers[0], ()) if article.answers else ()
                if site not in handled:
                    yield f"{label}: told at '{site}', which does not handle its first answered item"
            yield from _unknown(label, "agency", [article.agency], agencies)
            yield from _unknown(label, "item", (*article.answers, *article.mentions), items)
            yield from _unknown(label, "policy", named, policies)


def _articles(knowledge: Knowledge) -> tuple[tuple[Article, ...], ...]:
    return (knowledge.news, knowledge.notices, knowledge.letters, knowledge.faqs, knowledge.interpretations)


def _themes(audience: str) -> Collection[str]:
    tables = {"natural-person": NATURAL_PERSON.values(), "legal-person": LEGAL_PERSON.values(), "both": THEMES}
    return tuple(tables.get(audience, ()))


def _bad_places(label: str, text: str) -> Iterator[str]:
    """Yield every placeholder that stands for no fact."""
    for _, name, _, _ in Formatter().parse(text):
        if name is not None and name not in PLACEHOLDERS:
            yield f"{label}: unknown placeholder '{{{name}}}'; known: {', '.join(PLACEHOLDERS)}"


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

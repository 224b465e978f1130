"""Compose the demo query set: the same queries and judgments, in the same order, on every machine."""

from collections.abc import Iterator

import msgspec

from corpora.card import Card
from corpora.demo import compose as corpus
from corpora.demo.knowledge import ASPECTS
from corpora.demo.knowledge import load as load_knowledge
from corpora.demo.model import Knowledge
from corpora.demo.themes import THEMES
from queries.demo import pool
from queries.demo.authored import Authored, check, load
from queries.demo.labels import Need, judge, resolve
from queries.demo.model import Asked
from queries.demo.shelf import Shelf
from queries.model import Judgment, Query

VERSION = "0.2.1"
"""Bump it whenever a byte of the composed queries or judgments changes."""

POOL = "pool"
"""Assessor of what was judged by reading, because an engine returned it and no rule had spoken."""


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that judgments are made from."""

    knowledge: Knowledge
    shelf: Shelf
    authored: Authored
    pool: dict[str, tuple[str, ...]]


def card() -> Card:
    """Return the card of the query set."""
    return Card(
        name="demo",
        version=VERSION,
        licence="Apache-2.0",
        description="Citizens' queries over the demo corpus, judged by written rules and by reading pooled answers.",
        source=f"corpus demo {corpus.VERSION}",
    )


def sources() -> Sources:
    """Load and compare the authored files; raise `QuerySetFormatError` when queries and corpus do not fit."""
    knowledge = load_knowledge()
    shelf = Shelf(corpus.pages(knowledge))
    authored = load()
    read = pool.load()
    known = {
        "site": [site.id for site in knowledge.sites],
        "item": [item.id for item in knowledge.items],
        "policy": [policy.id for policy in knowledge.policies],
        "agency": [agency.id for agency in knowledge.agencies],
        "dataset": [dataset.id for dataset in knowledge.datasets],
        "page": shelf.pages,
        "subject": shelf.subjects,
        "theme": sorted(THEMES),
        "aspect": ASPECTS,
    }
    check(authored, known, read)
    return Sources(knowledge=knowledge, shelf=shelf, authored=authored, pool=read)


def compose() -> tuple[list[Query], list[Judgment]]:
    """Return queries and judgments; each perturbed query repeats the facets and judgments of its clean parent.

    Raise `QuerySetFormatError` when the authored queries are inconsistent with the corpus.
    """
    given = sources()
    regions = {site.id: site.region for site in given.knowledge.sites}
    hosts = {site.id: site.host for site in given.knowledge.sites} | {"all": "all"}
    clean: dict[str, Query] = {}
    verdicts: dict[str, list[Judgment]] = {}
    for asked in given.authored.query:
        clean[asked.id] = Query(
            id=asked.id,
            text=asked.text,
            intent=asked.intent,
            audience=asked.audience,
            theme=asked.theme,
            region=regions[asked.region],
            scope=hosts[asked.scope],
        )
        verdicts[asked.id] = list(judgments(given, asked))
    queries = list(clean.values())
    rows = [judgment for row in verdicts.values() for judgment in row]
    for perturbed in given.authored.perturbed:
        parent = clean[perturbed.parent]
        queries.append(
            msgspec.structs.replace(
                parent, id=perturbed.id, text=perturbed.text, parent=parent.id, variant=perturbed.variant
            )
        )
        rows.extend(msgspec.structs.replace(row, query_id=perturbed.id) for row in verdicts[parent.id])
    return queries, rows


def judgments(given: Sources, asked: Asked) -> Iterator[Judgment]:
    """Yield the judgments of a clean query in corpus order: what a rule speaks about, and what was read."""
    need = needed(given, asked)
    read = {name for subject in (*given.pool.get(asked.id, ()), *need.read) for name in given.shelf.of_subject(subject)}
    for page in given.shelf.about(need.keys(), (*need.named, *need.hand, *read)):
        grade, rule, flags = judge(need, page)
        doc_id = page.document.id
        if spoken(rule):
            yield Judgment(query_id=asked.id, doc_id=doc_id, grade=grade, assessor=rule, flags=flags)
        elif rule == "rule:unrelated" and doc_id in read:
            yield Judgment(query_id=asked.id, doc_id=doc_id, grade=0, assessor=POOL)


def needed(given: Sources, asked: Asked) -> Need:
    """Return what a clean query needs, with what readers found to help."""
    read = {found.subject: found.grade for found in given.authored.found if found.query == asked.id}
    return resolve(asked, given.knowledge, given.shelf, read)


def spoken(rule: str) -> bool:
    """Say whether the rule knows the page to concern the query; a page that no rule knows of needs a reader."""
    return rule not in ("rule:unrelated", "rule:out-of-scope")


def need_of(given: Sources, query_id: str) -> tuple[Asked, Need] | None:
    """Return what a query, clean or perturbed, asks for; None when there is no such query."""
    parents = {perturbed.id: perturbed.parent for perturbed in given.authored.perturbed}
    wanted = parents.get(query_id, query_id)
    for asked in given.authored.query:
        if asked.id == wanted:
            return asked, needed(given, asked)
    return None

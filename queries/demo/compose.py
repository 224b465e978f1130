"""Compose the demo query set: the same queries and judgments, in the same order, on every machine."""

from corpora.card import Card
from corpora.demo import compose as corpus
from corpora.demo.knowledge import load as load_knowledge
from queries.demo.authored import check, load
from queries.demo.labels import judge, resolve
from queries.model import Judgment, Query

VERSION = "0.1.0"
"""Bump it whenever a byte of the composed queries or judgments changes."""


def card() -> Card:
    """Return the card of the query set."""
    return Card(
        name="demo",
        version=VERSION,
        licence="Apache-2.0",
        description="Citizens' queries over the demo corpus; every page is judged for every query by written rules.",
        source=f"corpus demo {corpus.VERSION}",
    )


def compose() -> tuple[list[Query], list[Judgment]]:
    """Return queries and judgments; each perturbed query repeats the facets and judgments of its clean parent.

    Raise `QuerySetFormatError` when the authored queries are inconsistent with the corpus.
    """
    knowledge = load_knowledge()
    pages = tuple(corpus.pages(knowledge))
    authored = load()
    known = {
        "site": [site.id for site in knowledge.sites],
        "item": [item.id for item in knowledge.items],
        "policy": [policy.id for policy in knowledge.policies],
        "agency": [agency.id for agency in knowledge.agencies],
        "page": [page.document.id for page in pages],
    }
    check(authored, known)
    sites = {site.id: site for site in knowledge.sites}
    clean: dict[str, Query] = {}
    verdicts: dict[str, list[Judgment]] = {}
    for asked in authored.query:
        clean[asked.id] = Query(
            id=asked.id,
            text=asked.text,
            intent=asked.intent,
            audience=asked.audience,
            theme=asked.theme,
            region=sites[asked.region].region,
            scope="all" if asked.scope == "all" else sites[asked.scope].host,
        )
        need = resolve(asked, knowledge, pages)
        verdicts[asked.id] = []
        for page in pages:
            grade, rule, flags = judge(need, page)
            judgment = Judgment(query_id=asked.id, doc_id=page.document.id, grade=grade, assessor=rule, flags=flags)
            verdicts[asked.id].append(judgment)
    queries = list(clean.values())
    judgments = [judgment for rows in verdicts.values() for judgment in rows]
    for perturbed in authored.perturbed:
        parent = clean[perturbed.parent]
        queries.append(
            Query(
                id=perturbed.id,
                text=perturbed.text,
                intent=parent.intent,
                audience=parent.audience,
                theme=parent.theme,
                region=parent.region,
                scope=parent.scope,
                parent=parent.id,
                variant=perturbed.variant,
            )
        )
        judgments.extend(
            Judgment(query_id=perturbed.id, doc_id=row.doc_id, grade=row.grade, assessor=row.assessor, flags=row.flags)
            for row in verdicts[parent.id]
        )
    return queries, judgments

"""Answer why a page has its grade for a query: the rule that decided, and the knowledge that it looked at."""

import msgspec

from corpora.demo.page import Page
from queries.demo.compose import POOL, Sources, need_of, sources, spoken
from queries.demo.labels import AS_OF, Need, judge
from queries.demo.model import Asked
from queries.demo.shelf import subject
from queries.errors import QuerySetFormatError

RULES = {
    "hand": "graded by hand, because no rule fits",
    "rule:out-of-scope": "the query is asked in the search box of another site",
    "rule:named-page": "the query names this page, or a page that it mirrors or is mirrored by",
    "rule:organisation": "the page presents the agency asked for",
    "rule:organisation-level-above": "the page presents the agency of the level above the one asked for",
    "rule:dataset": "the page or its spreadsheet is the dataset asked for",
    "rule:policy": "the page or its attachment is the policy asked for",
    "rule:policy-same-topic": "the page is a policy on the same topic: another version, or its counterpart elsewhere",
    "rule:interpretation": "the page interprets the policy asked for, or another one on its topic",
    "rule:news-on-policy": "the page reports on the policy or leads to it, without giving its content",
    "rule:reply-on-policy": "the page answers a question with the policy",
    "rule:guide-under-policy": "the page is the guide of an item that the policy governs",
    "rule:shares-item": "the page touches an item that the policy governs or mentions",
    "rule:guide": "the page is the guide of the item asked for",
    "rule:related-item": "the page is about an item next to the one asked for",
    "rule:news-on-item": "the page reports on the item or leads to it, without saying how it is done",
    "rule:form": "the page is the form of the item, and the query asks for materials",
    "rule:form-only": "the page is the blank form of the item, which does not say how it is done",
    "rule:other-question": "the page answers another question on the same item",
    "rule:other-aspect": "the page explains another side of the item than the one asked for",
    "rule:answers-item": "the page explains how the item is done",
    "rule:also-item": "the page is about another item that helps with the same need",
    "rule:mentions-item": "the page mentions the item",
    "rule:news-on-matter": "the page reports on the same matter",
    "rule:in-digest": "the page is a digest that sums up the named page",
    "rule:same-matter": "the page is on the same matter as the named one, in another place or year",
    "rule:wrong-fact-asked": "the page is about what is asked, but tells that very fact wrongly",
    "rule:wrong-region": "the page would be right, but speaks of another place than the asker's",
    "rule:outdated": f"the page would be right, but is no longer in force on {AS_OF}",
    "rule:related-elsewhere": "the page is about something related, in another place than the asker's",
    "rule:some-city": "the page speaks of one city, and the query is asked for the province as a whole",
    "rule:unrelated": "nothing links the page to what the query asks for",
    POOL: "an engine returned pages on its subject, no rule speaks of them, and a reader found that they do not help",
}
"""Rule → why it gives its grade, in one clause. `docs/collection.md` lists the grades."""

SUFFIXES = {
    "-level-above": "it is the level above's page, where the asker's own place has one",
}
"""Ending of a rule's name → why its grade was lowered."""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """The grade of a page for a query, and why."""

    query_id: str
    query: str
    doc_id: str
    title: str
    grade: int | None
    """None where the pair was never judged; measures then count it as not relevant."""
    assessor: str
    flags: tuple[str, ...]
    because: str
    asked: dict[str, str]
    """What the query asks for."""
    page: dict[str, str]
    """What the page is about."""


def why(query_id: str, doc_id: str) -> Reason:
    """Explain the judgment of one pair of the demo collection.

    Raise `QuerySetFormatError` when query or page is unknown.
    """
    return explain(sources(), query_id, doc_id)


def explain(given: Sources, query_id: str, doc_id: str) -> Reason:
    """Explain a judgment as `why` does, from sources that are loaded already."""
    found = need_of(given, query_id)
    if found is None:
        raise QuerySetFormatError(f"unknown query '{query_id}': the demo query set has no such id")
    page = given.shelf.pages.get(doc_id)
    if page is None:
        raise QuerySetFormatError(f"unknown document '{doc_id}': the demo corpus has no such id")
    asked, need = found
    grade, rule, flags = judge(need, page)
    judged: int | None = grade
    if not spoken(rule):
        if rule == "rule:unrelated" and subject(page) in given.pool.get(asked.id, ()):
            rule = POOL
        else:
            judged = None
    reasons = {found.subject: found.reason for found in given.authored.found if found.query == asked.id}
    texts = {other.id: other.text for other in given.authored.perturbed}
    return Reason(
        query_id=query_id,
        query=texts.get(query_id, asked.text),
        doc_id=doc_id,
        title=page.document.title,
        grade=judged,
        assessor=rule if judged is not None else "",
        flags=flags,
        because=_because(rule, asked, doc_id, subject(page), reasons),
        asked=_asked(asked, need, given),
        page=_page(page),
    )


def _because(rule: str, asked: Asked, doc_id: str, subject_id: str, reasons: dict[str, str]) -> str:
    """Say the rule in words, or give the reason of the author or reader who decided."""
    if rule.startswith(POOL) and subject_id in reasons:
        return reasons[subject_id]
    if rule == "hand":
        return next(override.reason for override in asked.hand if override.doc == doc_id)
    base, lowered = rule, ""
    for suffix, clause in SUFFIXES.items():
        if base not in RULES and base.endswith(suffix):
            base, lowered = base.removesuffix(suffix), f"{lowered}; {clause}"
    return RULES[base] + lowered


def _asked(asked: Asked, need: Need, given: Sources) -> dict[str, str]:
    names = {item.id: item.name for item in given.knowledge.items}
    told = {
        "region": need.region,
        "scope": need.scope,
        "pages": ", ".join(sorted(need.named)),
        "policy": asked.policy,
        "agency": asked.org,
        "dataset": asked.dataset,
        "items": ", ".join(f"{item} {names[item]}" for item in sorted(need.items)),
        "aspect": asked.aspect,
    }
    return {name: value for name, value in told.items() if value}


def _page(page: Page) -> dict[str, str]:
    links = page.links
    told = {
        "kind": page.document.kind,
        "region": page.document.region,
        "expires": page.document.expires,
        "guide of": links.item,
        "explains": ", ".join(links.answers),
        "mentions": ", ".join(links.mentions),
        "aspects": ", ".join(links.aspects),
        "policy": links.policy,
        "interprets": links.explains,
        "draws on": ", ".join(links.policies),
        "agency": links.agency,
        "dataset": links.dataset,
        "matter": links.group,
        "mirror of": links.mirror_of,
        "attachment of": links.attachment_of,
        "tells wrongly": ", ".join(links.wrong),
    }
    return {name: value for name, value in told.items() if value}

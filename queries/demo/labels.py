"""Derive the grade of a page for a query from what both are about.

The corpus is composed, so what every page answers is known. The rules, their order and their grades are listed in
`docs/collection.md`; the name of the rule that decided is the assessor of the judgment. The rules look at the authored
links only: never at words, and never at what an engine finds.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from corpora.demo.model import Knowledge
from corpora.demo.page import Page
from queries.demo.model import Asked
from queries.demo.shelf import Key, Shelf, subject

AS_OF = "2026-06-30"
"""The day on which the queries are asked; what has expired by then is outdated."""

ONLY_RELATED = ("工作动态", "专题")
"""News tells that something happened, and a topic leads on to other pages; neither replaces the guide."""

WITH_ASPECTS = ("互动问答", "常见问题", "政策解读")
"""Kinds that explain one side of a matter rather than all of it."""

HOW = frozenset({"steps", "materials", "place", "online"})
"""What someone who names no aspect wants to learn: how to get it done."""

ONE_CASE = ("互动问答", "常见问题")
"""Kinds that answer one question, so not another one about the same item."""


FACTS_OF = {"fee": ("fee",), "amount": ("fee",), "time": ("days",), "place": ("where", "office", "tel")}
"""Aspect asked → facts that a page must not tell wrongly."""


class Verdict(NamedTuple):
    """A grade, the rule that gave it, and why it is low where the page would have been right."""

    grade: int
    rule: str
    flags: tuple[str, ...] = ()


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """A query resolved against the knowledge: everything that the rules compare a page with."""

    region: str
    scope: str
    named: frozenset[str]
    """Documents that satisfy it fully, mirrors and originals of the authored ones included."""
    groups: frozenset[str]
    org: str
    dataset: str
    policy: str
    topic: str
    topic_policies: frozenset[str]
    policy_items: frozenset[str]
    policy_mentions: frozenset[str]
    items: frozenset[str]
    related: frozenset[str]
    also: frozenset[str]
    touched: frozenset[str]
    """Items that the named pages mention: their other pages are on the same subject, no more."""
    aspect: str
    item_cap: int
    """3 where the item is the purpose of the query, 2 where something else is."""
    asks_a_page: bool
    """True where one question or one page is meant, rather than an item as a whole."""
    own_guide: bool
    hand: dict[str, int]
    read: dict[str, int]
    """Subject → grade that a reader of the pool gave."""

    def keys(self) -> Iterator[Key]:
        """Yield what a page must be about to concern this need."""
        for item in self.items | self.also | self.related | self.touched | self.policy_items | self.policy_mentions:
            yield "item", item
        for policy in self.topic_policies:
            yield "policy", policy
        for group in self.groups:
            yield "group", group
        for name in self.named:
            yield "digest of", name
        if self.org:
            yield "agency", self.org
        if self.dataset:
            yield "dataset", self.dataset


def resolve(asked: Asked, knowledge: Knowledge, shelf: Shelf, read: Mapping[str, int] | None = None) -> Need:
    """Work out what a query needs; `read` maps subjects of the pool to the grades that readers gave."""
    sites = {site.id: site for site in knowledge.sites}
    region = sites[asked.region].region
    scope = "all" if asked.scope == "all" else sites[asked.scope].host
    links = {name: shelf.pages[name].links for name in asked.pages}
    # A policy governs many items, so naming it does not ask for them; naming a guide, a letter or an FAQ entry does.
    answered = {item for link in links.values() if not link.policy for item in (link.item, *link.answers)}
    items = ({asked.item} if asked.item else answered) - {""}
    touched = {item for link in links.values() for item in (*link.answers, *link.mentions)} - items
    by_id = {item.id: item for item in knowledge.items}
    policy = next((policy for policy in knowledge.policies if policy.id == asked.policy), None)
    topic = policy.topic if policy is not None else ""
    return Need(
        region=region,
        scope=scope,
        named=frozenset(copy for name in asked.pages for copy in shelf.copies(name)),
        groups=frozenset(link.group for link in links.values() if link.group),
        org=asked.org,
        dataset=asked.dataset,
        policy=asked.policy,
        topic=topic,
        topic_policies=frozenset(other.id for other in knowledge.policies if topic and other.topic == topic),
        policy_items=frozenset(policy.answers) if policy is not None else frozenset(),
        policy_mentions=frozenset(policy.mentions) if policy is not None else frozenset(),
        items=frozenset(items),
        related=(frozenset(near for name in items for near in by_id[name].related) | {*asked.near})
        - items
        - {*asked.also},
        also=frozenset(asked.also),
        touched=frozenset(touched),
        aspect=asked.aspect,
        item_cap=2 if asked.pages or asked.policy or asked.org or asked.dataset else 3,
        asks_a_page=bool(asked.pages),
        own_guide=any(
            page.links.item in items
            and page.document.region == region
            and (scope == "all" or page.document.site == scope)
            for page in shelf.about(("item", name) for name in items)
        ),
        hand={override.doc: override.grade for override in asked.hand},
        read=dict(read or {}),
    )


def judge(need: Need, page: Page) -> Verdict:
    """Return the grade of a page; the first rule that applies decides."""
    document = page.document
    if document.id in need.hand:
        return Verdict(need.hand[document.id], "hand")
    if need.scope not in ("all", document.site):
        return Verdict(0, "rule:out-of-scope")
    if document.id in need.named:
        return Verdict(3, "rule:named-page")
    grade, rule = max(
        _by_organisation(need, page),
        _by_dataset(need, page),
        _by_policy(need, page),
        _by_item(need, page),
        _by_group(need, page),
        _by_reading(need, page),
        key=lambda found: found[0],
    )
    if grade == 0:
        return Verdict(0, "rule:unrelated")
    if grade > 1 and set(page.links.wrong).intersection(FACTS_OF.get(need.aspect, ())):
        grade, rule = 1, "rule:wrong-fact-asked"
    place = _place(need.region, document.region)
    flags = _flags(grade, place, document.expires)
    if flags:
        return Verdict(0, "rule:" + flags[0].replace("_", "-"), flags)
    if place == "elsewhere":
        return Verdict(0, "rule:related-elsewhere")
    if place == "below":
        return Verdict(min(grade, 1), "rule:some-city")
    if place == "above" and page.links.agency:
        return Verdict(1, "rule:organisation-level-above")
    if place == "above" and page.links.dataset:
        return Verdict(max(grade - 1, 1), f"{rule}-level-above")
    if place == "above" and page.links.item and need.own_guide:
        return Verdict(max(grade - 1, 1), f"{rule}-level-above")
    return Verdict(grade, rule)


def _flags(grade: int, place: str, expires: str) -> tuple[str, ...]:
    """Say why a page that would have been right is not; merely related pages elsewhere are just unrelated."""
    flags: list[str] = []
    if place == "elsewhere" and grade >= 2:
        flags.append("wrong_region")
    if expires and expires <= AS_OF:
        flags.append("outdated")
    return tuple(flags)


def _place(asker: str, page: str) -> str:
    """Say where a page speaks of, seen from where the asker lives: own, above, below or elsewhere."""
    if page == asker:
        return "own"
    if asker.startswith(page + "/"):
        return "above"
    return "below" if page.startswith(asker + "/") else "elsewhere"


def _by_organisation(need: Need, page: Page) -> tuple[int, str]:
    if need.org and page.links.agency == need.org:
        return 3, "rule:organisation"
    return 0, ""


def _by_dataset(need: Need, page: Page) -> tuple[int, str]:
    if need.dataset and page.links.dataset == need.dataset:
        return 3, "rule:dataset"
    return 0, ""


def _by_policy(need: Need, page: Page) -> tuple[int, str]:
    links = page.links
    news = page.document.kind in ONLY_RELATED
    if not need.policy:
        return 0, ""
    if links.policy == need.policy:
        return (2 if need.asks_a_page else 3), "rule:policy"
    if links.policy in need.topic_policies:
        return 2, "rule:policy-same-topic"
    if links.explains in need.topic_policies:
        return 2, "rule:interpretation"
    if need.topic_policies.intersection(links.policies):
        return (1, "rule:news-on-policy") if news else (2, "rule:reply-on-policy")
    if links.item in need.policy_items:
        return 1, "rule:guide-under-policy"
    if links.item in need.policy_mentions or need.policy_items.intersection((*links.answers, *links.mentions)):
        return 1, "rule:shares-item"
    return 0, ""


def _by_item(need: Need, page: Page) -> tuple[int, str]:
    links = page.links
    if links.item:
        if links.item in need.items:
            return need.item_cap, "rule:guide"
        if links.item in need.also:
            return 2, "rule:also-item"
        return (1, "rule:related-item") if links.item in need.related | need.touched else (0, "")
    if need.items.intersection(links.answers):
        if page.document.kind in ONLY_RELATED:
            return 1, "rule:news-on-item"
        if page.document.kind == "附件":
            return (2, "rule:form") if need.aspect == "materials" else (1, "rule:form-only")
        if need.asks_a_page and page.document.kind in ONE_CASE:
            return 1, "rule:other-question"
        wanted = {need.aspect} if need.aspect else HOW
        if links.aspects and wanted.isdisjoint(links.aspects) and page.document.kind in WITH_ASPECTS:
            return 1, "rule:other-aspect"
        return 2, "rule:answers-item"
    if need.also.intersection(links.answers):
        return 1, "rule:also-item"
    if need.items.intersection(links.mentions):
        return 1, "rule:mentions-item"
    near = need.related | need.touched
    return (1, "rule:related-item") if near.intersection(links.answers) else (0, "")


def _by_group(need: Need, page: Page) -> tuple[int, str]:
    if need.named.intersection(page.links.contains):
        return 2, "rule:in-digest"
    if page.links.group and page.links.group in need.groups:
        return (1, "rule:news-on-matter") if page.document.kind in ONLY_RELATED else (2, "rule:same-matter")
    return 0, ""


def _by_reading(need: Need, page: Page) -> tuple[int, str]:
    return need.read.get(subject(page), 0), "pool"

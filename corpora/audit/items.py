"""Tell which service item of its place a page speaks about: by the words that it shares with the guides there."""

import heapq
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from corpora.audit.findings import Shown, shown
from corpora.audit.telling import Told, amounts, durations, free, telephones, told
from corpora.model import Document

LEAST = 0.06
"""Cosine of two-character words from which a page may speak about an item."""
LEAD = 1.25
"""How many times as near the item must be as the next one."""

_HEAVIEST = 100
"""Rarest words of a page that are looked up; the others decide nothing and cost most of the time."""
NEAR = 0.4
"""Share of the best score from which another item may be meant instead."""
_MOST = 8
_GUIDE = re.compile(r"办事指南|服务指南|办理指南|服务事项|业务指引|经办规程|办事流程")
_ENDING = re.compile(
    r"(?:的)?(?:办事指南|服务指南|办理指南|业务指引|经办规程|办事流程|办理流程|办理须知|指南)$|[（(][^（）()]*[）)]$|办理$"
)
_LABELLED = re.compile(r"时限|多久|几天|要等|办理时间|办好|办结")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")


class Guide(msgspec.Struct, frozen=True, kw_only=True):
    """The guide of an item in one place, with all that it tells."""

    page: Shown
    item: str
    region: str
    told: tuple[Told, ...]
    amounts: frozenset[str]
    durations: frozenset[str]
    telephones: frozenset[str]
    limit: frozenset[str]
    """The time limit itself: the first statement that is labelled as one."""
    free: bool
    body: str
    text: str
    """Title and body without spaces, to look names up in."""


def is_guide(document: Document) -> bool:
    """Say whether a page is the guide of a service item."""
    if document.extra.get("attachment_of"):
        return False
    return bool("item" in document.extra or _GUIDE.search(f"{document.kind}\n{document.column}\n{document.title}"))


def item_name(title: str) -> str:
    """Return the name of the item in the title of a guide.

    >>> item_name("食品经营许可核发（区级）"), item_name("住房公积金提取 办事指南")
    ('食品经营许可核发', '住房公积金提取')
    """
    name = "".join(unicodedata.normalize("NFKC", title).split())
    while (shorter := _ENDING.sub("", name)) and shorter != name:
        name = shorter
    return name


def guide(document: Document) -> Guide:
    """Return what a guide tells; its item is the id that the page gives, or else the name in the title."""
    statements = tuple(told(document.body))
    limit = next((one.values for one in statements if one.fact == "days" and _LABELLED.search(one.said)), ())
    return Guide(
        page=shown(document),
        item=document.extra.get("item") or item_name(document.title),
        region=document.region,
        told=statements,
        amounts=frozenset(amounts(document.body)),
        durations=frozenset(durations(document.body)),
        telephones=frozenset(telephones(document.body)),
        limit=frozenset(limit),
        free=free(document.body),
        body=document.body,
        text="".join(f"{document.title}{document.body}".split()),
    )


class Items:
    """The guides of all places, to ask which item of its place a page speaks about."""

    def __init__(self, guides: Iterable[Guide]) -> None:
        self.of: dict[tuple[str, str], list[Guide]] = {}
        """Region and item → its guides, more than one where several sites of a place tell it."""
        for one in guides:
            self.of.setdefault((one.region, one.item), []).append(one)
        words = {key: Counter(word for one in told_by for word in _words(one.text)) for key, told_by in self.of.items()}
        seen = Counter(word for bag in words.values() for word in bag)
        self._rarity = {word: math.log(1 + len(words) / count) for word, count in seen.items()}
        # Words that no guide has count too: a page full of them is about something else.
        self._unseen = math.log(1 + len(words))
        self._postings: dict[str, dict[str, list[tuple[str, float]]]] = defaultdict(lambda: defaultdict(list))
        for (region, item), bag in words.items():
            weights = self._weights(bag)
            for word, weight in weights.items():
                self._postings[region][word].append((item, weight))

    def about(self, region: str, title: str, body: str) -> list[str]:
        """Return the item that a page speaks about, then those it may mean instead; nothing where none stands out."""
        postings = self._postings.get(region)
        if postings is None:
            return []
        scores: defaultdict[str, float] = defaultdict(float)
        weights = self._weights(Counter(_words(f"{title}\n{title}\n{body}")))
        known = [(weight, word) for word, weight in weights.items() if word in postings]
        for weight, word in heapq.nlargest(_HEAVIEST, known):
            for item, there in postings[word]:
                scores[item] += weight * there
        best = sorted(scores.items(), key=lambda pair: -pair[1])[:_MOST]
        if not best or best[0][1] < LEAST or (len(best) > 1 and best[0][1] < LEAD * best[1][1]):
            return []
        return [item for item, score in best if score >= NEAR * best[0][1]]

    def _weights(self, bag: Counter[str]) -> dict[str, float]:
        weights = {word: (1 + math.log(n)) * self._rarity.get(word, self._unseen) for word, n in bag.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {word: weight / length for word, weight in weights.items()}


def _words(text: str) -> list[str]:
    return [run[at : at + 2] for run in _CHINESE.findall(text) for at in range(len(run) - 1)]

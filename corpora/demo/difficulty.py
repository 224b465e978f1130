"""List what makes the corpus hard to search on purpose: each kind of difficulty, with what has it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from corpora.demo.model import Knowledge
from corpora.demo.page import Page

CITIES = frozenset(("linlan", "qinglan", "zeyuan"))


def difficulties(knowledge: Knowledge, pages: Sequence[Page]) -> dict[str, tuple[str, ...]]:
    """Return for each kind of difficulty the ids of the items, policies, word pairs or pages that have it."""
    items = knowledge.items
    documents = [page.document for page in pages]
    known = {document.id: document for document in documents}
    titles = Counter(page.document.title for page in pages if not _copy(page))
    mirrors = [page for page in pages if page.links.mirror_of]
    repealed = [page.document for page in pages if page.links.policy and page.document.expires]
    asked = Counter(page.links.group for page in pages if page.links.group.startswith(("faq/", "letter/")))
    return {
        "items with another fee in another place": _ids(i for i in items if len({v.fee for v in i.at.values()}) > 1),
        "items that only some cities have": _ids(i for i in items if 0 < len(CITIES & i.at.keys()) < len(CITIES)),
        "items called otherwise in some place": _ids(i for i in items if any(v.name for v in i.at.values())),
        "items with a citizens' name that shares no two characters with the official one": _ids(
            item for item in items if any(_strange(alias, item.name) for alias in item.aliases)
        ),
        "items with a citizens' name that abbreviates the official one": _ids(
            item for item in items if any(_abbreviates(alias, item.name) for alias in item.aliases)
        ),
        "pairs of words that are taken for each other": tuple("/".join(c.words) for c in knowledge.confusables),
        "questions asked in several places with other answers": tuple(g for g, count in asked.items() if count > 1),
        "pages of repealed policies": _ids(repealed),
        "of these, not marked as repealed": _ids(d for d in repealed if "停止执行" not in d.body),
        "policies whose text stands in an attachment only": tuple(
            page.links.attachment_of for page in pages if page.links.attachment_of and page.links.policy
        ),
        "mirrored pages": _ids(page.document for page in mirrors),
        "of these, with another date than the original": _ids(
            p.document for p in mirrors if p.document.published != known[p.links.mirror_of].published
        ),
        "pages with a title that other pages have too": _ids(
            page.document for page in pages if titles[page.document.title] > 1 and not _copy(page)
        ),
        "pages that tell a fact otherwise than the guide of the place": _ids(
            page.document for page in pages if page.links.wrong
        ),
    }


def _strange(alias: str, name: str) -> bool:
    return not any(alias[at : at + 2] in name for at in range(len(alias) - 1))


def _abbreviates(alias: str, name: str) -> bool:
    """Say whether the characters of the alias stand in the name in the same order, with gaps: 低保 in 最低生活保障."""
    rest = iter(name)
    return len(alias) > 1 and alias not in name and all(character in rest for character in alias)


def _copy(page: Page) -> bool:
    return bool(page.links.mirror_of or page.links.attachment_of)


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def _ids(things: Iterable[_Named]) -> tuple[str, ...]:
    return tuple(thing.id for thing in things)

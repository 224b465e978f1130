"""Find pages that tell a fact of a service item otherwise than the guide of the same place."""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from corpora.audit.findings import Finding
from corpora.audit.items import Guide, Items, guide, is_guide, item_name
from corpora.audit.telling import FREE, Fact, Told, sentences, told
from corpora.model import Document

_NOT_SPOKEN_FOR = re.compile(r"政策|文件|法规|规章|新闻|动态|要闻|通知|公告|公示|数据|机构|专题|报告|附件")
"""Kinds and columns of pages that do not explain how an item is handled: they speak of one occasion or one document."""
_DIGEST = re.compile(r"汇编|汇总|回顾|集中回应|情况通报|简报|一览|目录")
"""Titles of pages that sum up many matters."""
_ELSEWHERE = re.compile(r"举报|投诉|监督|报警|抢修|叫")
"""Telephones for something else than asking about the item."""


def contradictions(documents: Iterable[Document]) -> Iterator[Finding]:
    """Yield what pages tell otherwise than the guide of the same item in the same region; reads the documents twice.

    Each finding shows the guide first, then the page that differs, with both sentences. Which of the two is wrong, the
    texts do not tell.
    """
    guides, owners = _guides(documents)
    items = Items(guides)
    for known in items.of.values():
        for other in known[1:]:
            if other.page.site != known[0].page.site:
                yield from _against([known[0]], other, owners)
    for document in documents:
        if is_guide(document) or document.extra.get("attachment_of"):
            continue
        if _NOT_SPOKEN_FOR.search(f"{document.kind}\n{document.column}") or _DIGEST.search(document.title):
            continue
        if not told(document.body):
            continue
        if meant := items.about(document.region, document.title, document.body):
            known, *others = (items.of[document.region, item] for item in meant)
            own = [one for one in known if one.page.site == document.site]
            rivals = [one for other in others for one in other]
            yield from _against(own or known, guide(document), owners, rivals)


def _guides(documents: Iterable[Document]) -> tuple[list[Guide], frozenset[str]]:
    """Return the guides, and the telephone numbers that guides and pages of agencies tell."""
    guides, numbers = [], set[str]()
    for document in documents:
        if is_guide(document):
            guides.append(guide(document))
            numbers |= guides[-1].telephones
        elif "机构" in document.kind or "机构" in document.column:
            numbers |= guide(document).telephones
    return guides, frozenset(numbers)


def _against(
    known: list[Guide], page: Guide, numbers: frozenset[str], rivals: Sequence[Guide] = ()
) -> Iterator[Finding]:
    """Yield at most one finding for each fact: the first sentence that no guide of the place agrees with.

    A sentence that is true of a rival, an item that the page may mean instead, is left alone.
    """
    done: set[Fact] = set()
    for statement in _statements(page, known[0].region):
        if statement.fact in done or not all(_differs(one, page, statement, numbers) for one in known):
            continue
        if any(_true_of(rival, statement) for rival in rivals):
            continue
        reference = _reference(known[0], statement)
        if reference is None:
            continue
        done.add(statement.fact)
        yield Finding(
            kind="facts",
            code=statement.fact,
            site=page.page.site,
            subject=item_name(known[0].page.title),
            region=known[0].region,
            pages=(
                msgspec.structs.replace(known[0].page, said=reference.said, value="、".join(reference.values)),
                msgspec.structs.replace(page.page, said=statement.said, value="、".join(statement.values)),
            ),
        )


def _statements(page: Guide, region: str) -> Iterator[Told]:
    """Yield what the page tells, then the agency that signs it, where the text names that one too."""
    for statement in page.told:
        if statement.fact == "office":
            names = tuple(name for text in statement.values if (name := _full_name(text, region)))
            if names:
                yield msgspec.structs.replace(statement, values=names)
        else:
            yield statement
    name = _full_name(page.page.agency, region)
    said = next((one for one in sentences(page.body) if name in one), "") if name else ""
    if said:
        yield Told(fact="office", values=(name,), said=said)


def _full_name(text: str, region: str) -> str:
    """Return the name from the place on: what was read may begin too early; empty for agencies of other places."""
    place = region.rpartition("/")[2]
    stem = place[:-1] if len(place) > 2 else place
    starts = [text.rfind(part) for part in region.split("/") if part in text]
    return text[min(starts) :] if place and stem in text and starts else ""


def _reference(known: Guide, statement: Told) -> Told | None:
    """Return the sentence of the guide to lay beside: the one that tells the limit, or that names the agency at all."""
    told_there = [one for one in _statements(known, known.region) if one.fact == statement.fact]
    limits = [one for one in told_there if set(one.values) == known.limit]
    return next(iter(limits if statement.fact == "days" and limits else told_there), None)


def _differs(known: Guide, page: Guide, statement: Told, numbers: frozenset[str]) -> bool:
    values = set(statement.values)
    match statement.fact:
        case "fee":
            charged = {value for one in known.told if one.fact == "fee" for value in one.values if value != FREE}
            if values == {FREE}:
                return bool(charged) and not known.free and not page.amounts & charged
            return not values <= known.amounts and not (charged and charged <= page.amounts)
        case "days":
            agreed = _lengths(known.limit) & _lengths(page.durations)
            return bool(known.limit) and not agreed and not _lengths(values) & _lengths(known.durations)
        case "office":
            # A branch bears the name of its agency and more: 临澜市公安局江汀分局.
            whole = known.page.agency or "\0"
            return all(name not in known.text and not name.startswith(whole) for name in values)
        case "tel":
            spoken_for = page.page.agency == known.page.agency and not _ELSEWHERE.search(statement.said)
            return spoken_for and not values & (known.telephones | numbers)


def _true_of(rival: Guide, statement: Told) -> bool:
    values = set(statement.values)
    match statement.fact:
        case "fee":
            return any(one.fact == "fee" and values <= set(one.values) for one in rival.told)
        case "days":
            return bool(_lengths(values) & _lengths(rival.limit))
        case "office":
            return all(name in rival.text or name == rival.page.agency for name in values)
        case "tel":
            return False


def _lengths(values: Iterable[str]) -> set[str]:
    """Return lengths of time with working days as days: citizens' pages say 20日 for 20个工作日, and mean it."""
    return {value.replace("个工作日", "日") for value in values}

"""Write the digests that portals publish at the end of a period: long pages that touch many matters and settle none."""

from collections.abc import Iterable, Iterator

from corpora.demo.choice import pick
from corpora.demo.facts import Gazetteer
from corpora.demo.model import Article, Knowledge, Site
from corpora.demo.page import Links, Page, office_name
from corpora.model import Document

LEAST = 4
"""A period with fewer articles gets no digest."""

MOST = 12
"""Articles that one digest takes up at most."""

AGENCY = "zhengwu"
"""Who edits the digests."""


def digests(knowledge: Knowledge) -> Iterator[Page]:
    """Yield the quarterly news digests, then the half-yearly ones of letters, by site and period."""
    gazetteer = Gazetteer(knowledge)
    for site in knowledge.sites:
        for period, articles in _periods(knowledge.news, site, months=3):
            yield _news(gazetteer, site, period, articles)
        for period, articles in _periods(knowledge.letters, site, months=6):
            yield _letters(gazetteer, site, period, articles)


def _periods(articles: Iterable[Article], site: Site, *, months: int) -> Iterator[tuple[str, list[Article]]]:
    """Yield each period, such as `2026-1`, with the articles that the site published in it."""
    periods: dict[str, list[Article]] = {}
    for article in articles:
        # Digests appear on a 28th, so they know nothing of the days after it.
        if article.site == site.id and not article.elsewhere and int(article.date[8:10]) < 28:
            year, month = article.date[:4], int(article.date[5:7])
            periods.setdefault(f"{year}-{(month - 1) // months + 1}", []).append(article)
    for period in sorted(periods):
        told = sorted(periods[period], key=lambda article: (article.date, article.id))
        if len(told) >= LEAST:
            yield period, told[:MOST]


def _news(gazetteer: Gazetteer, site: Site, period: str, articles: list[Article]) -> Page:
    year, quarter = period.split("-")
    when = f"{year}年{'一二三四'[int(quarter) - 1]}季度"
    name = site.place if site.id not in ("rst", "ybj") else site.name.removeprefix(site.place)
    titles = (f"{name}{when}要闻回顾", f"{when}工作动态汇总", f"政务简报（{when}）")
    lines = [
        f"{month}月{day}日，{article.title}。{_beginning(article.body, 2)}"
        for article in articles
        for month, day in [(int(article.date[5:7]), int(article.date[8:]))]
    ]
    head = pick(f"{site.id}/{period}", ("本期摘编如下。", "主要工作回顾。", "按时间先后摘录。"))
    return _page(
        gazetteer,
        site,
        f"{site.id}-news-digest-{period}",
        pick(f"{site.id}/{period}/t", titles),
        "工作动态",
        "xwdt",
        [head, *lines],
        articles,
        months=3,
    )


def _letters(gazetteer: Gazetteer, site: Site, period: str, articles: list[Article]) -> Page:
    year, half = period.split("-")
    when = f"{year}年{'上下'[int(half) - 1]}半年"
    titles = (f"{when}群众来信热点问题汇编", f"热点问题集中回应（{when}）", f"{when}网民留言办理情况通报")
    lines = [
        f"{number}．{article.title}。{pick(article.id, ('答复要点', '办理情况'))}：{_beginning(article.body, 3)}"
        for number, article in enumerate(articles, 1)
    ]
    head = f"{when}共选登{len(articles)}件有代表性的来信，详细答复请查看各件原文。"
    return _page(
        gazetteer,
        site,
        f"{site.id}-letter-digest-{period}",
        pick(f"{site.id}/{period}/l", titles),
        "互动问答",
        "hdjl",
        [head, *lines],
        articles,
        months=6,
    )


def _page(
    gazetteer: Gazetteer, site: Site, doc_id: str, title: str, kind: str, folder: str, lines: list[str],
    articles: list[Article], *, months: int,
) -> Page:  # fmt: skip
    """Compose a digest, published on the 28th of the last month of its period."""
    year, number = doc_id.rpartition("-digest-")[2].split("-")
    day = f"{year}-{int(number) * months:02d}-28"
    document = Document(
        id=doc_id,
        site=site.host,
        url=f"https://{site.host}/{folder}/{day[:4]}{day[5:7]}/t{day.replace('-', '')}_digest.html",
        title=title,
        body="\n".join(lines),
        column="要闻汇总" if kind == "工作动态" else "热点回应",
        kind=kind,
        agency=office_name(gazetteer.agencies[AGENCY], site),
        region=site.region,
        published=day,
    )
    touched = dict.fromkeys(item for article in articles for item in (*article.answers, *article.mentions))
    summed_up = tuple(f"{doc_id.partition('-digest-')[0]}-{article.id}" for article in articles)
    return Page(document=document, links=Links(mentions=tuple(touched), contains=summed_up))


def _beginning(text: str, sentences: int) -> str:
    """Return the first sentences of a text, without the greeting of a letter."""
    parts = text.strip().removeprefix("您好。").removeprefix("您好，").replace("\n", "").split("。")
    return "。".join(parts[:sentences]).rstrip("。") + "。"

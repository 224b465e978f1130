"""Write the pages that are authored whole: news, notices, letters, FAQ entries, interpretations."""

from collections.abc import Iterator

from corpora.demo.choice import pick, shift
from corpora.demo.facts import Facts, Gazetteer
from corpora.demo.model import Article, Knowledge, Site
from corpora.demo.page import Links, Page, office_name
from corpora.model import Document

KINDS = {
    "news": ("工作动态", "xwdt", ("要闻动态", "部门动态")),
    "notice": ("通知公告", "tzgg", ("通知公告",)),
    "letter": ("互动问答", "hdjl", ("咨询投诉", "市民来信")),
    "faq": ("常见问题", "cjwt", ("常见问题",)),
    "read": ("政策解读", "zcjd", ("政策解读",)),
}
"""Kind code in ids → kind of the document, folder in its URL, columns it may be listed in."""


def articles(knowledge: Knowledge) -> Iterator[Page]:
    """Yield the pages kind by kind in file order, each followed by its mirrors on other sites."""
    gazetteer = Gazetteer(knowledge)
    groups = (
        ("news", knowledge.news),
        ("notice", knowledge.notices),
        ("letter", knowledge.letters),
        ("faq", knowledge.faqs),
        ("read", knowledge.interpretations),
    )
    for code, entries in groups:
        for article in entries:
            yield _page(gazetteer, code, article, article.site)
            for mirror in article.mirrors:
                yield _page(gazetteer, code, article, article.site, shown_at=mirror)
            for site in article.elsewhere:
                yield _page(gazetteer, code, article, site)


def _page(gazetteer: Gazetteer, code: str, article: Article, told_at: str, *, shown_at: str = "") -> Page:
    """Compose the page of an article as told at one site; shown at another one it is a mirror."""
    kind, folder, columns = KINDS[code]
    told, shown = gazetteer.sites[told_at], gazetteer.sites[shown_at or told_at]
    doc_id = f"{shown.id}-{code}-{article.id}"
    original = f"{told.id}-{code}-{article.id}"
    mirrored = shown.id != told.id
    day = article.date if told_at == article.site else shift(article.date, doc_id, 9, 160)
    if mirrored and pick(doc_id + "/late", (True, False, False)):
        # Channels publish the same thing on different days: one of the faults that evaluations complain of.
        day = shift(day, doc_id, 1, 12)
    policy = gazetteer.policies.get(article.explains)
    extra = {"mirror_of": original} if mirrored else {}
    if policy is not None:
        extra["explains"] = policy.number
    facts = _facts(gazetteer, article, told)
    office = facts.office if facts else office_name(gazetteer.agencies[article.agency], told)
    document = Document(
        id=doc_id,
        site=shown.host,
        url=f"https://{shown.host}/{folder}/{day[:4]}{day[5:7]}/t{day.replace('-', '')}_{article.id}.html",
        title=facts.fill(article.title) if facts else article.title,
        body=_body(article, told, office, facts, day=article.date if mirrored else day, code=code, mirrored=mirrored),
        column=article.column or pick(doc_id, columns),
        kind=kind,
        agency=office,
        # A mirror speaks of where it comes from, not of where it is shown.
        region=told.region,
        published=day,
        expires=article.expires or (policy.expires if policy is not None else ""),
        extra=extra,
    )
    links = Links(
        explains=article.explains,
        policies=article.policies,
        answers=article.answers,
        mentions=article.mentions,
        aspects=article.aspects,
        group=article.group or (f"{code}/{article.id}" if article.elsewhere else ""),
        mirror_of=original if mirrored else "",
        wrong=facts.wrong_in(article.ask + article.body) if facts else (),
    )
    return Page(document=document, links=links)


def _facts(gazetteer: Gazetteer, article: Article, site: Site) -> Facts | None:
    """Return the local facts of the item that the article answers, None where its text has no room for them."""
    if "{" not in article.title + article.ask + article.body:
        return None
    return gazetteer.facts(gazetteer.items[article.answers[0]], site, "letter")


def _body(
    article: Article, site: Site, office: str, facts: Facts | None, *, day: str, code: str, mirrored: bool
) -> str:
    """Join letter and reply; sign a notice with agency and date, as agencies do; name the source of a mirror."""
    year, month, date = (int(part) for part in day.split("-"))
    spoken = f"{year}年{month}月{date}日"
    ask, body = (facts.fill(article.ask), facts.fill(article.body)) if facts else (article.ask, article.body)
    if ask:
        key = article.id if site.id == article.site else f"{article.id}@{site.id}"
        heads = pick(key, (("来信内容", "回复内容"), ("网民留言", "办理答复"), ("咨询", f"{office}回复")))
        close = pick(key + "/close", ("感谢您的来信。", "如有疑问请再次留言。", "祝您生活愉快。", ""))
        local = ""
        if facts and article.elsewhere:
            local = "\n" + pick(key + "/local", ("另：{}", "{}", "顺带说明，{}")).format(facts.note)
        return f"{heads[0]}：{ask.strip()}\n{heads[1]}：{body.strip()}{local}{close}\n{office} {spoken}"
    signed = f"\n{office}\n{spoken}" if code == "notice" else ""
    return body.strip() + signed + (f"\n（来源：{office}）" if mirrored else "")

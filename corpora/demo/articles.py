"""Write the pages that are authored whole: news, notices, letters, FAQ entries, interpretations."""

from collections.abc import Iterator

from corpora.demo.choice import pick
from corpora.demo.model import Agency, Article, Knowledge, Policy, Site
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
    sites = {site.id: site for site in knowledge.sites}
    agencies = {agency.id: agency for agency in knowledge.agencies}
    policies = {policy.id: policy for policy in knowledge.policies}
    groups = (
        ("news", knowledge.news),
        ("notice", knowledge.notices),
        ("letter", knowledge.letters),
        ("faq", knowledge.faqs),
        ("read", knowledge.interpretations),
    )
    for code, entries in groups:
        for article in entries:
            original = _page(code, article, sites[article.site], sites[article.site], agencies, policies)
            yield original
            for mirror in article.mirrors:
                yield _page(code, article, sites[article.site], sites[mirror], agencies, policies)


def _page(
    code: str,
    article: Article,
    home: Site,
    shown: Site,
    agencies: dict[str, Agency],
    policies: dict[str, Policy],
) -> Page:
    """Compose the page of an article as `shown` publishes it; elsewhere than at home it is a mirror."""
    kind, folder, columns = KINDS[code]
    policy = policies.get(article.explains)
    doc_id = f"{shown.id}-{code}-{article.id}"
    original = f"{home.id}-{code}-{article.id}"
    mirrored = shown.id != home.id
    day = article.date
    extra = {"mirror_of": original} if mirrored else {}
    if policy is not None:
        extra["explains"] = policy.number
    office = office_name(agencies[article.agency], home)
    document = Document(
        id=doc_id,
        site=shown.host,
        url=f"https://{shown.host}/{folder}/{day[:4]}{day[5:7]}/t{day.replace('-', '')}_{article.id}.html",
        title=article.title,
        body=_body(article, office, signed=code == "notice", mirrored=mirrored),
        column=article.column or pick(doc_id, columns),
        kind=kind,
        agency=office,
        # A mirror speaks of where it comes from, not of where it is shown.
        region=home.region,
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
        group=article.group,
        mirror_of=original if mirrored else "",
    )
    return Page(document=document, links=links)


def _body(article: Article, office: str, *, signed: bool, mirrored: bool) -> str:
    """Join letter and reply; sign a notice with agency and date, as agencies do; name the source of a mirror."""
    year, month, date = (int(part) for part in article.date.split("-"))
    day = f"{year}年{month}月{date}日"
    if article.ask:
        heads = pick(article.id, (("来信内容", "回复内容"), ("网民留言", "办理答复"), ("咨询", f"{office}回复")))
        close = pick(article.id + "/close", ("感谢您的来信。", "如有疑问请再次留言。", "祝您生活愉快。", ""))
        return f"{heads[0]}：{article.ask.strip()}\n{heads[1]}：{article.body.strip()}{close}\n{office} {day}"
    return (
        article.body.strip() + (f"\n{office}\n{day}" if signed else "") + (f"\n（来源：{office}）" if mirrored else "")
    )

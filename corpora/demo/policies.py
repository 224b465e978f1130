"""Write the policy documents (政策文件): repealed versions among them, some with their text in an attachment only."""

from collections.abc import Iterator

from corpora.demo.choice import pick, shift
from corpora.demo.facts import Gazetteer
from corpora.demo.model import Knowledge, Policy
from corpora.demo.page import Links, Page, office_name
from corpora.model import Document

FORWARDED = (
    "各有关单位：\n《{title}》已经研究同意，现印发给你们，请结合实际抓好落实。全文见附件。\n{office}",
    "现公布《{title}》，自{effective}起施行，请下载附件查看全文。\n{office}",
    "各县区、各部门：\n现将《{title}》（{number}）印发给你们，请一并遵照执行。\n附件：{title}\n{office}",
)
"""What a page says whose policy stands in its attachment."""


def policies(knowledge: Knowledge) -> Iterator[Page]:
    """Yield the policy documents in file order, each followed by its attachment and its mirrors."""
    gazetteer = Gazetteer(knowledge)
    for policy in knowledge.policies:
        text = f"{policy.number}\n{policy.body.strip()}"
        if attached(policy):
            office = _office(gazetteer, policy)
            words = pick(policy.id, FORWARDED)
            said = {"title": policy.title, "number": policy.number, "effective": policy.effective, "office": office}
            yield _page(gazetteer, policy, policy.site, words.format(**said))
            yield _attachment(gazetteer, policy, text)
        else:
            yield _page(gazetteer, policy, policy.site, text)
        for mirror in policy.mirrors:
            yield _page(gazetteer, policy, mirror, text)


def attached(policy: Policy) -> bool:
    """Say whether the portal publishes the text as a PDF only, under a page that just forwards it."""
    return pick(f"{policy.id}/attached", (True, False, False, False))


def _office(gazetteer: Gazetteer, policy: Policy) -> str:
    return office_name(gazetteer.agencies[policy.agency], gazetteer.sites[policy.site])


def _page(gazetteer: Gazetteer, policy: Policy, shown_at: str, text: str) -> Page:
    """Compose the page; a mirror speaks of where it comes from, appears later, and is not marked when repealed."""
    shown, origin = gazetteer.sites[shown_at], f"{policy.site}-policy-{policy.id}"
    doc_id = f"{shown.id}-policy-{policy.id}"
    mirrored = doc_id != origin
    extra = {"doc_number": policy.number, "effective": policy.effective}
    if policy.supersedes:
        extra["supersedes"] = f"{policy.site}-policy-{policy.supersedes}"
    if mirrored:
        extra["mirror_of"] = origin
    stamp = f"\n【本文件自{policy.expires}起停止执行】" if policy.stamped and policy.expires and not mirrored else ""
    document = Document(
        id=doc_id,
        site=shown.host,
        url=f"https://{shown.host}/zcwj/{policy.date[:4]}/{policy.id}.html",
        title=policy.title,
        body=text + stamp,
        column="政策文件" if "/" in shown.region else "规范性文件",
        kind="政策文件",
        agency=_office(gazetteer, policy),
        region=gazetteer.sites[policy.site].region,
        published=shift(policy.date, doc_id, 1, 20) if mirrored else policy.date,
        expires=policy.expires,
        extra=extra,
    )
    return Page(document=document, links=_links(policy, mirror_of=origin if mirrored else ""))


def _attachment(gazetteer: Gazetteer, policy: Policy, text: str) -> Page:
    site = gazetteer.sites[policy.site]
    parent = f"{site.id}-policy-{policy.id}"
    document = Document(
        id=f"{parent}-pdf",
        site=site.host,
        url=f"https://{site.host}/zcwj/{policy.date[:4]}/{policy.id}.pdf",
        title=policy.title,
        body=text,
        column="政策文件" if "/" in site.region else "规范性文件",
        kind="附件",
        agency=_office(gazetteer, policy),
        region=site.region,
        published=policy.date,
        expires=policy.expires,
        extra={"attachment_of": parent},
    )
    return Page(document=document, links=_links(policy, attachment_of=parent))


def _links(policy: Policy, *, mirror_of: str = "", attachment_of: str = "") -> Links:
    return Links(
        policy=policy.id,
        answers=policy.answers,
        mentions=policy.mentions,
        group=policy.topic,
        mirror_of=mirror_of,
        attachment_of=attachment_of,
    )

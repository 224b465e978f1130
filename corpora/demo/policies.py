"""Write the policy documents (政策文件), repealed versions among them."""

from collections.abc import Iterator

from corpora.demo.model import Knowledge
from corpora.demo.page import Links, Page, office_name
from corpora.model import Document


def policies(knowledge: Knowledge) -> Iterator[Page]:
    """Yield the policy documents in file order."""
    sites = {site.id: site for site in knowledge.sites}
    agencies = {agency.id: agency for agency in knowledge.agencies}
    known = {policy.id: policy for policy in knowledge.policies}
    for policy in knowledge.policies:
        site = sites[policy.site]
        office = office_name(agencies[policy.agency], site)
        extra = {"doc_number": policy.number, "effective": policy.effective}
        if policy.supersedes:
            extra["supersedes"] = f"{site.id}-policy-{known[policy.supersedes].id}"
        stamp = f"\n【本文件自{policy.expires}起停止执行】" if policy.stamped and policy.expires else ""
        document = Document(
            id=f"{site.id}-policy-{policy.id}",
            site=site.host,
            url=f"https://{site.host}/zcwj/{policy.date[:4]}/{policy.id}.html",
            title=policy.title,
            body=f"{policy.number}\n{policy.body.strip()}{stamp}",
            column="政策文件" if "/" in site.region else "规范性文件",
            kind="政策文件",
            agency=office,
            region=site.region,
            published=policy.date,
            expires=policy.expires,
            extra=extra,
        )
        links = Links(policy=policy.id, answers=policy.answers, mentions=policy.mentions, group=policy.topic)
        yield Page(document=document, links=links)

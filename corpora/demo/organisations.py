"""Write the organisation pages (机构职能): what each agency does, and where it sits."""

from collections.abc import Iterator

from corpora.demo.model import Knowledge
from corpora.demo.page import Links, Page, office_name
from corpora.model import Document

TITLES = {
    "yunchuan": "{}主要职责",
    "linlan": "{}机构职能",
    "qinglan": "{}",
    "zeyuan": "{}单位简介",
    "jiangting": "{}职责",
}

LOCAL_FIRST = ("qinglan", "zeyuan", "jiangting")
"""Sites whose pages begin with what is particular about the office."""


def organisations(knowledge: Knowledge) -> Iterator[Page]:
    """Yield one page for each office, in the order of agencies, then of sites."""
    for agency in knowledge.agencies:
        for site in knowledge.sites:
            office = agency.at.get(site.id)
            if office is None:
                continue
            name = office_name(agency, site)
            short = name.replace(site.place, "市") if site.id == "qinglan" else name
            clauses = agency.duties if "/" in site.region else agency.lead
            # Each portal tells its own part of the shared duties, as real city portals do.
            drop = {"qinglan": 1, "zeyuan": 2, "jiangting": 0}.get(site.id)
            told = tuple(c for i, c in enumerate(clauses) if drop is None or i % 3 != drop)
            duties = {
                "yunchuan": f"{name}贯彻执行国家和省有关法律法规，主要职责是：" + "；".join(told) + "。",
                "linlan": "主要职责：" + "；".join(f"（{i}）{c}" for i, c in enumerate(told, 1)) + "。",
                "qinglan": f"{name}负责" + "，".join(told) + "。",
                "zeyuan": f"{name}是市政府工作部门或直属单位，承担" + "、".join(told) + "等工作。",
                "jiangting": f"{name}在区委、区政府领导下开展工作：" + "；".join(told) + "。",
            }[site.id]
            where = f"办公地址：{office.addr}。联系电话：{office.tel}。对外办公时间：{site.hours}。"
            parts = (office.local, duties, where) if site.id in LOCAL_FIRST else (duties, office.local, where)
            document = Document(
                id=f"{site.id}-org-{agency.id}",
                site=site.host,
                url=f"https://{site.host}/jgzn/{agency.id}.html",
                title=TITLES[site.id].format(short),
                body="\n".join(parts),
                column="政府机构" if site.id == "yunchuan" else "机构职能",
                kind="机构职能",
                agency=name,
                region=site.region,
                published="2025-01-06",
            )
            yield Page(document=document, links=Links(agency=agency.id))

"""Write the service guides (办事指南): one page for each place that handles an item, in its portal's own layout."""

from collections.abc import Iterator

from corpora.demo.choice import pick
from corpora.demo.model import Item, Knowledge, Site, Texts, Variant
from corpora.demo.page import Links, Page, home, office_name
from corpora.model import Document

TITLES = {"zwfw": "{}", "linlan": "{}办事指南", "qinglan": "{}", "zeyuan": "{}服务指南"}
COLUMNS = {"zwfw": "个人办事", "linlan": "办事指南", "qinglan": "我要办", "zeyuan": "便民服务"}


def guides(knowledge: Knowledge) -> Iterator[Page]:
    """Yield the guides in the order of items, then of sites."""
    agencies = {agency.id: agency for agency in knowledge.agencies}
    for item in knowledge.items:
        for site in knowledge.sites:
            variant = item.at.get(site.id)
            if variant is None:
                continue
            agency = agencies[item.agency]
            office = office_name(agency, site)
            tel = agency.at[home(site.id)].tel
            name = variant.name or item.name
            column = "法人办事" if site.id == "zwfw" and item.audience == "legal-person" else COLUMNS[site.id]
            document = Document(
                id=f"{site.id}-guide-{item.id}",
                site=site.host,
                url=f"https://{site.host}/bszn/{item.id}.html",
                title=TITLES[site.id].format(name),
                body=LAYOUTS[site.id](item, variant, site, office, tel),
                column=column,
                kind="办事指南",
                agency=office,
                region=site.region,
                published=variant.date,
                extra={"item": item.id, "theme": item.theme},
            )
            yield Page(document=document, links=Links(item=item.id))


def _official(item: Item, variant: Variant, site: Site, office: str, tel: str) -> str:
    """Write the provincial service portal's page: a table read aloud, with legal basis."""
    key = f"{site.id}/{item.id}"
    accepted = pick(key, ("受理条件", "申请条件", "办理条件"))
    return "\n".join(
        [
            item.about,
            f"实施机构：{office}",
            f"{accepted}：" + _numbered(item.conditions, "（{}）"),
            "申请材料：" + _numbered((*item.materials, *variant.plus), "{}."),
            "办理流程：" + "→".join(step.rstrip("。") for step in item.steps) + "。",
            f"收费情况：{variant.fee}。承诺办结时限：{variant.days}。",
            f"设定依据：{item.basis}",
            f"说明：{variant.note}",
            f"线下窗口：{variant.where or site.hall}。咨询电话：{tel}。",
        ]
    )


def _chapters(item: Item, variant: Variant, site: Site, office: str, tel: str) -> str:
    """Write 临澜市's page: numbered chapters."""
    key = f"{site.id}/{item.id}"
    heads = pick(
        key,
        (
            ("办理对象", "所需材料", "办理程序", "时限与费用", "受理地点", "注意事项"),
            ("适用范围", "提交材料", "怎样办理", "多久办结、是否收费", "在哪里办", "特别提示"),
            ("申请人条件", "材料清单", "流程", "办结时限及收费标准", "窗口地址与电话", "温馨提示"),
        ),
    )
    bodies = (
        "；".join(item.conditions) + "。",
        "；".join((*item.materials, *variant.plus)) + "。",
        "".join(f"第{'一二三四五六'[i]}步，{step.rstrip('。')}。" for i, step in enumerate(item.steps)),
        f"{variant.days}。{_fee(key, variant.fee)}",
        f"{variant.where or site.hall}，咨询电话{tel}。",
        variant.note,
    )
    return f"本事项由{office}办理。\n" + "\n".join(
        f"{'一二三四五六'[i]}、{head}\n{body}" for i, (head, body) in enumerate(zip(heads, bodies, strict=True))
    )


def _questions(item: Item, variant: Variant, site: Site, office: str, tel: str) -> str:
    """Write 青岚市's page: questions and answers."""
    key = f"{site.id}/{item.id}"
    ask = pick(
        key,
        (
            ("哪些人可以办？", "要准备什么？", "怎么办？", "几天能办好？", "要交钱吗？", "到哪里办？"),
            ("我能不能办？", "需要带哪些东西？", "手续怎么走？", "要等多久？", "费用是多少？", "窗口在哪儿？"),
        ),
    )
    return "\n".join(
        [
            variant.note,
            f"问：{ask[0]}答：" + "，".join(item.conditions) + "。",
            f"问：{ask[1]}答：" + "、".join((*item.materials, *variant.plus)) + "。",
            f"问：{ask[2]}答：" + "；".join(step.rstrip("。") for step in item.steps) + "。",
            f"问：{ask[3]}答：{variant.days}。",
            f"问：{ask[4]}答：{variant.fee}。",
            f"问：{ask[5]}答：{variant.where or site.hall}（{office}，电话{tel}）。",
        ]
    )


def _paragraphs(item: Item, variant: Variant, site: Site, office: str, tel: str) -> str:
    """Write 泽原市's page: plain paragraphs."""
    key = f"{site.id}/{item.id}"
    opening = pick(key, ("办这件事之前，请先对照条件：", "符合下列情形的可以申请：", "申请人应当满足："))
    bring = pick(key, ("请带齐", "材料共需", "到窗口时交验"))
    last = pick(key, ("另外请注意，", "需要提醒的是，", "补充说明："))
    return "\n".join(
        [
            f"{item.about}我市由{office}负责，在{variant.where or site.hall}受理，电话{tel}。",
            opening + "；".join(item.conditions) + "。",
            f"{bring}：" + "，".join((*item.materials, *variant.plus)) + "。",
            f"{pick(key + '/steps', ('办理顺序是', '流程上', '具体做法：'))}{_in_turn(item.steps)}。",
            f"办理时间为{variant.days}。{_fee(key, variant.fee)}",
            f"{last}{variant.note}",
        ]
    )


def _in_turn(steps: Texts) -> str:
    """Join steps as one speaks: 先…，再…，接着…，最后…."""
    words = ("先", *(("再", "接着", "随后")[i % 3] for i in range(len(steps) - 2)), "最后")
    return "，".join(word + step.rstrip("。") for word, step in zip(words, steps, strict=True))


def _fee(key: str, fee: str) -> str:
    if fee == "不收费":
        return pick(key, ("办理不收取任何费用。", "本项服务免费。", "不收费。"))
    if fee.startswith("不收费"):
        return fee + "。"
    return pick(key, ("收费标准：{}。", "费用为：{}。", "需缴纳：{}。")).format(fee)


def _numbered(parts: Texts, mark: str) -> str:
    return "；".join(mark.format(i) + part for i, part in enumerate(parts, 1)) + "。"


LAYOUTS = {"zwfw": _official, "linlan": _chapters, "qinglan": _questions, "zeyuan": _paragraphs}

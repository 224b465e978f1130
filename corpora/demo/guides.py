"""Write the service guides (办事指南): one page for each place that handles an item, in its portal's own layout."""

from collections.abc import Iterator

from corpora.demo.choice import pick
from corpora.demo.facts import Facts, Gazetteer
from corpora.demo.model import Item, Knowledge, Site, Texts, Variant
from corpora.demo.page import Links, Page
from corpora.model import Document

TITLES = {
    "zwfw": "{}",
    "linlan": "{}办事指南",
    "qinglan": "{}",
    "zeyuan": "{}服务指南",
    "jiangting": "{}（区级）",
    "rst": "{}业务指引",
    "ybj": "{}经办规程",
}
COLUMNS = {
    "zwfw": "个人办事",
    "linlan": "办事指南",
    "qinglan": "我要办",
    "zeyuan": "便民服务",
    "jiangting": "区级事项",
    "rst": "业务指引",
    "ybj": "经办服务",
}


def guides(knowledge: Knowledge) -> Iterator[Page]:
    """Yield the guides in the order of items, then of sites."""
    gazetteer = Gazetteer(knowledge)
    for item in knowledge.items:
        for site in knowledge.sites:
            variant = item.at.get(site.id)
            if variant is None:
                continue
            facts = gazetteer.facts(item, site, "guide")
            document = Document(
                id=f"{site.id}-guide-{item.id}",
                site=site.host,
                url=f"https://{site.host}/bszn/{item.id}.html",
                title=TITLES[site.id].format(facts.name),
                body=LAYOUTS[site.id](item, variant, facts, f"{site.id}/{item.id}"),
                column=column_of(item, site),
                kind="办事指南",
                agency=facts.office,
                region=site.region,
                published=facts.date,
                extra={"item": item.id, "theme": item.theme},
            )
            yield Page(document=document, links=Links(item=item.id, wrong=facts.wrong))


def column_of(item: Item, site: Site) -> str:
    """Return the column that the guide of an item stands in."""
    return "法人办事" if site.id == "zwfw" and item.audience == "legal-person" else COLUMNS[site.id]


def _official(item: Item, variant: Variant, facts: Facts, key: str) -> str:
    """Write the provincial service portal's page: a table read aloud, with legal basis."""
    accepted = pick(key, ("受理条件", "申请条件", "办理条件"))
    return "\n".join(
        [
            item.about,
            f"实施机构：{facts.office}",
            f"{accepted}：" + _numbered(item.conditions, "（{}）"),
            "申请材料：" + _numbered((*item.materials, *variant.plus), "{}."),
            "办理流程：" + "→".join(step.rstrip("。") for step in item.steps) + "。",
            f"收费情况：{facts.fee}。承诺办结时限：{facts.days}。",
            f"设定依据：{item.basis}",
            f"说明：{variant.note}",
            f"线下窗口：{facts.where}。咨询电话：{facts.tel}。",
        ]
    )


def _chapters(item: Item, variant: Variant, facts: Facts, key: str) -> str:
    """Write 临澜市's page: numbered chapters."""
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
        f"{facts.days}。{_fee(key, facts.fee)}",
        f"{facts.where}，咨询电话{facts.tel}。",
        variant.note,
    )
    return f"本事项由{facts.office}办理。\n" + "\n".join(
        f"{'一二三四五六'[i]}、{head}\n{body}" for i, (head, body) in enumerate(zip(heads, bodies, strict=True))
    )


def _questions(item: Item, variant: Variant, facts: Facts, key: str) -> str:
    """Write 青岚市's page: questions and answers."""
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
            f"问：{ask[3]}答：{facts.days}。",
            f"问：{ask[4]}答：{facts.fee}。",
            f"问：{ask[5]}答：{facts.where}（{facts.office}，电话{facts.tel}）。",
        ]
    )


def _paragraphs(item: Item, variant: Variant, facts: Facts, key: str) -> str:
    """Write 泽原市's page: plain paragraphs."""
    opening = pick(key, ("办这件事之前，请先对照条件：", "符合下列情形的可以申请：", "申请人应当满足："))
    bring = pick(key, ("请带齐", "材料共需", "到窗口时交验"))
    last = pick(key, ("另外请注意，", "需要提醒的是，", "补充说明："))
    return "\n".join(
        [
            f"{item.about}我市由{facts.office}负责，在{facts.where}受理，电话{facts.tel}。",
            opening + "；".join(item.conditions) + "。",
            f"{bring}：" + "，".join((*item.materials, *variant.plus)) + "。",
            f"{pick(key + '/steps', ('办理顺序是', '流程上', '具体做法：'))}{_in_turn(item.steps)}。",
            f"办理时间为{facts.days}。{_fee(key, facts.fee)}",
            f"{last}{variant.note}",
        ]
    )


def _district(item: Item, variant: Variant, facts: Facts, key: str) -> str:
    """Write 江汀区's page: what to know first, then the rest as short lines."""
    return "\n".join(
        [
            f"【先看这里】{variant.note}",
            f"{pick(key, ('谁可以办', '符合什么条件', '适用人群'))}：{'；'.join(item.conditions)}。",
            f"{pick(key + '/m', ('带什么', '材料', '需提交'))}：{'、'.join((*item.materials, *variant.plus))}。",
            f"{pick(key + '/d', ('多久', '时限'))}：{facts.days}；{pick(key + '/f', ('费用', '收费'))}：{facts.fee}。",
            f"{pick(key + '/s', ('步骤', '怎么走'))}：{' / '.join(step.rstrip('。') for step in item.steps)}。",
            f"受理窗口在{facts.where}，由{facts.office}负责，可先打{facts.tel}问清再来。",
        ]
    )


def _bureau(item: Item, variant: Variant, facts: Facts, key: str) -> str:
    """Write 省人社厅's page: the rules first, as an internal manual turned outward."""
    steps = "，".join(step.rstrip("。") for step in item.steps)
    return "\n".join(
        [
            f"一、政策依据。{item.basis}。{item.about}",
            f"二、申办条件。{_numbered(item.conditions, '{}）')}",
            f"三、经办流程。{pick(key, ('经办环节为：', '依次为：', ''))}{steps}。",
            f"四、要件。{_numbered((*item.materials, *variant.plus), '{}）')}",
            f"五、时限{facts.days}，收费标准：{facts.fee}。",
            f"六、口径说明。{variant.note}",
            f"七、咨询。{facts.office}，{facts.where}，{facts.tel}。",
        ]
    )


def _procedure(item: Item, variant: Variant, facts: Facts, key: str) -> str:
    """Write 省医保局's page: table-like rows, as medical insurance handling rules are published."""
    return "\n".join(
        [
            f"事项名称：{facts.name}　{pick(key, ('办理机构', '经办机构'))}：{facts.office}",
            variant.note,
            f"参保人需要：{'，'.join((*item.materials, *variant.plus))}。",
            f"办理环节：{'—'.join(step.rstrip('。') for step in item.steps)}。",
            f"对象与条件：{'；'.join(item.conditions)}。{item.about}",
            f"办理时限：{facts.days}　费用：{facts.fee}　地点：{facts.where}　电话：{facts.tel}",
            f"依据：{item.basis}",
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


LAYOUTS = {
    "zwfw": _official,
    "linlan": _chapters,
    "qinglan": _questions,
    "zeyuan": _paragraphs,
    "jiangting": _district,
    "rst": _bureau,
    "ybj": _procedure,
}

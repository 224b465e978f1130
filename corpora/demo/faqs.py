"""Write the frequent questions on items (常见问题): the same question in several places, with the facts of each."""

from collections.abc import Iterator

from corpora.demo.choice import pick, shift
from corpora.demo.facts import Gazetteer, sites_that_tell
from corpora.demo.model import Faq, Item, Knowledge, Site
from corpora.demo.page import Links, Page
from corpora.model import Document

SITES_EACH = (2, 2, 3)
"""In how many places a question is answered, where the author names none: one of these by chance."""

COLUMNS = {"zwfw": "常见问题", "rst": "常见问题解答", "ybj": "医保问答", "jiangting": "热点问题"}

ANY_FACT = ("fee", "days", "where", "office", "tel")

FACT_LINES = {
    "fee": ("费用方面：{fee}。", "收费：{fee}。", "目前执行的标准为{fee}。"),
    "days": ("一般{days}。", "办结时限：{days}。", "从受理到办好：{days}。"),
    "where": ("办理地点：{where}。", "请到{where}。", "窗口设在{where}。"),
    "office": ("（答复单位：{office}）", "以上由{office}负责解释。", "承办单位为{office}。"),
    "tel": ("还有疑问请拨打{tel}。", "咨询电话：{tel}。", "可致电{tel}核实。"),
    "date": ("（本条更新于{date}）", "以上口径自{date}起适用。", "信息日期：{date}。"),
}
"""Fact → ways to tell it in one sentence."""


def faqs(knowledge: Knowledge) -> Iterator[Page]:
    """Yield the questions in the order of items, then of questions, then of places."""
    gazetteer = Gazetteer(knowledge)
    for item in knowledge.items:
        for number, faq in enumerate(item.faqs):
            if faq.sites:
                places = [gazetteer.sites[name] for name in faq.sites]
            else:
                most = pick(f"{item.id}/{number}/sites", SITES_EACH)
                places = list(sites_that_tell(gazetteer, item, number, most, "faq"))
            for site in places:
                yield _page(gazetteer, item, site, faq, number)


def _page(gazetteer: Gazetteer, item: Item, site: Site, faq: Faq, number: int) -> Page:
    doc_id = f"{site.id}-faq-{item.id}-{number + 1}"
    facts = gazetteer.facts(item, site, "faq")
    # The first question of a place tells its fault even where the answer itself has no room for it.
    fact = facts.wrong[0] if facts.wrong and number == 0 else pick(doc_id + "/fact", ANY_FACT)
    last = pick(doc_id + "/last", FACT_LINES[fact])
    document = Document(
        id=doc_id,
        site=site.host,
        url=f"https://{site.host}/cjwt/{item.id}/{number + 1}.html",
        title=facts.fill(faq.ask),
        body=facts.fill(_body(doc_id, site, faq, item.at[site.id].note, last)),
        column=COLUMNS.get(site.id) or pick(doc_id, ("常见问题", "办事问答")),
        kind="常见问题",
        agency=facts.office,
        region=site.region,
        published=shift(item.at[site.id].date, doc_id, 5, 170),
    )
    links = Links(
        answers=(item.id,),
        aspects=(faq.aspect,),
        group=f"faq/{item.id}/{number + 1}",
        wrong=facts.wrong_in(faq.ask + faq.say + last),
    )
    return Page(document=document, links=links)


def _body(doc_id: str, site: Site, faq: Faq, note: str, last: str) -> str:
    """Write the answer, then what is particular here, then one fact; each place has its own way of opening."""
    opening = {
        "zwfw": ("",),
        "linlan": ("您好，", "", "答："),
        "qinglan": (f"问：{faq.ask}\n答：",),
        "zeyuan": ("", "这个问题问得多，统一答复如下。", "窗口人员答复："),
        "jiangting": ("关于“{name}”：", ""),
        "rst": ("【解答】",),
        "ybj": ("【{name}】",),
    }[site.id]
    start = pick(doc_id, opening) + faq.say
    local = pick(doc_id + "/note", ("另外，{}", "{}", "需要说明的是：{}", "本地情况：{}")).format(note)
    return f"{start}\n{local}\n{last}" if pick(doc_id + "/order", (True, False)) else f"{start}{last}\n{local}"

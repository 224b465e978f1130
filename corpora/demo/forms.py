"""Write the blank forms (申请表) that guides offer as attachments."""

from collections.abc import Iterator

from corpora.demo.choice import pick
from corpora.demo.facts import Gazetteer
from corpora.demo.guides import column_of
from corpora.demo.model import Item, Knowledge, Site
from corpora.demo.page import Links, Page
from corpora.model import Document

SIGNED = ("申请人承诺以上内容属实。", "本人对所填内容的真实性负责。", "填写不实的，由申请人承担责任。")


def forms(knowledge: Knowledge) -> Iterator[Page]:
    """Yield one form for each item that has one, as the attachment of one place's guide."""
    gazetteer = Gazetteer(knowledge)
    for item in knowledge.items:
        if item.form:
            # Most forms are the province's own; where the province has no guide, one city's form is found by chance.
            name = "zwfw" if "zwfw" in item.at else pick(item.id + "/form", tuple(item.at))
            yield _form(gazetteer, item, gazetteer.sites[name])


def _form(gazetteer: Gazetteer, item: Item, site: Site) -> Page:
    parent = f"{site.id}-guide-{item.id}"
    facts = gazetteer.facts(item, site, "guide")
    body = "\n".join(
        [
            item.form,
            *(f"{field}：" for field in item.fields),
            f"办理事项：{facts.name}",
            f"填表说明：{item.about}随表提交{'、'.join((*item.materials, *item.at[site.id].plus))}。",
            pick(item.id + "/signed", SIGNED),
            f"申请人（签章）：　　年　月　日　　受理单位：{facts.office}",
        ]
    )
    document = Document(
        id=f"{parent}-form",
        site=site.host,
        url=f"https://{site.host}/bszn/{item.id}-form.docx",
        title=item.form,
        body=body,
        column=column_of(item, site),
        kind="附件",
        agency=facts.office,
        region=site.region,
        published=facts.date,
        extra={"attachment_of": parent},
    )
    return Page(document=document, links=Links(answers=(item.id,), aspects=("materials",), attachment_of=parent))

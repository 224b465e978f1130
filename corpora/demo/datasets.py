"""Write the open data pages (数据开放), each with its records as a spreadsheet."""

from collections.abc import Iterator

from corpora.demo.choice import pick
from corpora.demo.facts import Gazetteer
from corpora.demo.model import Dataset, Knowledge, Site
from corpora.demo.page import Links, Page, office_name
from corpora.model import Document

SHOWN = 3
"""Records that the page itself shows."""


def datasets(knowledge: Knowledge) -> Iterator[Page]:
    """Yield page and spreadsheet for each dataset at each site that publishes it."""
    gazetteer = Gazetteer(knowledge)
    for dataset in knowledge.datasets:
        for site_id in dataset.at:
            yield from _pages(gazetteer, dataset, gazetteer.sites[site_id])


def _pages(gazetteer: Gazetteer, dataset: Dataset, site: Site) -> Iterator[Page]:
    shown = dataset.at[site.id]
    doc_id = f"{site.id}-data-{dataset.id}"
    title = site.place + dataset.title
    office = office_name(gazetteer.agencies[dataset.agency], site)
    group = f"dataset/{dataset.id}"

    def page(name: str, url: str, kind: str, body: str, parent: str = "") -> Page:
        document = Document(
            id=name,
            site=site.host,
            url=f"https://{site.host}/sjkf/{url}",
            title=title,
            body=body,
            column="数据开放",
            kind=kind,
            agency=office,
            region=site.region,
            published=shown.date,
            extra={"attachment_of": parent} if parent else {},
        )
        return Page(document=document, links=Links(dataset=dataset.id, group=group, attachment_of=parent))

    head = pick(doc_id, ("数据项", "字段", "包含的数据项"))
    records = [record(dataset, row) for row in shown.rows[:SHOWN]]
    about = "\n".join(
        [
            f"{pick(doc_id + '/a', ('摘要', '数据描述', '简介'))}：{dataset.about}",
            f"数据提供单位：{office}　更新频率：{dataset.cycle}　记录数：{len(shown.rows)}　最近更新：{shown.date}",
            f"{head}：{'、'.join(dataset.columns)}。",
            f"{pick(doc_id + '/b', ('说明', '使用提示', '备注'))}：{shown.note}",
            f"数据预览：{'；'.join(records)}。",
        ]
    )
    yield page(doc_id, f"{dataset.id}.html", "数据开放", about)
    table = "\n".join("\t".join(row) for row in (dataset.columns, *shown.rows))
    yield page(f"{doc_id}-xlsx", f"{dataset.id}.xlsx", "附件", table, parent=doc_id)


def record(dataset: Dataset, row: tuple[str, ...]) -> str:
    """Write one record as a clause."""
    return "，".join(f"{column}{cell}" for column, cell in zip(dataset.columns, row, strict=True))

"""Write the special subjects (专题): a portal's own introduction, and what it leads to."""

from collections.abc import Iterator

from corpora.demo.facts import Gazetteer
from corpora.demo.model import Knowledge, Site, Topic
from corpora.demo.page import Links, Page, office_name
from corpora.model import Document


def topics(knowledge: Knowledge) -> Iterator[Page]:
    """Yield one page for each topic at each site that has it."""
    gazetteer = Gazetteer(knowledge)
    for topic in knowledge.topics:
        for site_id in topic.at:
            yield _page(gazetteer, topic, gazetteer.sites[site_id])


def _page(gazetteer: Gazetteer, topic: Topic, site: Site) -> Page:
    items = [gazetteer.items[name] for name in topic.items]
    here = [item.at[site.id].name or item.name for item in items if site.id in item.at]
    titles = [gazetteer.policies[name].title for name in topic.policies if gazetteer.policies[name].site == site.id]
    parts = [topic.at[site.id]]
    if here:
        parts.append(f"相关事项：{'、'.join(here)}。")
    if titles:
        parts.append(f"相关文件：{'、'.join(f'《{title}》' for title in titles)}。")
    document = Document(
        id=f"{site.id}-topic-{topic.id}",
        site=site.host,
        url=f"https://{site.host}/zt/{topic.id}/index.html",
        title=topic.title,
        body="\n".join(parts),
        column="专题专栏",
        kind="专题",
        agency=office_name(gazetteer.agencies[topic.agency], site),
        region=site.region,
        published=topic.date,
    )
    links = Links(topic=topic.id, mentions=topic.items, policies=topic.policies, group=f"topic/{topic.id}")
    return Page(document=document, links=links)

"""How each portal marks up its pages."""

from typing import Literal

import msgspec

from corpora.demo.choice import pick
from corpora.demo.model import Site


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The markup habits of one portal."""

    template: Literal["div", "table", "article", "service"]
    """Folder of its templates."""
    prefix: str
    """What its class names begin with."""
    body: str
    """Class of the element that holds the text."""
    paragraph: Literal["plain", "indent", "span", "spaces"]
    date: str
    """The line that tells the date, with `{y}`, `{m}`, `{d}` and `{time}`."""
    source: str
    """The line that tells the publishing agency."""
    links: Literal["root", "absolute", "relative"]
    """How a page names another page of the same site."""
    colour: str
    index_named: bool = False
    """True where a folder's own address ends in `index.html`, and the bare folder redirects there."""
    crawl_delay_s: int = 0


LAYOUTS = {
    "zwfw": Layout(
        template="service",
        prefix="sx",
        body="sx-content",
        paragraph="plain",
        date="更新日期：{y}-{m}-{d}",
        source="实施主体：{}",
        links="root",
        colour="#1a66b8",
    ),
    "yunchuan": Layout(
        template="article",
        prefix="pages",
        body="pages_content",
        paragraph="indent",
        date="{y}-{m}-{d} {time}",
        source="来源： {}",
        links="absolute",
        colour="#b01c1c",
    ),
    "linlan": Layout(
        template="div",
        prefix="xl",
        body="view TRS_UEDITOR trs_paper_default",
        paragraph="span",
        date="发布时间：{y}-{m}-{d} {time}",
        source="信息来源：{}",
        links="relative",
        colour="#0a5fa5",
    ),
    "qinglan": Layout(
        template="article",
        prefix="art",
        body="art-body",
        paragraph="plain",
        date="发布日期：{y}年{m}月{d}日",
        source="发布机构：{}",
        links="root",
        colour="#2b7a4b",
        index_named=True,
    ),
    "zeyuan": Layout(
        template="table",
        prefix="tb",
        body="bt_content",
        paragraph="spaces",
        date="日期：{y}/{m}/{d}",
        source="来源：{}",
        links="relative",
        colour="#c2410c",
        index_named=True,
    ),
    "jiangting": Layout(
        template="table",
        prefix="news",
        body="Custom_UnionStyle",
        paragraph="indent",
        date="【发布时间：{y}-{m}-{d}】",
        source="【来源：{}】",
        links="absolute",
        colour="#8a1f5c",
    ),
    "rst": Layout(
        template="div",
        prefix="main",
        body="zoom",
        paragraph="indent",
        date="日期：{y}-{m}-{d}",
        source="来源：{}",
        links="root",
        colour="#124a8c",
        crawl_delay_s=2,
    ),
    "ybj": Layout(
        template="div",
        prefix="con",
        body="con_text",
        paragraph="spaces",
        date="时间：{y}.{m}.{d} {time}",
        source="发布单位：{}",
        links="absolute",
        colour="#0f766e",
        index_named=True,
    ),
}
"""Site id → layout."""


def layout_of(site: Site) -> Layout:
    """Return the layout of a site; a site that has none of its own takes another's."""
    return LAYOUTS.get(site.id) or pick(site.id, tuple(LAYOUTS.values()))


def times_of_day() -> tuple[str, ...]:
    """Return the minutes of an office day, of which each page has one."""
    return tuple(f"{hour:02}:{minute:02}" for hour in range(8, 18) for minute in range(60))

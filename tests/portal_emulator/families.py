"""The request and response shape of each family: what it reads, what it refuses, and how it writes results."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from html import escape
from typing import Any

import msgspec

from corpora.model import Document


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the families read it."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    json: Any = None
    headers: dict[str, str]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Status, media type and text."""

    status: int = 200
    type: str = "application/json; charset=utf-8"
    text: str


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What a family needs to answer: pages by query and site code, and which of them are pinned."""

    found: Callable[[str, str], list[Document]]
    pinned: frozenset[str] = frozenset()
    cap_pages: int = 25
    tokens: set[str]


Family = Callable[[Ask, Desk], Reply | None]


def answer(ask: Ask, desk: Desk) -> Reply:
    """Return what the family whose interface was asked answers."""
    for family in FAMILIES.values():
        reply = family(ask, desk)
        if reply is not None:
            return reply
    return Reply(status=404, type="text/html; charset=utf-8", text="<h1>404</h1>")


def marked(text: str) -> str:
    return text.replace("公积金", "<em>公积金</em>")


def cn(document: Document) -> str:
    year, month, day = map(int, document.published.split("-"))
    return f"{year}年{month}月{day}日"


def ms(document: Document) -> int:
    midnight = datetime.fromisoformat(document.published).replace(tzinfo=timezone(timedelta(hours=8)))
    return int(midnight.timestamp() * 1000)


def pin(desk: Desk, document: Document) -> dict[str, Any]:
    return {"isTop": 1} if document.id in desk.pinned else {}


def part(documents: list[Document], page: int, size: int, first: int = 1) -> list[Document]:
    return documents[(page - first) * size : (page - first + 1) * size] if page >= first else []


def told(value: object) -> Reply:
    return Reply(text=json.dumps(value, ensure_ascii=False))


def page_of_html(inside: str) -> Reply:
    head = "<!DOCTYPE html><html><head><meta charset='utf-8'><title>站内搜索</title></head>"
    return Reply(type="text/html; charset=utf-8", text=f"{head}<body>{inside}</body></html>")


def jsearchfront(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/jsearchfront/interfaces/cateSearch.do" or ask.method != "POST":
        return None
    f = ask.form
    documents = desk.found(f["q"], f["websiteid"])
    shown = [
        f"<div class='jcse-result-box'><div class='jcse-news-title'><a href='/jsearchfront/visit/link.do?"
        f"url={d.url.replace(':', '%3A').replace('/', '%2F')}&q=x'>{marked(d.title)}</a></div>"
        f"<span class='jcse-news-date'>{d.published}</span></div>"
        for d in part(documents, int(f["p"]), int(f["pg"]))
    ]
    return told({"result": shown, "total": len(documents)})


def jrobot(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/jrobot/search.do":
        return None
    q = ask.query
    documents = desk.found(q["q"], q["webid"])
    boxes = "".join(
        "<div class='jsearch-result-box'>"
        f"<div class='jsearch-result-title'><a href='{d.url}'>{marked(d.title)}</a></div>"
        f"<div class='jsearch-result-url'><a href='{d.url}'>{d.url}</a></div>"
        f"<span class='jsearch-result-date'>{cn(d)}</span></div>"
        for d in part(documents, int(q["p"]), int(q["pg"]))
    )
    return page_of_html(
        f"<div id='jsearch-info-box' data-total='{len(documents)}'>共 {len(documents)} 条</div>"
        f"<input name='q' value='{escape(q['q'])}'><div id='jsearch-result-items'>{boxes}</div>"
    )


def jpaas(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/api-gateway/jpaas-jsearch-web-server/interface/search/info":
        return None
    q = ask.query
    documents = desk.found(q["q"], q["websiteid"])
    shown = [
        f"<div class='titleWrapper'><a data-title='{d.title}' href='{d.url}'>{marked(d.title)[:12]}…</a></div>"
        f"<div class='sourceTime'><span>来源：门户网站</span><span>时间：{cn(d)}</span></div>"
        for d in part(documents, int(q["p"]), int(q["pg"]))
    ]
    return told({"success": True, "data": {"searchResult": {"result": shown, "total": len(documents)}}})


def igs(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/igs/front/search.jhtml":
        return None
    q = ask.query
    if not q.get("code") or not q.get("siteId"):
        return Reply(status=500, type="text/html", text="<h1>HTTP Status 500</h1>")
    documents = desk.found(q["searchWord"], q["siteId"])
    shown = [
        {"title": marked(d.title), "url": d.url, "trs_time": f"{d.published}T09:30:00", **pin(desk, d)}
        for d in part(documents, int(q["pageNumber"]), int(q["pageSize"]))
    ]
    return told({"page": {"content": shown, "total": len(documents)}})


def irs(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/irs/front/search":
        return None
    j = ask.json
    if not isinstance(j, dict) or not isinstance(j["pageNo"], int) or not isinstance(j["pageSize"], int):
        return Reply(status=400, text='{"code": 400}')
    documents = desk.found(j["searchWord"], j["code"])
    shown = [
        {"type": "list", "data": {"title": marked(d.title), "url": d.url, "time": f"{d.published} 09:30"}}
        for d in part(documents, j["pageNo"], j["pageSize"])
    ]
    return told({"code": 200, "data": {"middle": {"listAndBox": shown}, "pager": {"total": len(documents)}}})


def trssearch(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/trs-search/trssearch/v2/searchAll.do":
        return None
    q = ask.query
    documents = desk.found(q["allKeywords"], q["siteId"])
    shown = [
        {
            "title": marked(d.title),
            "docpuburl": d.url.replace("https:", "http:"),
            "docpubtime": f"{d.published} 10:00:00",
        }
        for d in part(documents, int(q["pageNum"]), 10)
    ]
    return told({"data": {"data": shown, "total": len(documents)}})


def was5(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/was5/web/search":
        return None
    q = ask.query
    documents = desk.found(q["searchword"], q["channelid"])
    items = "".join(
        f"<li><div><a href='{d.url}'>{marked(d.title)}</a></div><p>…</p>"
        f"<div class='pubtime'>{d.published.replace('-', '.')}</div></li>"
        for d in part(documents, int(q["page"]), int(q["perpage"]))
    )
    return page_of_html(f"<table><tr><td class='searchresult'><ol>{items}</ol></td></tr></table>")


def so_gov(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path == "/so/s":
        token = f"word{len(desk.tokens)}"
        desk.tokens.add(token)
        return page_of_html(f"<script>var siteCode = 'x'; var wordToken = '{token}';</script>")
    if ask.path != "/so/ss/s":
        return None
    f = ask.form
    if f.get("wordToken") not in desk.tokens:
        return told({"ok": False, "code": 500, "msg": "token"})
    documents = desk.found(f["qt"], f["siteCode"])
    shown = [
        {"title": marked(d.title), "viewUrl": d.url, "docDate": d.published}
        for d in part(documents, int(f["page"]), int(f["pageSize"]))
    ]
    return told({"ok": True, "data": {"search": {"searchs": shown, "totalHits": len(documents)}}})


def beijing(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/so/ss/query/s":
        return None
    f = ask.form
    documents = [] if " " in f["qt"] else desk.found(f["qt"], f["siteCode"])  # no luck with several words
    page = min(int(f["page"]), desk.cap_pages)  # further pages are the last one again
    shown = [
        {"data": {"title": marked(d.title), "url": d.url, "docDate": d.published}}
        for d in part(documents, page, int(f["pageSize"]))
    ]
    return told({"code": 0, "resultDocs": shown, "totalHits": len(documents)})


def search5(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/search5/search/s":
        return None
    f = ask.form
    documents = desk.found(f["searchWord"], f["siteCode"])
    shown = [
        {"title": {"text": marked(d.title), "length": len(d.title)}, "url": d.url, "pubDate": ms(d)}
        for d in part(documents, int(f["pageNum"]), int(f["pageSize"]))
    ]
    return told({"searchResultAll": {"searchTotal": shown, "total": len(documents)}})


def guangdong(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path.startswith("/search/all/"):
        desk.tokens.add("csrf-7")
        return page_of_html("<form><input type='hidden' name='_CSRF' value='csrf-7'></form>")
    if ask.path != "/api/search/all":
        return None
    f = ask.form  # a JSON body is not looked at, and nobody says so
    if f and f.get("_CSRF") not in desk.tokens:
        return Reply(status=400, text='{"message": "CSRF"}')
    documents = desk.found(f["keywords"], f.get("site_id", "")) if f.get("keywords") else []
    shown = [
        {"title": marked(d.title), "url": d.url, "pub_time": f"{d.published} 08:00:00"}
        for d in part(documents, int(f.get("page", "1")), 20)
    ]
    return told({"errcode": 0, "data": {"news": {"list": shown, "total": len(documents)}}})


def gov_cn(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/search-gov/data":
        return None
    q = ask.query
    documents = desk.found(q["q"], q["t"])
    categories = {"gongwen": documents[0::2], "bumenfile": documents[:1] + documents[1::2]}
    catalogue = {
        name: {
            "totalCount": len(members),
            "listVO": [
                {
                    "title": marked(d.title),
                    "url": d.url,
                    "pubtimeStr": d.published.replace("-", ".") if name == "gongwen" else None,
                    "ptime": ms(d),
                }
                for d in part(members, int(q["p"]), int(q["n"]))
            ],
        }
        for name, members in categories.items()
    }
    return told({"code": 200, "totalCount": 0, "searchVO": {"totalCount": 0, "catMap": catalogue}})


def epoint(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/inteligentsearch/rest/esinteligentsearch/getFullTextDataNew":
        return None
    j = ask.json
    documents = desk.found(j["wd"], j["cnum"])
    shown = [
        {
            "title": marked(d.title),
            "infourl": d.url.removeprefix("https://www.linlan.gov.example"),
            "webdate": d.published,
        }
        for d in documents[j["pn"] : j["pn"] + j["rn"]]
    ]
    return told({"result": {"records": shown, "totalcount": len(documents)}})


def hunan(ask: Ask, desk: Desk) -> Reply | None:
    steps = ask.path.split("/")
    if len(steps) != 4 or steps[1] != "hunan" or steps[3] != "news":
        return None
    documents = desk.found(ask.query["q"], steps[2])
    items = "".join(
        f"<li><div class='title'><a href='{d.url}'>{marked(d.title)}</a></div>"
        f"<span class='source-time'>门户网站 {d.published}</span></li>"
        for d in part(documents, int(ask.query["p"]), 10, first=0)
    )
    return page_of_html(f"<div id='hits'><ul>{items}</ul></div>")


def shandong(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/api/search":
        return None
    j = ask.json
    documents = desk.found(j["q"], j["site"])
    shown = [
        {"resourceTitle": [marked(d.title)], "resourceUrl": d.url, "resourceDate": None, "publishTime": ms(d)}
        for d in part(documents, j["page"], 10)
    ]
    return told({"data": {"elements": shown, "totalHits": len(documents)}})


def miit(ask: Ask, desk: Desk) -> Reply | None:
    if ask.path != "/search-front-server/api/search/info":
        return None
    q = ask.query
    documents = desk.found(q["q"], q["websiteid"])
    shown = [
        {"data": {"title": marked(d.title), "url": d.url, "cdate": ms(d)}}
        for d in part(documents, int(q["p"]), int(q["pg"]))
    ]
    return told({"data": {"searchResult": {"dataResults": shown, "total": len(documents)}}})


FAMILIES: dict[str, Family] = {
    "beijing": beijing,
    "epoint": epoint,
    "gov-cn": gov_cn,
    "guangdong": guangdong,
    "hanweb-jpaas": jpaas,
    "hanweb-jrobot": jrobot,
    "hanweb-jsearchfront": jsearchfront,
    "hunan": hunan,
    "miit": miit,
    "shandong": shandong,
    "so-gov": so_gov,
    "trs-igs": igs,
    "trs-irs": irs,
    "trs-search": trssearch,
    "trs-was5": was5,
    "ucap-search5": search5,
}

SITE_VALUE = {
    "beijing": "siteCode",
    "epoint": "cnum",
    "gov-cn": "t",
    "guangdong": "site_id",
    "hanweb-jpaas": "websiteid",
    "hanweb-jrobot": "webid",
    "hanweb-jsearchfront": "websiteid",
    "hunan": "id",
    "miit": "websiteid",
    "shandong": "site_code",
    "so-gov": "siteCode",
    "trs-igs": "siteId",
    "trs-irs": "code",
    "trs-search": "siteId",
    "trs-was5": "channelid",
    "ucap-search5": "siteCode",
}
"""Which value of each preset is the site's."""

OTHER_VALUES = {"trs-igs": {"code": "c0de"}}

"""Tell an answer from a refusal: what came back, as a page of results or as the error that it means."""

import json
import re
from typing import Any

import msgspec

from indexers.errors import BlockedError, SearchError
from indexers.portal.paths import select
from indexers.portal.preset import Preset, Sign
from indexers.portal.reading import Page, read_html, read_json

REFUSALS = (401, 403, 407, 412, 418, 429, 451)
"""Statuses by which portals and their firewalls refuse; 412 asks for a browser that runs scripts."""
LOGIN = ("login", "signin", "passport", "/sso", "/cas/", "oauth", "denglu")
WALLS = {
    "captcha": ("验证码", "人机验证", "滑动验证", "安全验证", "拖动滑块", "captcha"),
    "too many requests": ("访问过于频繁", "访问频繁", "请求过于频繁", "操作过于频繁", "访问次数过多"),
    "firewall": ("访问被拒绝", "访问被拦截", "请求被拦截", "疑似攻击", "安全防护"),
    "login wall": ("请登录", "请先登录", "用户登录", "统一身份认证", "登录后"),
}
_DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,20})", re.IGNORECASE)
_EMPTY = Page(results=(), total=0)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back over HTTP."""

    status: int
    body: bytes
    url: str
    charset: str = ""
    """As the Content-Type header declares it."""
    location: str = ""
    """Where it redirects and was not followed."""


def page_of(answer: Answer, preset: Preset, query: str, base: str) -> Page:
    """Return the page of results that an answer holds.

    Raises `BlockedError` when it is a captcha, a ban, a login wall or another refusal, and `SearchError` when it is
    broken: another status, malformed, of another encoding than it says, or of a shape that the preset does not know.
    """
    if sign := next((one for one in preset.signs if _at_the_door(one, answer)), None):
        return _meant(sign)
    check_status(answer)
    shape = preset.results
    text = decoded(answer, shape.charset)
    if shape.format == "html":
        page = read_html(text, shape, base)
    else:
        try:
            document = json.loads(text)
        except ValueError:
            refuse_walls(preset, text, query)
            raise SearchError("malformed answer: not JSON") from None
        if sign := next((one for one in preset.signs if _holds(one, document)), None):
            return _meant(sign)
        page = read_json(document, shape, base)
    if page.results:
        return page
    for sign in preset.signs:
        if any(word in _without(text, query) for word in sign.words):
            return _meant(sign)
    if page.well_formed:
        return page
    refuse_walls(preset, text, query)
    missing = shape.container if shape.format == "html" else shape.items
    raise SearchError(f"malformed answer: it has no {missing!r}")


def check_status(answer: Answer) -> None:
    """Raise what an HTTP status other than success means."""
    if answer.location:
        if any(part in answer.location.lower() for part in LOGIN):
            raise BlockedError("login wall: the search redirects to a login")
        raise SearchError(f"HTTP {answer.status}: the search redirects elsewhere")
    if answer.status in REFUSALS:
        raise BlockedError(f"HTTP {answer.status}")
    if not 200 <= answer.status < 300:
        raise SearchError(f"HTTP {answer.status}")


def decoded(answer: Answer, charset: str = "") -> str:
    """Return the text of an answer in `charset`, or in the encoding that it declares; UTF-8 where it declares none.

    Raises `SearchError` when its bytes are of another encoding: citizens see them garbled, too.
    """
    declared = charset or answer.charset
    if not declared and (match := _DECLARED.search(answer.body[:4096])):
        declared = match[1].decode("ascii")
    declared = (declared or "utf-8").lower()
    chinese = declared.replace("-", "").replace("_", "") in ("gb2312", "gbk", "gb18030", "xgbk", "cp936")
    try:
        text = answer.body.decode("gb18030" if chinese else declared)
        garbled = chinese and not charset and _is_utf8(answer.body)
    except LookupError:
        raise SearchError(f"wrong charset: the answer declares {declared[:20]!r}, which is none") from None
    except UnicodeDecodeError:
        garbled = True
    if garbled:
        raise SearchError(f"wrong charset: the answer declares {declared[:20]!r} and holds something else")
    return text.removeprefix("\ufeff")


def _is_utf8(body: bytes) -> bool:
    """Tell whether the bytes are UTF-8 beyond ASCII; Chinese in GB18030 practically never is."""
    try:
        return not body.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False


def _at_the_door(sign: Sign, answer: Answer) -> bool:
    return answer.status in sign.status or any(part in answer.location for part in sign.location if answer.location)


def _holds(sign: Sign, document: Any) -> bool:
    found = select(document, sign.json) if sign.json else None
    wanted = {str(value) for value in sign.equals}
    return any(str(value) in wanted for value in found or () if not isinstance(value, dict | list))


def _meant(sign: Sign) -> Page:
    if sign.outcome == "blocked":
        raise BlockedError(sign.name)
    if sign.outcome == "failed":
        raise SearchError(sign.name)
    return _EMPTY


def refuse_walls(preset: Preset, text: str, query: str) -> None:
    """Raise what the words of a page mean that is not what was expected; return when they mean nothing."""
    page = _without(text, query).lower()
    for sign in preset.signs:
        if any(word in page for word in sign.words):
            _meant(sign)
    for name, words in WALLS.items():
        if any(word in page for word in words):
            raise BlockedError(name)


def _without(text: str, query: str) -> str:
    """Return the text without the query: a page repeats what was asked, and citizens ask for 验证码."""
    return text.replace(query, "") if query.strip() else text

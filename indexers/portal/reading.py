"""What a search answered: from its decoded text to results."""

import html
import re
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import lxml.etree
import lxml.html
import msgspec

from indexers.errors import SearchError
from indexers.portal.dates import day
from indexers.portal.paths import first, select
from indexers.portal.preset import Field, Results

_TAG = re.compile(r"</?(?:em|font|span|b|strong|i|u|mark|a|p|h\d|div|highlight|br)\b[^<>]*>", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_NUMBER = re.compile(r"\d+")
_TELLING = ("title", "text", "value", "name", "content")
"""Keys that hold the text of a title that is a table."""
_FALSE = ("", "0", "false", "no", "none", "null")


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One result as the portal shows it, its link made absolute and its date an ISO day or empty."""

    title: str
    url: str
    date: str = ""
    pinned: bool = False


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of results; `total` is None where the answer does not tell."""

    results: tuple[Result, ...]
    total: int | None = None
    well_formed: bool = True
    """Whether an answer without results has the shape of an answer all the same."""


def read_json(document: Any, shape: Results, base: str) -> Page:
    """Return the results in decoded JSON; links are relative to `base`."""
    items = select(document, shape.items)
    totals = select(document, shape.total) if shape.total else None
    if shape.format == "json-html":
        parsed = [_fragment(str(item)) for item in items or () if str(item).strip()]
        results = tuple(_from_html(element, shape, base) for element in parsed)
    else:
        pinned = select(document, shape.pinned_items) if shape.pinned_items else None
        results = (
            *(_from_json(item, shape, base, pinned=True) for item in pinned or ()),
            *(_from_json(item, shape, base) for item in items or ()),
        )
    return Page(
        results=tuple(one for one in results if one.title or one.url),
        total=_total(totals),
        # Some leave the list out when it would be empty, and give a total still.
        well_formed=items is not None or _total(totals) is not None,
    )


def read_html(text: str, shape: Results, base: str) -> Page:
    """Return the results in a page; links are relative to `base`. Raises `SearchError` when it is no page."""
    try:
        root = lxml.html.document_fromstring(_DECLARATION.sub("", text))
    except (lxml.etree.LxmlError, ValueError) as problem:
        raise SearchError(f"malformed answer: no HTML page ({type(problem).__name__})") from None
    pinned = root.cssselect(shape.pinned_items) if shape.pinned_items else []
    results = (
        *(_from_html(item, shape, base, pinned=True) for item in pinned),
        *(_from_html(item, shape, base) for item in root.cssselect(shape.items)),
    )
    totals = root.cssselect(shape.total) if shape.total else []
    written = [one.get(shape.total_attribute, "") if shape.total_attribute else one.text_content() for one in totals]
    return Page(
        results=tuple(one for one in results if one.title or one.url),
        total=_total(written or None),
        well_formed=bool(root.cssselect(shape.container)),
    )


def clean(value: Any) -> str:
    """Return the plain text of a title: without highlights and entities, white space made single.

    A list gives its parts one after the other, a table the text under its telling key.

    >>> clean(["<em>公积金</em>提取", None]), clean({"text": "社保 &amp; 医保"})
    ('公积金提取', '社保 & 医保')
    """
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join("".join(map(clean, value)).split())
    if isinstance(value, dict):
        for key in _TELLING:
            if value.get(key):
                return clean(value[key])
        return clean(next((text for text in value.values() if isinstance(text, str)), ""))
    return " ".join(html.unescape(_TAG.sub("", str(value))).split())


def _from_json(item: Any, shape: Results, base: str, *, pinned: bool = False) -> Result:
    def found(field: Field | None) -> Any:
        if field is None:
            return None
        value = first(item, field.path)
        return first(item, field.or_path) if value in (None, "") and field.or_path else value

    dates = [first(item, path) for path in (shape.date.path, shape.date.or_path) if path] if shape.date else []
    return Result(
        title=clean(found(shape.title)),
        url=_link(found(shape.url), shape.url, base),
        date=next((iso for value in dates if shape.date and (iso := day(value, shape.date.formats))), ""),
        pinned=pinned or str(found(shape.pinned) or "").strip().lower() not in _FALSE,
    )


def _from_html(item: Any, shape: Results, base: str, *, pinned: bool = False) -> Result:
    def found(field: Field) -> str:
        for element in item.cssselect(field.css) if field.css else [item]:
            value = element.get(field.attribute) if field.attribute else element.text_content()
            if value:
                return str(value)
        return ""

    return Result(
        title=clean(found(shape.title)),
        url=_link(found(shape.url), shape.url, base),
        date=day(found(shape.date), shape.date.formats) if shape.date else "",
        pinned=pinned or (shape.pinned is not None and bool(found(shape.pinned).strip())),
    )


def _fragment(text: str) -> Any:
    try:
        return lxml.html.fragment_fromstring(text, create_parent="div")
    except (lxml.etree.LxmlError, ValueError) as problem:
        raise SearchError(f"malformed answer: a result is no HTML ({type(problem).__name__})") from None


def _link(value: Any, field: Field, base: str) -> str:
    text = html.unescape(str(clean(value) if isinstance(value, list | dict) else value or "")).strip()
    if not text:
        return ""
    try:
        link = urljoin(base, text)
        if field.unwrap:
            inner = parse_qs(urlsplit(link).query).get(field.unwrap, [""])[0]
            link = urljoin(base, inner) if inner else link
    except ValueError:  # such as http://[…
        return text
    return link


def _total(values: list[Any] | None) -> int | None:
    numbers = [int(match[0]) for value in values or () if (match := _NUMBER.search(str(value).replace(",", "")))]
    return sum(numbers) if numbers else None

"""Rows of named cells become documents: the field map, the names that columns usually have, dates and ids."""

import difflib
from collections.abc import Mapping, Sequence

import msgspec

from corpora.errors import CorpusFormatError
from corpora.importers import identity
from corpora.importers.api import Item, Options, Skipped
from corpora.importers.dates import iso_date
from corpora.model import Document

FIELDS = tuple(name for name in Document.__struct_fields__ if name != "extra")
LEFT_OUT = "-"
_DATES = ("published", "expires")

_USUAL = {
    "id": ("_id", "docid", "doc_id", "编号", "文档编号", "序列号", "主键"),
    "site": ("host", "网站", "站点", "站点名称", "网站域名"),
    "url": ("link", "href", "网址", "链接", "地址", "url地址", "原文链接", "页面地址"),
    "title": ("name", "标题", "题名", "文件名称", "文件标题", "事项名称", "信息标题"),
    "body": ("text", "content", "contents", "正文", "内容", "全文", "正文内容", "信息内容"),
    "column": ("栏目", "栏目名称", "所属栏目"),
    "kind": ("type", "类型", "信息类型", "文种", "体裁"),
    "agency": ("source", "来源", "发布机构", "发文机关", "发文单位", "发布单位", "实施机构", "部门"),
    "region": ("地区", "区划", "行政区划", "行政区域"),
    "published": ("date", "pubdate", "发布日期", "发布时间", "发文日期", "成文日期", "日期"),
    "expires": ("失效日期", "废止日期", "失效时间"),
    "extra.doc_number": ("doc_number", "文号", "发文字号", "发文文号"),
}


class FieldMap:
    """Which column of a source becomes which field; made once for a header, applied to every row."""

    def __init__(self, fields: Mapping[str, str]):
        self.fields = dict(fields)

    @classmethod
    def of(cls, header: Sequence[str], options: Options, source: str) -> "FieldMap":
        """Return the map of a header: what the user mapped, then the usual names; other columns go into `extra`.

        Raises `CorpusFormatError` when a mapped column is not there or nothing becomes title or body.
        """
        check_fields(options.fields)
        for column in options.fields:
            if column not in header:
                raise CorpusFormatError(
                    f"{source} has no column {column!r}{near(column, header)}; its columns are: {_list(header)}"
                )
        fields = dict(options.fields)
        for field, names in (dict.fromkeys(FIELDS, ()) | _USUAL).items():
            if field in fields.values():
                continue
            for column in header:
                if column not in fields and column.strip().casefold() in (field, *names):
                    fields[column] = field
                    break
        if not {"title", "body"} & set(fields.values()):
            raise CorpusFormatError(
                f"{source}: no column is known to be title or body; name one with --map COLUMN=title or "
                f"--map COLUMN=body; its columns are: {_list(header)}"
            )
        return cls(fields)

    def document(self, cells: Mapping[str, str], where: str, options: Options) -> Item:
        """Return the document of one row; rows without title and body are skipped."""
        values: dict[str, str] = {}
        extra: dict[str, str] = {}
        for column, cell in cells.items():
            text = cell.strip()
            field = self.fields.get(column) or _kept(column)
            if not text or field == LEFT_OUT:
                continue
            if field.startswith("extra."):
                extra[field.removeprefix("extra.")] = text
            else:
                values[field] = text
        return finished(values, extra, where, options)


def _kept(column: str) -> str:
    """Return the place in `extra` of a column that is no field; a field's name there would be one in BEIR metadata."""
    name = column.removeprefix("extra.")
    return f"extra.original_{name}" if name in FIELDS else f"extra.{name}"


def finished(values: dict[str, str], extra: dict[str, str], where: str, options: Options) -> Item:
    """Return the document with a clean address, ISO dates, a site and an id that does not depend on its place."""
    if not values.get("title") and not values.get("body"):
        return Skipped(reason="empty", item=where)
    fields = dict(values)
    kept = dict(extra)
    for name in _DATES:
        if given := fields.get(name):
            fields[name] = iso_date(given)
            if not fields[name]:
                kept[f"{name}_as_given"] = given
    spelled = identity.address(fields.get("url", ""))
    fields["url"] = spelled or fields.get("url", "")
    fields["site"] = fields.get("site") or identity.host(spelled) or options.site
    document = Document(id=fields.pop("id", ""), extra=kept, **fields)
    if document.id:
        return document
    new = identity.address_id(spelled) if spelled else identity.content_id(document)
    return msgspec.structs.replace(document, id=new)


def check_fields(fields: Mapping[str, str]) -> None:
    """Raise `CorpusFormatError` when a column is mapped to a field that documents do not have, or two to the same."""
    taken: dict[str, str] = {}
    for column, field in fields.items():
        if field != LEFT_OUT and field not in FIELDS and not field.startswith("extra."):
            raise CorpusFormatError(
                f"--map {column}={field}: documents have no field {field!r}{near(field, FIELDS)}; "
                f"fields are: {_list(FIELDS)}, extra.NAME, or - to leave the column out"
            )
        if field in taken and field != LEFT_OUT:
            raise CorpusFormatError(f"--map: both {taken[field]!r} and {column!r} go to {field!r}; leave one out")
        taken[field] = column


def near(word: str, names: Sequence[str]) -> str:
    """Return a question that offers the nearest of the names, or an empty text."""
    found = difflib.get_close_matches(word, names, n=3, cutoff=0.5)
    found += [name for name in names if name not in found and word and (word in name or (name and name in word))]
    return f" (did you mean {' or '.join(map(repr, found[:3]))}?)" if found else ""


def _list(names: Sequence[str], shown: int = 20) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    printable = ("".join(sign if sign.isprintable() else " " for sign in name) for name in names[:shown])
    return ", ".join(printable) + more

"""Pages and attachments become documents through the extraction functions that the caller hands in."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from corpora.importers import identity
from corpora.importers.api import MAX_ITEM_BYTES, Extracted, ExtractedText, Item, Options, Skipped
from corpora.importers.identity import Parent
from corpora.importers.rows import finished
from corpora.model import Document

TAKEN_OVER = ("column", "kind", "agency", "region", "published")
"""What an attachment takes over from the page that names it."""

PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_ATTACHMENT_TYPES = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
}
_OLD_OFFICE = {
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/wps-office.doc",
}
ATTACHMENTS = frozenset(_ATTACHMENT_TYPES.values())
OLD_ATTACHMENTS = frozenset({"doc", "xls", "ppt", "wps", "et", "ofd", "rtf"})
_PAGE_SUFFIXES = frozenset({"", "html", "htm", "shtml", "jhtml", "jsp", "jspx", "do", "action", "asp", "aspx", "php"})
_GENERIC = {"", "application/octet-stream", "binary/octet-stream", "application/download", "application/x-download"}
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


def kind_of(content_type: str, url: str) -> str:
    """Return `page`, `attachment`, `old-attachment` or an empty text for everything else.

    >>> kind_of("text/html; charset=utf-8", ""), kind_of("application/octet-stream", "https://a/b.pdf")
    ('page', 'attachment')
    """
    given = content_type.partition(";")[0].strip().lower()
    if given in PAGE_TYPES:
        return "page"
    if given in _ATTACHMENT_TYPES:
        return "attachment"
    if given in _OLD_OFFICE:
        return "old-attachment"
    if given not in _GENERIC:
        return ""
    suffix = PurePosixPath(_path(url)).suffix.lstrip(".").lower()
    if suffix in ATTACHMENTS:
        return "attachment"
    if suffix in OLD_ATTACHMENTS:
        return "old-attachment"
    return "page" if not given and suffix in _PAGE_SUFFIXES else ""


def document_of(content: bytes, *, url: str, content_type: str, options: Options, where: str, site: str = "") -> Item:
    """Return the document of one page or attachment, or why there is none; extraction that fails is a reason, too.

    The id is that of the canonical address, or of `where` for a saved page that tells none.
    """
    kind = kind_of(content_type, url or where)
    if not kind:
        return Skipped(reason="not-a-page", item=where, detail=content_type)
    if kind == "old-attachment":
        return Skipped(reason="attachment-format", item=where, detail=content_type)
    if len(content) > MAX_ITEM_BYTES:
        return Skipped(reason="too-large", item=where)
    if not content.strip():
        return Skipped(reason="empty", item=where)
    try:
        if kind == "attachment":
            return _attached(options.attachment(content), url, where, site or options.site, options)
        charset = found.group(1) if (found := _CHARSET.search(content_type)) else ""
        extracted = options.page(content, url=url, content_type=content_type, http_charset=charset)
        return _page(extracted, url, where, site or options.site, options)
    except Exception as problem:  # pages are hostile and parsers many; one page must not end an import of a portal
        return Skipped(reason="extraction-failed", item=where, detail=f"{type(problem).__name__}: {problem}")


def _page(page: Extracted, url: str, where: str, site: str, options: Options) -> Item:
    if page.is_list:
        return Skipped(reason="list-page", item=where)
    values = {
        "title": page.title,
        "body": page.body,
        "column": page.column,
        "kind": page.kind,
        "agency": page.agency,
        "region": page.region,
        "published": page.published,
        "expires": page.expires,
    }
    extra = {
        "doc_number": page.doc_number,
        "effective": page.effective,
        "repealed": "true" if page.repealed else "",
        "site_name": page.site_name,
    }
    item = _identified(page, values, extra, url, where, site, options)
    if isinstance(item, Document) and options.parents is not None:
        for link in page.attachments:
            parent = Parent(
                doc_id=item.id,
                text=link.text,
                column=item.column,
                kind=item.kind,
                agency=item.agency,
                region=item.region,
                published=item.published,
            )
            options.parents.note(link.url, parent)
    return item


def _attached(text: ExtractedText, url: str, where: str, site: str, options: Options) -> Item:
    name = PurePosixPath(_path(url or where))
    extra = {"attachment": name.suffix.lstrip(".").lower()}
    parent = options.parents.of(url) if options.parents is not None and url else None
    named = parent.text if parent is not None else ""
    values = {"title": text.title or (named or name.stem if text.body else ""), "body": text.body}
    if parent is not None:
        extra["attachment_of"] = parent.doc_id
        values |= {field: getattr(parent, field) for field in TAKEN_OVER}
    return _identified(text, values, extra, url, where, site, options)


def _identified(
    text: ExtractedText,
    values: dict[str, str],
    extra: dict[str, str],
    url: str,
    where: str,
    site: str,
    options: Options,
) -> Item:
    if not values["title"] and not values["body"]:
        detail = "; ".join(f"{problem.kind}: {problem.detail}" for problem in text.problems)
        return Skipped(reason="empty", item=where, detail=detail)
    spelled = identity.address(url)
    values |= {
        "id": identity.address_id(spelled) if spelled else identity.file_id(where),
        "site": identity.host(spelled) or site,  # the host; what a page says about its site is a name
        "url": spelled,
    }
    item = finished(
        {name: value for name, value in values.items() if value},
        {name: value for name, value in extra.items() if value},
        where,
        options,
    )
    if isinstance(item, Document):
        options.note(item, text.problems)
    return item


def _path(url: str) -> str:
    try:
        return unquote(urlsplit(url).path)
    except ValueError:
        return ""

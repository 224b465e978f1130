"""The document: one page or attachment that a portal publishes."""

import msgspec


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One page, as engines index it and reports name it.

    Fields that a portal does not give are empty strings. Field names follow the page meta tags of Chinese
    government sites where one exists (ColumnName → column, ContentSource → agency, PubDate → published).
    """

    id: str
    """Unique within the corpus; stable over crawls."""
    site: str = ""
    """Host name of the portal, such as `www.yunchuan.gov.example`."""
    url: str = ""
    title: str = ""
    body: str = ""
    """Plain text without menus and footers."""
    column: str = ""
    """Name of the column (栏目) that lists the page."""
    kind: str = ""
    """The portal's word for the kind of page: 办事指南, 政策文件, 政策解读, 通知公告, 工作动态, 常见问题 …"""
    agency: str = ""
    """Publishing or responsible agency (发文机关, 实施机构)."""
    region: str = ""
    """Administrative region from the province down, parts joined by `/`, such as `云川省/临澜市`."""
    published: str = ""
    """ISO 8601 date."""
    expires: str = ""
    """ISO 8601 date from which the document is no longer in force; empty while it is."""
    extra: dict[str, str] = {}
    """Anything else worth keeping, such as `doc_number`."""

"""What an extraction gives: the record of a page, and the problems that were met."""

from typing import Literal

import msgspec

ProblemKind = Literal["missing", "dirty", "repaired", "guessed", "charset", "unreadable", "too_large", "encrypted"]
"""`missing`: not there. `dirty`: there, and not to be used. `repaired`: there, and used after a repair. `guessed`: read
from a weak sign. `charset`: the declared encoding is not the one of the bytes. The others end an extraction early."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a page or attachment."""

    kind: ProblemKind
    subject: str
    """The meta tag or field concerned, such as `PubDate` or `body`."""
    detail: str
    """One line on what was found and what was made of it."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link of a page, its address absolute."""

    url: str
    text: str = ""


class Extracted(msgspec.Struct, frozen=True, kw_only=True):
    """What one page says, in the words of `corpora.model.Document` where it has them; unknown fields are empty."""

    url: str
    """The address that the page was extracted under, as given."""
    title: str = ""
    body: str = ""
    """Plain text, one paragraph or table row a line and cells apart by tabs, without menus and footers."""
    column: str = ""
    kind: str = ""
    """The ColumnType tag, such as 政策文件."""
    source: str = ""
    """Where the page says it comes from (ContentSource, 来源), in its words; may be 本网."""
    agency: str = ""
    """Issuing agency: the source unless that only says 本网, then what else names one."""
    published: str = ""
    """ISO 8601 date."""
    doc_number: str = ""
    """Document number with 〔〕 brackets, such as 临政规〔2025〕3号."""
    region: str = ""
    """Administrative region from the highest level recognised, parts joined by `/`."""
    effective: str = ""
    """ISO 8601 date from which the document is in force."""
    expires: str = ""
    """ISO 8601 date from which it is no longer in force."""
    repealed: bool = False
    """The page says of itself that it is repealed or out of force (已废止, 失效)."""
    site_name: str = ""
    is_list: bool = False
    """A page that lists others, not an article."""
    charset: str = ""
    """Python's name of the encoding that the bytes were read in."""
    links: tuple[Link, ...] = ()
    """Every http and https link once, in page order, attachments included."""
    attachments: tuple[Link, ...] = ()
    """Links to files (PDF, Word, Excel, PowerPoint, WPS, archives) with their anchor text."""
    meta: dict[str, str] = {}
    """The standard tags as found, under their standard spelling."""
    problems: tuple[Problem, ...] = ()

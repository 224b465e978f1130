"""The standard meta tags of a government page, with the fault that the page has."""

from corpora.demo.choice import pick
from corpora.demo.model import Site
from corpora.demo.site.dirt import fault_of
from corpora.demo.site.layouts import times_of_day
from corpora.model import Document

Tags = tuple[tuple[str, str], ...]


def site_code(site: Site) -> str:
    """Return the site's identification code (网站标识码): ten digits; no real region's begin with 99."""
    return f"99{pick(site.host, range(10**8)):08}"


def site_tags(site: Site, fault: str = "") -> Tags:
    """Return the tags that every page of a site bears."""
    code = site_code(site)
    broken = {"idcode_12_digits": f"{code}00", "idcode_letters": f"yc{code[2:]}"}
    return (
        ("SiteName", site.name),
        ("SiteDomain", f"https://{site.host}/" if fault == "domain_url" else site.host),
        ("SiteIDCode", broken.get(fault, code)),
    )


def column_tags(site: Site, column: str, kind: str, fault: str = "") -> Tags:
    """Return the tags of a column, which its lists and its pages bear."""
    return (
        ("ColumnName", "null" if fault == "column_null" else column),
        ("ColumnDescription", f"{site.name}网站{column}栏目发布{kind}类信息"),
        ("ColumnKeywords", ",".join(dict.fromkeys((column, kind, site.place)))),
        ("ColumnType", kind),
    )


def page_tags(site: Site, document: Document) -> Tags:
    """Return all tags of a document's page; the address in them is the official one, wherever it is served."""
    fault = fault_of(document)
    if fault == "no_meta":
        return ()
    theme = document.extra.get("theme", document.kind)
    own = (
        ("ArticleTitle", document.title),
        ("PubDate", _pub_date(document, fault)),
        ("ContentSource", document.agency),
        ("Keywords", ",".join(dict.fromkeys((document.column, theme, site.place)))),
        ("Author", pick(document.id + "/author", ("网站编辑", "信息中心", "政务公开科", document.agency))),
        ("Description", document.body[:80].replace("\n", " ")),
        ("Url", document.url),
    )
    left_out = {"pubdate_missing": "PubDate", "title_missing": "ArticleTitle"}.get(fault)
    tags = (*site_tags(site, fault), *column_tags(site, document.column, document.kind, fault), *own)
    return tuple(tag for tag in tags if tag[0] != left_out)


def time_of(document: Document) -> str:
    """Return the minute at which the page was put online, such as `09:30`."""
    return pick(document.id + "/time", times_of_day())


def _pub_date(document: Document, fault: str) -> str:
    if fault == "pubdate_no_time":
        return document.published
    return f"{document.published} {time_of(document)}" + (":00" if fault == "pubdate_seconds" else "")

"""What a portal tells crawlers: robots.txt and sitemaps."""

from collections.abc import Iterable
from html import escape

from corpora.demo.site.addresses import Addresses
from corpora.demo.site.moves import path_of
from corpora.demo.site.portal import Portal, canonical
from corpora.model import Document

PER_SITEMAP = 100
"""Far below the 50,000 of the protocol, so that larger sites have an index of several sitemaps."""

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def robots(portal: Portal, addresses: Addresses) -> str:
    """Return robots.txt."""
    lines = ["User-agent: *", "Disallow: /nosearch/"]
    if portal.layout.crawl_delay_s:
        lines.append(f"Crawl-delay: {portal.layout.crawl_delay_s}")
    return "\n".join([*lines, "", f"Sitemap: {addresses[portal.site.id]}/sitemap.xml", ""])


def sitemap(portal: Portal, addresses: Addresses, number: int | None = None) -> str | None:
    """Return /sitemap.xml, or the sitemap of a number from 1 that its index names; None when there is none such."""
    base = addresses[portal.site.id]
    documents = tuple(portal.documents.values())
    parts = -(-len(documents) // PER_SITEMAP)
    if number is None and parts > 1:
        names = "".join(f"<sitemap><loc>{base}/sitemap_{part}.xml</loc></sitemap>\n" for part in range(1, parts + 1))
        return f'{_HEAD}<sitemapindex xmlns="{_NAMESPACE}">\n{names}</sitemapindex>\n'
    if number is None:
        front = f"<url><loc>{base}{canonical(portal.layout, '/')}</loc></url>\n"
        return _urlset(front, base, documents)
    if parts <= 1 or not 1 <= number <= parts:
        return None
    return _urlset("", base, documents[(number - 1) * PER_SITEMAP : number * PER_SITEMAP])


def _urlset(first: str, base: str, documents: Iterable[Document]) -> str:
    lines = "".join(
        f"<url><loc>{base}{escape(path_of(one))}</loc><lastmod>{one.published}</lastmod></url>\n" for one in documents
    )
    return f'{_HEAD}<urlset xmlns="{_NAMESPACE}">\n{first}{lines}</urlset>\n'

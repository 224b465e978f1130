"""The page that leads to the portals, and what is known about them as JSON."""

from collections.abc import Sequence
from html import escape

import msgspec

from corpora.demo.site import truth
from corpora.demo.site.addresses import Addresses
from corpora.demo.site.dirt import FAULTS
from corpora.demo.site.portal import Portal
from corpora.demo.site.reply import Reply, content, failure

TRUTH = "/ground-truth.json"


def respond(portals: Sequence[Portal], path: str, addresses: Addresses) -> Reply:
    """Return what the hub answers: the list of portals, the ground truth, or 404."""
    if path in ("/", "/index.html"):
        return content(_front(portals, addresses).encode(), "text/html; charset=utf-8")
    if path == "/robots.txt":
        return content(f"User-agent: *\nDisallow: {TRUTH}\n".encode(), "text/plain; charset=utf-8")
    if path == TRUTH:
        known = {
            "addresses": dict(addresses),
            "pages": truth.ground_truth(portals),
            "moved": truth.moved(portals),
            "gone": truth.gone(portals),
            "faults": FAULTS,
        }
        return content(msgspec.json.encode(known), "application/json")
    return failure(404, "404", "只有门户清单和 ground-truth.json。")


def _front(portals: Sequence[Portal], addresses: Addresses) -> str:
    lines = "".join(
        f'<li><a href="{escape(addresses[portal.site.id])}/">{escape(portal.site.name)}</a> '
        f"{escape(portal.site.host)} {len(portal.documents)}</li>\n"
        for portal in portals
    )
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>云川省门户（虚构）</title></head>\n'
        f"<body><h1>云川省门户（虚构）</h1>\n<ul>\n{lines}</ul>\n"
        f'<p><a href="{TRUTH}" rel="nofollow">ground-truth.json</a></p></body></html>\n'
    )

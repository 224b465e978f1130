"""A portal of a few pages that can be changed between two crawls, and ways to crawl it."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec

from corpora.crawl.plan import Plan
from corpora.crawl.state import Page

ETAG = '"first"'


def page(title: str, body: str = "", links: str = "", url: str = "") -> bytes:
    tags = f'<meta name="ArticleTitle" content="{title}"><meta name="PubDate" content="2025-03-01 09:30">'
    tags += '<meta name="ColumnName" content="通知公告"><meta name="ContentSource" content="临澜市医疗保障局">'
    tags += f'<meta name="Url" content="{url}">' if url else ""
    paragraphs = "".join(f"<p>{body or title}，现将有关事项通知如下，请遵照执行。</p>" for _ in range(4))
    head = f'<meta charset="utf-8"><title>{title}</title>{tags}'
    return f"<html><head>{head}</head><body><h1>{title}</h1>{paragraphs}{links}</body></html>".encode()


class SmallPortal:
    """Path → status, headers and body; counts what it is asked."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.unchanged = 0
        self.base = ""

    def put(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> None:
        sent = {"Content-Type": "text/html; charset=utf-8"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        self.pages[path] = (status, sent, body)

    def links(self, *paths: str) -> str:
        return "".join(f'<a href="{path}">{path}</a>' for path in paths)

    @contextmanager
    def served(self) -> Iterator["SmallPortal"]:
        portal = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                portal.asked[self.path] += 1
                portal.agents.add(self.headers.get("User-Agent", ""))
                status, headers, body = portal.pages.get(self.path, (404, {}, b"404"))
                if "ETag" in headers and self.headers.get("If-None-Match") == headers["ETag"]:
                    portal.unchanged += 1
                    status, body = 304, b""
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # crawlers hang up on pages that are too large

        server = Server(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def quick(*start: str, **more: object) -> Plan:
    """Return a plan for loopback: no delays, short waits."""
    known = {"allow_private": True, "delay_s": 0.0, "per_host": 4, "timeout_s": 5.0, "retries": 1, "backoff_s": 0.1}
    return msgspec.convert({"start": start, **known, "max_wait_s": 5.0, "max_crawl_delay_s": 0.0, **more}, Plan)


def index(folder: Path) -> dict[str, Page]:
    """Return the pages of an index by path and query."""
    found = [msgspec.json.decode(line, type=Page) for line in (folder / "pages.jsonl").read_text().splitlines()]
    return {page.url.split("/", 3)[3]: page for page in found}

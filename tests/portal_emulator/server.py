"""The emulated portals over loopback, with faults that can be switched on."""

import json
import threading
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from corpora.model import Document
from tests.portal_emulator.collection import Backend
from tests.portal_emulator.families import Ask, Desk, Reply, answer

CAPTCHA = (
    "<html><head><title>安全验证</title></head><body><p>请输入验证码后继续访问</p><img src='/c.png'></body></html>"
)
BANS = {
    True: "<html><body><h3>您的访问过于频繁，请稍后再试</h3></body></html>",
    False: '{"code": -101, "msg": "访问过于频繁"}',
}


UNHELD = Document(id="new", url="https://www.linlan.gov.example/new/1.html", title="新版公积金", published="2026-01-01")
"""A page that the portal shows and the corpus lacks."""


class Emulator:
    """All families on one port, from entry to exit; attributes say how it behaves from now on."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.emulator = self  # type: ignore[attr-defined]
        self.reset()

    def reset(self) -> None:
        """Behave well, and forget what was asked."""
        self.fault = ""
        self.times = 1_000_000
        """How many searches the fault spoils."""
        self.retry_after = ""
        self.robots = ""
        self.robots_status = 200
        self.robots_moved = ""
        self.pinned: frozenset[str] = frozenset()
        self.ignore_site = False
        self.cap_pages = 25
        self.unheld = False
        """Whether the portal shows pages that the corpus lacks, too."""
        self.tokens: set[str] = set()
        self.asked: list[str] = []
        """Paths in the order they were asked for."""
        self.headers: list[dict[str, str]] = []
        self.slow = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.slow.set()
        self._server.shutdown()
        self._server.server_close()

    def found(self, query: str, code: str) -> list[Document]:
        """Return what the portal finds, first what is pinned."""
        documents = self._backend.found(query, "" if self.ignore_site else code)
        if self.unheld and documents:
            documents = [UNHELD, *documents]
        return sorted(documents, key=lambda document: document.id not in self.pinned)

    def respond(self, ask: Ask) -> Reply:
        desk = Desk(found=self.found, pinned=self.pinned, cap_pages=self.cap_pages, tokens=self.tokens)
        return answer(ask, desk)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    headers: Message

    def do_GET(self) -> None:
        emulator: Emulator = self.server.emulator  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode() if length else ""
        emulator.asked.append(parts.path)
        emulator.headers.append({name: str(value) for name, value in self.headers.items()})
        if parts.path == "/robots.txt" and emulator.robots_moved:
            self._send(301, "text/plain", b"", Location=emulator.robots_moved)
            return
        if parts.path in ("/robots.txt", emulator.robots_moved):
            self._send(emulator.robots_status, "text/plain", emulator.robots.encode())
            return
        kind = self.headers.get("Content-Type", "")
        reply = emulator.respond(
            Ask(
                method=self.command,
                path=parts.path,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                form=dict(parse_qsl(body, keep_blank_values=True)) if "form" in kind else {},
                json=json.loads(body) if "json" in kind else None,
                headers={name: str(value) for name, value in self.headers.items()},
            )
        )
        if emulator.fault and emulator.times > 0:
            emulator.times -= 1
            self._spoil(emulator, reply)
        else:
            self._send(reply.status, reply.type, reply.text.encode())

    do_POST = do_GET  # noqa: N815 - the name that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server has
        pass

    def _spoil(self, emulator: Emulator, reply: Reply) -> None:
        html = "text/html; charset=utf-8"
        good = reply.text.encode()
        match emulator.fault:
            case "captcha":
                self._send(200, html, CAPTCHA.encode())
            case "ban":
                self._send(200, reply.type, BANS["html" in reply.type].encode())
            case "403":
                self._send(403, html, "<h1>禁止访问</h1>".encode())
            case "429" | "503":
                extra = {"Retry_After": emulator.retry_after} if emulator.retry_after else {}
                self._send(int(emulator.fault), html, b"busy", **extra)
            case "500":
                self._send(500, html, b"<h1>500</h1>")
            case "login":
                self._send(302, html, b"", Location="/sso/login?back=x")
            case "login page":
                self._send(200, html, "<html><body><form>用户登录<input type='password'></form></body></html>".encode())
            case "elsewhere":
                self._send(302, html, b"", Location="http://www.elsewhere.gov.example/")
            case "malformed":
                self._send(200, reply.type, good[: len(good) // 3] if "json" in reply.type else b"<html><p>oops")
            case "truncated":
                self._send(200, reply.type, good[: len(good) // 2], length=len(good))
                self.close_connection = True
            case "charset":
                self._send(200, reply.type, reply.text.encode("gb18030"))
            case "utf-8 as gbk":
                self._send(200, reply.type.partition(";")[0] + "; charset=gbk", good)
            case "slow":
                emulator.slow.wait(5)
                self.close_connection = True
            case fault:
                raise ValueError(fault)

    def _send(self, status: int, kind: str, body: bytes, *, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

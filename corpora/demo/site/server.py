"""Serve the portals over loopback: one port a site, in threads."""

import ipaddress
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Sequence
from email.message import Message
from html import escape
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self

from corpora.demo.site import hub
from corpora.demo.site.addresses import official
from corpora.demo.site.portal import Portal
from corpora.demo.site.reply import Reply, conditional, failure
from corpora.demo.site.respond import respond
from corpora.errors import CorpusError, PortalError

_STEP_S = 0.05
"""How soon a waiting reply notices that the server closes."""
_IDLE_S = 30.0
"""After this long without a request a kept connection is closed."""

Answer = Callable[[str, str, str], Reply]
"""From Host header, path and query to reply."""


class Portals:
    """The running portals: a context manager that listens from entry to exit.

    The hub takes `port`, the sites the ports after it in their order; port 0 takes any that are free. Raises
    `PortalError` on entry when `host` is no loopback address or a port cannot be had.
    """

    def __init__(self, portals: Sequence[Portal], *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.portals = tuple(portals)
        self.addresses: dict[str, str] = {}
        """Site id → base URL without a slash at its end; filled on entry."""
        self.hub = ""
        """Address of the page that lists the sites."""
        self._host = host
        self._port = port
        self._servers: list[_Server] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        host = loopback(self._host)
        last = self._port + len(self.portals)
        if self._port and last > 65535:
            raise PortalError(f"ports {self._port} to {last} are wanted, but 65535 is the last: choose a lower --port")
        try:
            for turn in range(len(self.portals) + 1):
                self._servers.append(_listen(host, self._port + turn if self._port else 0))
        except PortalError:
            self._close()
            raise
        bases = [f"http://{server.shown}" for server in self._servers]
        self.hub = bases[0]
        self.addresses = {portal.site.id: base for portal, base in zip(self.portals, bases[1:], strict=True)}
        for server, portal in zip(self._servers, (None, *self.portals), strict=True):
            server.answer = self._answer_of(portal)
            # A short poll makes closing quick; the requests themselves are not polled for.
            thread = threading.Thread(target=server.serve_forever, args=(_STEP_S,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.closing.set()
        for server in self._servers[: len(self._threads)]:
            server.shutdown()
        for thread in self._threads:
            thread.join()
        self._close()

    def _close(self) -> None:
        for server in self._servers:
            server.server_close()
        self._servers.clear()
        self._threads.clear()

    def _answer_of(self, here: Portal | None) -> Answer:
        """Return what answers on the port of a portal, or of the hub."""
        by_host = {portal.site.host: portal for portal in self.portals}
        outside = official(portal.site for portal in self.portals)

        def answer(host: str, path: str, query: str) -> Reply:
            named = by_host.get(host)
            if named is not None:
                return respond(named, path, query, addresses=outside)
            if not _is_local(host):
                # A name that someone else made point here would let their page read this server.
                return failure(421, "421 Misdirected Request", "这里只有云川省的门户。")
            if here is None:
                return hub.respond(self.portals, path, self.addresses)
            return respond(here, path, query, addresses=self.addresses)

        return answer


def loopback(host: str) -> str:
    """Return the loopback address that `host` names; raise `PortalError` for any other."""
    if host == "localhost":
        return "127.0.0.1"
    if not _is_local(host):
        raise PortalError(
            f"host {host!r} is not a loopback address: the portals imitate government sites and are served on this "
            "machine only; use 127.0.0.1, localhost or ::1"
        )
    return host


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> "_Server":
    try:
        return _Server(host, port)
    except OSError as problem:
        raise PortalError(
            f"port {port} on {host} cannot be had ({problem.strerror or problem}): free it or choose another --port"
        ) from problem


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A threaded server that knows its connections, so that it can end them when it closes."""

    allow_reuse_address = True
    request_queue_size = 128
    answer: Answer

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)
        bound = self.server_address[1]
        self.shown = f"[{host}]:{bound}" if ":" in host else f"{host}:{bound}"

    def finish_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        try:
            if not self.closing.is_set():
                super().finish_request(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients leave when they like, some of them because of a trap; a failing reply is answered with 500

    def server_close(self) -> None:
        self.closing.set()
        with self._lock:
            for request in self._open:
                try:
                    request.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was quicker
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection: parses requests, and sends the replies of the pure layer."""

    protocol_version = "HTTP/1.1"
    server_version = "tongcha"
    timeout = _IDLE_S
    server: _Server
    headers: Message
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path, _, query = self.path.partition("#")[0].partition("?")
        try:
            reply = self.server.answer(_host(self.headers.get("Host", "127.0.0.1")), path, query)
            reply = conditional(reply, {name: str(value) for name, value in self.headers.items()})
        except CorpusError as problem:  # a package that writes attachments is missing
            reply = failure(500, "500", escape(str(problem)))
        except Exception as problem:
            reply = failure(500, "500", f"tongcha: {type(problem).__name__}")
        self._send(reply)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server has
        pass

    def _send(self, reply: Reply) -> None:
        if not self._wait(reply.delay_s):
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        self.send_header("Server", self.server_version)
        self.send_header("Date", self.date_time_string())
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.more is not None:
            self.close_connection = True
            self.send_header("Connection", "close")
        elif reply.status != 304:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(reply.body)
        for chunk in reply.more() if reply.more is not None else ():
            if self.server.closing.is_set():
                return
            self.wfile.write(chunk)

    def _wait(self, delay_s: float) -> bool:
        """Wait as long as a slow reply wants; return whether the server is still up and the client still there."""
        until = time.monotonic() + delay_s
        while (left := until - time.monotonic()) > 0:
            if self.server.closing.wait(min(left, _STEP_S)) or self._left():
                return False
        return True

    def _left(self) -> bool:
        self.connection.setblocking(False)
        try:
            waiting: bytes = self.connection.recv(1, socket.MSG_PEEK)
            return not waiting
        except BlockingIOError:
            return False
        finally:
            self.connection.settimeout(self.timeout)


def _host(header: str) -> str:
    """Return the host of a Host header without its port."""
    name, _, port = header.strip().lower().rpartition(":")
    return name if name and port.isdigit() else header.strip().lower()

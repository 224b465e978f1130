"""What breaks crawlers: loops, calendars, floods, bombs, silence. Served only when asked for."""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from urllib.parse import parse_qs

import msgspec

from corpora.demo.site.reply import Reply, content, failure, redirect

FOLDERS = ("/traps/", "/nosearch/")
BIG_BYTES = 50 * 2**20
BOMB_BYTES = 256 * 2**20
SLOW_S = 30.0

FORBIDDEN = "本页不得收录"
"""Stands on every page that robots.txt forbids: a crawl that holds it disobeyed."""

TRAPS = {
    "/traps/loop/1": "redirect loop of three addresses",
    "/traps/calendar/": "calendar whose next month never ends",
    "/traps/big.html": "page of 50 MiB",
    "/traps/broken.html": "page that says UTF-8, with GBK and broken bytes in it",
    "/traps/bomb.html": "gzip of 260 kB that unpacks to 256 MiB",
    "/traps/endless.html": "page that never ends",
    "/traps/500.html": "error 500",
    "/traps/503.html": "error 503 with Retry-After",
    "/traps/slow.html": "page that waits 30 s before the first byte",
    "/nosearch/index.html": "area that robots.txt forbids",
}
"""Address → what it does; all are linked from /traps/index.html."""

_HTML = "text/html; charset=utf-8"
_START = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{0}</title></head>\n<body><h1>{0}</h1>\n'
_BLOCK = ("<p>" + "填充内容。" * 4_368 + "</p>\n").encode()


def trap(path: str, query: str) -> Reply:
    """Return what a path under /traps/ or /nosearch/ answers."""
    if path.startswith("/nosearch/"):
        return _forbidden(path)
    if loop := re.fullmatch(r"/traps/loop/([123])", path):
        return redirect(f"/traps/loop/{int(loop[1]) % 3 + 1}", 302)
    make = _ANSWERS.get(path)
    if make is not None:
        return make()
    if path == "/traps/calendar/":
        return _calendar(query)
    return failure(404, "404 页面不存在", "没有这个陷阱。")


def _index() -> Reply:
    links = "".join(f'<li><a href="{path}">{what}</a></li>\n' for path, what in TRAPS.items())
    return _page("Traps", f"<ul>\n{links}</ul>\n")


def _calendar(query: str) -> Reply:
    asked = re.fullmatch(r"(\d{4,6})-(0[1-9]|1[0-2])", parse_qs(query).get("month", ["2026-07"])[0])
    year, month = (int(asked[1]), int(asked[2])) if asked else (2026, 7)
    after = f"{year + month // 12:04}-{month % 12 + 1:02}"
    return _page(
        f"{year}年{month}月日程", f'<p>本月没有安排。</p><a href="/traps/calendar/?month={after}">下个月</a>\n'
    )


def _big() -> Reply:
    start = _START.format("Big").encode()

    def rest() -> Iterator[bytes]:
        left = BIG_BYTES - len(start)
        while left > 0:
            yield _BLOCK[:left]
            left -= len(_BLOCK)

    headers = (("Content-Type", _HTML), ("Content-Length", str(BIG_BYTES)))
    return Reply(headers=headers, body=start, more=rest)


def _endless() -> Reply:
    def rest() -> Iterator[bytes]:
        while True:
            yield _BLOCK

    return Reply(headers=(("Content-Type", _HTML),), body=_START.format("Endless").encode(), more=rest)


def _broken() -> Reply:
    start = _START.format("乱码").encode()
    # A GBK paragraph, a character cut after two of three bytes, an overlong form, a surrogate, a NUL.
    body = b"".join(
        (
            start,
            b"<p>",
            "这一段是国标编码".encode("gb18030"),
            b"</p><p>",
            "断".encode()[:2],
            b"\xc0\xaf\xed\xa0\x80\xff\x00</p>",
            "<p>这一段是好的。</p></body></html>\n".encode(),
        )
    )
    return content(body, _HTML)


def _bomb() -> Reply:
    return Reply(headers=(("Content-Type", _HTML), ("Content-Encoding", "gzip")), body=_bomb_bytes())


def _forbidden(path: str) -> Reply:
    number = re.fullmatch(r"/nosearch/(\d{1,9})\.html", path)
    if number is None and path != "/nosearch/index.html":
        return failure(404, "404 页面不存在", "没有这个页面。")
    following = int(number[1]) + 1 if number else 1
    return _page("内部资料", f'<p>{FORBIDDEN}</p><a href="/nosearch/{following}.html">下一页</a>\n')


def _page(title: str, body: str) -> Reply:
    return content((_START.format(title) + body + "</body></html>\n").encode(), _HTML)


@cache
def _bomb_bytes() -> bytes:
    """Return a gzip file of spaces, put together by hand: zlib's own bytes differ from version to version.

    Its deflate stream (RFC 1951) is one literal block with the start of a page, and one block with codes of its own in
    which one bit repeats the space before it 258 times and one bit says how far back.
    """
    start = _START.format("Bomb").encode() + b" "
    repeats = (BOMB_BYTES - len(start)) // 258
    bits = _Bits()
    bits.add(0b1, 1)  # last block
    bits.add(0b10, 2)  # with codes of its own
    bits.add(29, 5)  # 286 literal and length codes
    bits.add(0, 5)  # 1 distance code
    bits.add(14, 4)  # 18 lengths of code length codes, in the order of the RFC: 16 17 18 0 8 7 9 … 2 14 1
    for symbol in (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1):
        bits.add(1 if symbol in (1, 18) else 0, 3)
    zeros, one = 1, 0  # the code of symbol 18 (11 to 138 zeros) and that of symbol 1
    for run in (138, 118):  # 256 literals are unused
        bits.add(zeros, 1)
        bits.add(run - 11, 7)
    bits.add(one, 1)  # end of block has one bit: 0
    bits.add(zeros, 1)
    bits.add(28 - 11, 7)
    bits.add(one, 1)  # length 258 has one bit: 1
    bits.add(one, 1)  # distance 1 has one bit: 0
    bits.repeat(0b01, 2, repeats)
    bits.add(0, 1)
    literal = b"\x00" + struct.pack("<HH", len(start), 0xFFFF ^ len(start)) + start
    total = len(start) + 258 * repeats
    check = struct.pack("<II", _crc(start, 258 * repeats), total)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + literal + bits.packed() + check


def _crc(start: bytes, spaces: int) -> int:
    block = b" " * 2**20
    crc = zlib.crc32(start)
    for _ in range(spaces // len(block)):
        crc = zlib.crc32(block, crc)
    return zlib.crc32(block[: spaces % len(block)], crc)


class _Bits:
    """Bits packed into bytes from the lowest on."""

    def __init__(self) -> None:
        self._value = 0
        self._length = 0

    def add(self, value: int, width: int) -> None:
        self._value |= value << self._length
        self._length += width

    def repeat(self, value: int, width: int, times: int) -> None:
        """Add the same bits many times, by doubling them."""
        pattern = int(f"{value:0{width}b}" * times, 2) if times else 0
        self.add(pattern, width * times)

    def packed(self) -> bytes:
        return self._value.to_bytes(-(-self._length // 8), "little")


_ANSWERS: dict[str, Callable[[], Reply]] = {
    "/traps/index.html": _index,
    "/traps/": _index,
    "/traps/big.html": _big,
    "/traps/endless.html": _endless,
    "/traps/broken.html": _broken,
    "/traps/bomb.html": _bomb,
    "/traps/500.html": lambda: failure(500, "500 服务器错误", "请稍后再试。"),
    "/traps/503.html": lambda: failure(503, "503 服务暂停", "请稍后再试。", ("Retry-After", "120")),
    "/traps/slow.html": lambda: msgspec.structs.replace(_page("Slow", "<p>终于等到您。</p>\n"), delay_s=SLOW_S),
}

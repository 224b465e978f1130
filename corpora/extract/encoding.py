"""Bytes of a page to text, whatever encoding they declare."""

import codecs
import re

from corpora.extract.model import Problem

_META = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,20})|<\?xml[^>]{0,80}?encoding=[\"']([\w-]{2,20})", re.I
)
_PARAMETER = re.compile(r"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHINESE_UTF8 = re.compile(rb"[\xe3-\xe9\xef][\x80-\xbf]{2}")
_FAMILIES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "hz": "gb18030",
    "big5hkscs": "big5",
    "cp950": "big5",
}
_HEAD = 4096


def decode(content: bytes, content_type: str = "", http_charset: str = "") -> tuple[str, str, tuple[Problem, ...]]:
    """Return the text, the encoding it was read in, and what was wrong with what the page declares.

    The bytes decide before any declaration: valid UTF-8 with Chinese in it is UTF-8, for Chinese in GBK is hardly ever
    valid UTF-8. GB2312 and GBK are read as GB18030, which holds both.
    """
    declared = _declarations(content, content_type, http_charset)
    for mark, charset in _MARKS:
        if content.startswith(mark):
            return _result(content[len(mark) :], charset, declared or {"the byte order mark": charset})
    return _result(content, _charset(content, list(declared.values())), declared)


def _declarations(content: bytes, content_type: str, http_charset: str) -> dict[str, str]:
    """Return what HTTP and the page declare, by who declares it."""
    parameter = _PARAMETER.search(content_type)
    meta = _META.search(content[:_HEAD])
    found = {
        "HTTP": http_charset or (parameter[1] if parameter else ""),
        "the page": (meta[1] or meta[2]).decode("ascii", "replace") if meta else "",
    }
    return {who: what for who, what in found.items() if what}


def _charset(content: bytes, declared: list[str]) -> str:
    if content.isascii() and b"\0" not in content:
        return "utf-8"
    if content[:_HEAD].count(b"\0") > len(content[:_HEAD]) // 4:
        return "utf-16-le" if content[1:_HEAD:2].count(b"\0") > content[:_HEAD:2].count(b"\0") else "utf-16-be"
    known = [name for name in map(_family, declared) if name]
    if _decodes(content, "utf-8") and (_CHINESE_UTF8.search(content) or "gb18030" not in known):
        return "utf-8"
    for name in known:
        if name not in ("utf-8", "iso8859-1") and _decodes(content, name):
            return name
    if _decodes(content, "gb18030"):
        return "gb18030"
    candidates = ["utf-8", "gb18030", *known]
    return min(candidates, key=lambda name: content.decode(name, "replace").count("�"))


def _family(name: str) -> str:
    """Return the encoding that holds the named one, or nothing when Python has no such text encoding."""
    try:
        found = codecs.lookup(name).name
        "".encode(found)
    except (LookupError, ValueError):  # ValueError: a name with a NUL in it
        return ""
    return _FAMILIES.get(found, found)


def _decodes(content: bytes, charset: str) -> bool:
    try:
        content.decode(charset)
    except UnicodeDecodeError:
        return False
    return True


def _result(content: bytes, charset: str, declared: dict[str, str]) -> tuple[str, str, tuple[Problem, ...]]:
    text = content.decode(charset, "replace")
    problems = []
    if not content.isascii():
        for who, what in declared.items():
            if _family(what) != charset:
                detail = f"{who} declares {what} and the bytes are {charset}"
                problems.append(Problem(kind="charset", subject="charset", detail=detail))
        if not declared:
            problems.append(
                Problem(kind="missing", subject="charset", detail=f"none declared; the bytes are {charset}")
            )
    if lost := text.count("�"):
        problems.append(
            Problem(kind="charset", subject="charset", detail=f"{lost} characters cannot be read in {charset}")
        )
    return text, charset, tuple(problems)

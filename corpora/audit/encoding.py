"""Find text that was read in the wrong encoding: what GBK and UTF-8 leave behind when taken for each other."""

import re

from corpora.audit.findings import Finding, shown
from corpora.model import Document

_KNOWN = re.compile(r"锟斤拷|锟斤|斤拷|烫烫烫|屯屯屯|ï¿½|锘縚|锘�")
_UTF8_BYTES = re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf][\x80-\xbf]){3,}")
_LATIN = re.compile(
    r"[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2010-\u203a\u20ac\u2122]{6,}"
)
_CHINESE = re.compile(r"[\u4e00-\u9fa5]")
_AROUND = 12
_DIFFERENT = 4


def encoding_finding(document: Document) -> Finding | None:
    """Return the first sign of a wrong encoding in title or body, with the words around it; None for clean text."""
    for text in (document.title, document.body):
        if hit := mojibake(text):
            code, said = hit
            return Finding(
                kind="encoding",
                code=code,
                site=document.site,
                pages=(shown(document, said=said, value=_repaired(said)),),
            )
    return None


def mojibake(text: str) -> tuple[str, str] | None:
    """Return the code of what went wrong and the broken piece; None for clean text.

    `replacement`: bytes that could not be read. `known`: 锟斤拷 and its like, lost for good. `utf8-as-gbk`,
    `as-latin`: can be repaired.

    >>> mojibake("鏀垮姟鏈嶅姟")
    ('utf8-as-gbk', '鏀垮姟鏈嶅姟')
    """
    if (at := text.find("\ufffd")) >= 0:
        return "replacement", _piece(text, at, at + 1)
    if match := _KNOWN.search(text):
        return "known", _piece(text, match.start(), match.end())
    for match in _LATIN.finditer(text):
        # A row of no-break spaces is no text: real garble changes its characters.
        if len(set(match.group())) >= _DIFFERENT and _CHINESE.search(_from_latin(match.group())):
            return "as-latin", match.group()[: 4 * _AROUND]
    packed = text.encode("gb18030", "replace")
    if found := _UTF8_BYTES.search(packed):
        broken = packed[found.start() : found.end()].decode("gb18030", "ignore")
        if broken and broken in text:  # otherwise the bytes do not begin where a character begins
            return "utf8-as-gbk", broken[: 4 * _AROUND]
    return None


def _repaired(broken: str) -> str:
    """Return what a broken piece should read, an empty string where that is lost."""
    if _LATIN.fullmatch(broken):
        return _from_latin(broken)
    if "\ufffd" in broken or _KNOWN.search(broken):
        return ""
    return broken.encode("gb18030", "ignore").decode("utf-8", "ignore")


def _from_latin(text: str) -> str:
    raw = b"".join(char.encode("cp1252", "ignore") or char.encode("latin-1", "ignore") for char in text)
    as_utf8 = raw.decode("utf-8", "ignore")
    if 3 * len(as_utf8) >= 0.8 * len(raw):  # nearly all of the bytes made sense, three to a character
        return as_utf8
    as_gbk = raw.decode("gb18030", "replace")
    return "" if "\ufffd" in as_gbk[:-1] else as_gbk


def _piece(text: str, start: int, end: int) -> str:
    return text[max(0, start - _AROUND) : end + _AROUND].replace("\n", " ")

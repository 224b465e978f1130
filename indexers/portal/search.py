"""One search put to a portal: tokens first, then page after page until there is enough."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import lxml.html
import msgspec

from corpora.errors import InvalidURLError
from corpora.urls import canonical
from indexers.errors import SearchError
from indexers.portal.client import Asked, Client, Clock, merged
from indexers.portal.paths import first
from indexers.portal.preset import Preset, Step, Take
from indexers.portal.reading import Result
from indexers.portal.signs import Answer, check_status, decoded, page_of, refuse_walls
from indexers.portal.template import fill


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found: each page once, in the portal's order."""

    results: tuple[Result, ...]
    total: int | None = None
    """The portal's own count, where it gives one."""
    repeated: int = 0
    """Results left out because their page came before."""


class PortalSearch:
    """Searches by a preset; keeps the tokens of its session."""

    def __init__(
        self,
        preset: Preset,
        url: str,
        client: Client,
        clock: Clock,
        *,
        base: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._preset = preset
        self._url = url.rstrip("/")
        self._client = client
        self._clock = clock
        self._base = base
        self._headers = dict(headers or {})
        self._session: dict[str, str] = {}
        self._ready = False

    def search(self, query: str, most: int, values: Mapping[str, str], *, pinned: bool = True) -> Found:
        """Return at most `most` results. Raises a `SearchError` of the kind that became of the search."""
        self._client.begin()
        try:
            return self._search(query, most, values, pinned)
        except SearchError:
            self._ready = False  # its tokens may be what is wrong
            self._session.clear()
            raise

    def _search(self, query: str, most: int, values: Mapping[str, str], pinned: bool) -> Found:
        values = {**values, "query": query, "size": str(self._preset.paging.size)}
        values |= self._tokens(values)
        paging = self._preset.paging
        kept: dict[str, Result] = {}
        total: int | None = None
        shown = repeated = 0
        for turn in range(paging.max_pages):
            number = paging.first + turn * (paging.size if paging.style == "offset" else 1)
            asked = self._request({**values, "page": str(number), "now_ms": str(int(self._clock.now() * 1000))})
            page = page_of(self._client.send(asked), self._preset, query, self._base or asked.url)
            total = page.total if total is None else total
            shown += len(page.results)
            before = len(kept)
            for result in page.results:
                if result.pinned and not pinned:
                    continue
                name = _name(result)
                repeated += name in kept
                kept.setdefault(name, result)
            # A portal that is asked beyond its last page often gives the last one again.
            at_end = not page.results or len(kept) == before
            if len(page.results) < paging.size and (total is None or shown >= total):
                at_end = True
            if at_end or len(kept) >= most or (total is not None and 0 < total <= shown):
                break
        return Found(results=tuple(kept.values())[:most], total=total, repeated=repeated)

    def _tokens(self, values: Mapping[str, str]) -> dict[str, str]:
        taken = dict(self._session)
        for step in self._preset.steps:
            if step.every == "search" or not self._ready:
                got = self._step(step, {**values, **taken, "page": str(self._preset.paging.first)})
                taken |= got
                if step.every == "session":
                    self._session |= got
        self._ready = True
        return taken

    def _step(self, step: Step, values: Mapping[str, str]) -> dict[str, str]:
        asked = _asked(self._url, step, {**values, "now_ms": str(int(self._clock.now() * 1000))}, self._headers)
        answer = self._client.send(asked)
        check_status(answer)
        return {take.name: self._taken(take, answer, values["query"]) for take in step.take}

    def _taken(self, take: Take, answer: Answer, query: str) -> str:
        value: Any = None
        if take.cookie:
            value = self._client.cookie(take.cookie)
        else:
            text = decoded(answer)
            if take.regex:
                match = re.search(take.regex, text)
                value = match[1] if match else None
            elif take.json:
                try:
                    value = first(json.loads(text), take.json)
                except ValueError:
                    value = None
            elif text.strip():
                elements = lxml.html.document_fromstring(text).cssselect(take.css)
                if elements:
                    value = elements[0].get(take.attribute) if take.attribute else elements[0].text_content()
        if value in (None, ""):
            refuse_walls(self._preset, decoded(answer), query)
            raise SearchError(f"the page before the search has no {take.name!r}: the portal or the preset has changed")
        return str(value).strip()

    def _request(self, values: Mapping[str, str]) -> Asked:
        request = self._preset.request
        asked = _asked(self._url, request, values, self._headers, request.encoding)
        if not request.json:
            return asked
        body = json.dumps(fill(request.json, values), ensure_ascii=False).encode("utf-8", "replace")
        headers = merged({"Content-Type": "application/json; charset=utf-8"}, asked.headers)
        return msgspec.structs.replace(asked, body=body, headers=headers)


def _asked(
    url: str, template: Any, values: Mapping[str, str], headers: Mapping[str, str], encoding: str = "utf-8"
) -> Asked:
    def encoded(pairs: Mapping[str, str]) -> str:
        return urlencode(fill(pairs, values), encoding=encoding, errors="replace")

    base = urlsplit(url)
    path, _, given = fill(template.path, values).partition("?")
    query = "&".join(part for part in (given, encoded(template.query)) if part)
    own = {"Content-Type": "application/x-www-form-urlencoded"} if template.form else {}
    return Asked(
        method=template.method,
        url=urlunsplit((base.scheme, base.netloc, base.path + path, query, "")),
        headers=merged(own, fill(template.headers, values), headers),
        body=encoded(template.form).encode() if template.form else b"",
    )


def _name(result: Result) -> str:
    """Return what two results of the same page have in common."""
    try:
        return canonical(result.url)
    except InvalidURLError:
        return result.url or result.title

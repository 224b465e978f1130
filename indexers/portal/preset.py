"""The preset: what one family of portal search interfaces asks for and answers, as data.

A preset is a TOML file. Those in `indexers/presets` are known by name; others are named by their path.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cssselect import GenericTranslator, SelectorError

from corpora.toml_records import convert
from indexers.errors import OptionsError
from indexers.portal.dates import FORMATS
from indexers.portal.template import BUILT_IN, names_in

SCHEMA_VERSION = 1
_PATH = re.compile(r"(?:[^.\[\]]+(?:\[\])?|\[\])(?:\.[^.\[\]]+(?:\[\])?)*")
_SELECTORS = ("items", "container", "total", "pinned_items")

Count = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Method = Literal["GET", "POST"]


class Take(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value to take from a step's answer by exactly one of `css`, `regex`, `json` and `cookie`."""

    name: str
    """How later templates call it."""
    css: str = ""
    attribute: str = ""
    """Attribute of the element that `css` finds; its text where empty."""
    regex: str = ""
    """The first group is the value."""
    json: str = ""
    cookie: str = ""

    def ways(self) -> list[str]:
        """Return which of the ways are given."""
        return [way for way in ("css", "regex", "json", "cookie") if getattr(self, way)]


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request before the search whose answer holds a token."""

    path: str
    method: Method = "GET"
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    form: dict[str, str] = {}
    every: Literal["session", "search"] = "session"
    """Whether the token serves for the whole session or for one search, all its pages included."""
    take: tuple[Take, ...]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The search itself; its strings are templates such as `{query}`, `{page}` and `{page:int}`."""

    path: str
    method: Method = "GET"
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    form: dict[str, str] = {}
    json: dict[str, Any] = {}
    encoding: str = "utf-8"
    """Of the query string and the form."""


class Paging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How further results are asked for."""

    style: Literal["page", "offset"] = "page"
    """Whether `{page}` is the number of the page or of its first result."""
    first: Count = 1
    size: Positive = 10
    """Results that a page holds; `{size}` in templates."""
    max_pages: Positive = 100
    """What the portal does not go beyond."""


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a result has a value: a JSON path, or a CSS selector with an attribute."""

    path: str = ""
    or_path: str = ""
    """Where to look when `path` is missing or null."""
    css: str = ""
    attribute: str = ""
    unwrap: str = ""
    """Parameter of a counting link that holds the page's own URL."""
    formats: tuple[str, ...] = ("iso", "cn")
    """Of dates."""


class Results(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an answer has its results."""

    format: Literal["json", "html", "json-html"]
    """`json-html` is JSON whose results are pieces of HTML."""
    items: str
    """JSON path or CSS selector of the results."""
    container: str = ""
    """CSS selector of what every answer has, with results or without; HTML only."""
    total: str = ""
    """JSON path or CSS selector of the number of results; the sum where it leads to several numbers."""
    total_attribute: str = ""
    title: Field
    url: Field
    date: Field | None = None
    pinned: Field | None = None
    """What a pinned result (置顶) has and others have not."""
    pinned_items: str = ""
    """JSON path or CSS selector of pinned results that stand apart, before the others."""
    charset: str = ""
    """Encoding of answers that declare a wrong one."""


class Sign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What tells that an answer is none: a value in its JSON, words, an HTTP status, or where it redirects."""

    outcome: Literal["blocked", "failed", "empty"]
    name: str
    json: str = ""
    equals: tuple[str | int, ...] = ()
    words: tuple[str, ...] = ()
    """Looked for in answers without results only: citizens search for 验证码, too."""
    status: tuple[int, ...] = ()
    location: tuple[str, ...] = ()


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One family of portal search interfaces."""

    schema_version: Annotated[int, msgspec.Meta(ge=1, le=SCHEMA_VERSION)]
    name: str
    description: str
    values: dict[str, str] = {}
    """What an experiment may set; an empty one must be set."""
    steps: tuple[Step, ...] = ()
    request: Request
    paging: Paging = Paging()
    results: Results
    signs: tuple[Sign, ...] = ()


def preset_names() -> list[str]:
    """Return the names of the presets that come with tongcha, sorted."""
    return sorted(file.name.removesuffix(".toml") for file in _folder().iterdir() if file.name.endswith(".toml"))


def load_preset(name_or_path: str) -> Preset:
    """Return a preset by name or by the path of a TOML file.

    Raises `OptionsError` with every mistake of the file, a line each, or with near matches of a mistyped name.
    """
    if name_or_path.endswith(".toml"):
        return read_preset(Path(name_or_path))
    names = preset_names()
    if name_or_path not in names:
        near = difflib.get_close_matches(name_or_path, names, n=3, cutoff=0.5)
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        raise OptionsError(
            f"no preset {name_or_path!r}: {meant}known: {', '.join(names)}; or give the path of a .toml file"
        )
    return read_preset(_folder() / f"{name_or_path}.toml")


def read_preset(file: Path | Traversable) -> Preset:
    """Return the preset of a file. Raises `OptionsError` with every mistake in it."""
    where = str(file) if isinstance(file, Path) and not file.is_absolute() else file.name
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise OptionsError(f"{where}: cannot read the preset ({problem.strerror}): check the path") from None
    except UnicodeDecodeError:
        raise OptionsError(f"{where}: not UTF-8: save the preset as UTF-8") from None
    except tomllib.TOMLDecodeError as problem:
        raise OptionsError(f"{where}: not valid TOML ({problem}): correct the file") from None
    mistakes: list[str] = []
    preset = convert(table, Preset, mistakes)
    if preset is not None:
        mistakes += _contradictions(preset)
    if preset is None or mistakes:
        raise OptionsError("; ".join(f"{where}: {mistake}" for mistake in mistakes))
    return preset


def _folder() -> Traversable:
    return files("indexers") / "presets"


def _contradictions(preset: Preset) -> Iterator[str]:
    """Yield what the shape of the file cannot show to be wrong."""
    yield from _unknown_names(preset)
    request, results = preset.request, preset.results
    if request.form and request.json:
        yield "request: a body is either 'form' or 'json': leave one out"
    if request.method == "GET" and (request.form or request.json):
        yield "request: GET has no body: use method = 'POST', or 'query'"
    for number, step in enumerate(preset.steps, 1):
        for take in step.take:
            if len(take.ways()) != 1:
                yield f"steps[{number}].take {take.name!r}: give one of css, regex, json and cookie"
            yield from _bad_take(number, take)
    if results.format == "html" and not results.container:
        yield "results.container is missing: without it a page without results cannot be told from a broken one"
    for name in ("title", "url", "date", "pinned"):
        field: Field | None = getattr(results, name)
        if field is not None and results.format == "json" and not field.path:
            yield f"results.{name}.path is missing: results of format 'json' have paths"
        if field is not None and results.format != "json" and not (field.css or field.attribute):
            yield f"results.{name}.css is missing: results of format {results.format!r} have CSS selectors"
    yield from _bad_paths(preset)
    for format_ in results.date.formats if results.date else ():
        if format_ not in FORMATS:
            yield f"results.date.formats: no format {format_!r}{_near(format_, FORMATS)}"
    for number, sign in enumerate(preset.signs, 1):
        if not (sign.json or sign.words or sign.status or sign.location):
            yield f"signs[{number}] {sign.name!r}: give json with equals, words, status or location"
        if bool(sign.json) != bool(sign.equals):
            yield f"signs[{number}] {sign.name!r}: 'json' and 'equals' go together"
    yield from _bad_selectors(preset)


def _unknown_names(preset: Preset) -> Iterator[str]:
    known = {*BUILT_IN, *preset.values}
    for number, step in enumerate(preset.steps, 1):
        for name in names_in([step.path, step.query, step.headers, step.form]):
            if name not in known:
                yield f"steps[{number}]: nothing is called {{{name}}}{_near(name, known)}"
        known |= {take.name for take in step.take}
    request = preset.request
    for name in names_in([request.path, request.query, request.headers, request.form, request.json]):
        if name not in known:
            yield f"request: nothing is called {{{name}}}{_near(name, known)}"


def _bad_take(number: int, take: Take) -> Iterator[str]:
    where = f"steps[{number}].take {take.name!r}"
    if take.css:
        yield from _bad_selector(f"{where}.css", take.css)
    try:
        if take.regex and re.compile(take.regex).groups < 1:
            yield f"{where}.regex: it needs a group, which is the value"
    except re.error as problem:
        yield f"{where}.regex: {take.regex!r} is no regular expression ({problem})"


def _bad_paths(preset: Preset) -> Iterator[str]:
    results = preset.results
    paths = {f"signs[{number}].json": sign.json for number, sign in enumerate(preset.signs, 1)}
    if results.format != "html":
        paths |= {f"results.{name}": getattr(results, name) for name in ("items", "total", "pinned_items")}
    for name in ("title", "url", "date", "pinned"):
        field: Field | None = getattr(results, name)
        if field is not None:
            paths |= {f"results.{name}.path": field.path, f"results.{name}.or_path": field.or_path}
    for name, path in paths.items():
        if path and not _PATH.fullmatch(path):
            yield f"{name}: {path!r} is no path: write names with dots between them, [] for lists, * for tables"


def _bad_selectors(preset: Preset) -> Iterator[str]:
    results = preset.results
    selectors = {
        f"results.{name}.css": field.css
        for name in ("title", "url", "date", "pinned")
        if (field := getattr(results, name)) is not None
    }
    if results.format == "html":
        selectors |= {f"results.{name}": getattr(results, name) for name in _SELECTORS}
    for name, selector in selectors.items():
        if selector:
            yield from _bad_selector(name, selector)


def _bad_selector(name: str, selector: str) -> Iterator[str]:
    try:
        GenericTranslator().css_to_xpath(selector)
    except SelectorError as problem:
        yield f"{name}: {selector!r} is no CSS selector ({problem})"


def _near(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else f" (known: {', '.join(sorted(known))})"

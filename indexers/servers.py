"""Search servers: where one is, how to log in there, and how to speak of it without giving either away.

Address and credentials come from the options (best `env:NAME`) or from the environment: `TONGCHA_OPENSEARCH_URL`,
`TONGCHA_OPENSEARCH_USER` and `TONGCHA_OPENSEARCH_PASSWORD` for the engine `opensearch`, and so on. Without either it is
the server's usual port on this machine. They are written nowhere: not into index, manifest, report or message.

A cluster may be named by several addresses with commas between them, one for each node; user and password are the same
for all. An engine that can use them reads `Server.urls`.
"""

import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import unquote, urlsplit

import msgspec

from indexers.errors import IndexBuildError, OptionsError, SearchError, SearchTimeoutError
from indexers.hidden import Hidden, address_parts, revealed
from indexers.made_by import FILE
from indexers.options import TextOptions

SECRET_OPTIONS = ("url", "user", "password")
"""What the module of such an engine names as its own `SECRET_OPTIONS`."""

T = TypeVar("T")
_NAME = re.compile(r"tongcha_[0-9a-f]{16}")
_BETWEEN_ADDRESSES = re.compile(r"\s*,\s*(?=[A-Za-z][A-Za-z0-9+.-]*://)")  # a password may hold a comma


class ServerOptions(TextOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of any engine that indexes our tokens on a server."""

    url: str = ""
    """Address, such as `http://127.0.0.1:9200`; `env:NAME` reads it from there. Empty: see `indexers.servers`."""
    user: str = ""
    password: str = ""
    """Best `env:NAME`. What the address itself holds (`http://user:password@host`) is used where these are empty."""
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    """An answer later than this is none."""


class Server:
    """A server as the options of an engine name it; reads the environment when first asked, and never connects."""

    def __init__(self, engine: str, title: str, options: ServerOptions, default_url: str) -> None:
        self._engine = engine
        self._title = title
        self._options = options
        self._default_url = default_url

    @cached_property
    def full_url(self) -> str:
        """The address as it was given."""
        return self._given("url") or self._default_url

    @cached_property
    def url(self) -> str:
        """The address without credentials and without a slash at its end; commas between several."""
        return ",".join(self.urls)

    @cached_property
    def urls(self) -> tuple[str, ...]:
        """Each address, in the order given, without credentials and without a slash at its end."""
        return tuple(self._bare(given) for given in self._full_urls)

    @cached_property
    def host(self) -> str:
        """The host name or IP address, of the first address where there are several."""
        return urlsplit(self.urls[0]).hostname or ""

    @cached_property
    def port(self) -> int:
        """The port, that of the usual address where none is given."""
        return urlsplit(self.urls[0]).port or urlsplit(self._default_url).port or 0

    @cached_property
    def user(self) -> str:
        """Who logs in; empty for nobody."""
        held = (unquote(urlsplit(given).username or "") for given in self._full_urls)
        return self._given("user") or next(filter(None, held), "")

    @cached_property
    def password(self) -> str:
        """The password, key or token; empty for none."""
        held = (unquote(urlsplit(given).password or "") for given in self._full_urls)
        return self._given("password") or next(filter(None, held), "")

    @property
    def source(self) -> str:
        """Where the address was given, for messages: the address itself is never in one."""
        if self._options.url:
            return f"what {self._options.url} holds" if self._options.url.startswith("env:") else "the option 'url'"
        return self.variable if os.environ.get(self.variable) else f"its usual address {self._default_url}"

    @property
    def variable(self) -> str:
        """The environment variable that can hold the address."""
        return f"TONGCHA_{self._engine.upper()}_URL"

    def hide(self, problem: object) -> str:
        """Return what a library said of a problem in one line, without address and credentials."""
        return " ".join(self._hidden(str(problem)).split())[:300]

    def build_error(self, problem: object) -> IndexBuildError:
        """Return the error for a build that the server or the way to it spoilt; nothing of the index is kept."""
        return IndexBuildError(f"{self._title} at {self.source} could not index: {self.hide(problem)}")

    def search_error(self, problem: object, *, late: bool = False) -> SearchError:
        """Return the error for a search without an answer; `late` when there was none in time."""
        if late:
            return SearchTimeoutError(f"{self._title} gave no answer within {self._options.timeout_s:g} s")
        return SearchError(f"{self._title} at {self.source} could not answer: {self.hide(problem)}")

    def unreachable(self, problem: object) -> IndexBuildError:
        """Return the error for a server that is not there."""
        return IndexBuildError(
            f"{self._title} does not answer at {self.source} ({self.hide(problem)}): start it (docs/servers.md) "
            f"or put its address into {self.variable}"
        )

    def gone(self) -> IndexBuildError:
        """Return the error for an index that the server does not hold any longer."""
        return IndexBuildError(f"{self._title} at {self.source} does not hold this index any longer: build it anew")

    @cached_property
    def _hidden(self) -> Hidden:
        public = "" if self._given("url") else self._default_url  # an address that nobody gave is no secret
        parts = [part for url in (*self._full_urls, *self.urls) for part in address_parts(url, public)]
        return Hidden([*parts, self.user, self.password])

    @cached_property
    def _full_urls(self) -> tuple[str, ...]:
        return tuple(_BETWEEN_ADDRESSES.split(self.full_url))

    def _bare(self, given: str) -> str:
        parts = urlsplit(given)
        if not parts.scheme or not parts.hostname:
            raise OptionsError(
                f"engine {self._engine!r}: {self.source} is no address: write it like {self._default_url}"
            )
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")

    def _given(self, option: str) -> str:
        value: str = getattr(self._options, option)
        return revealed(value, option) or os.environ.get(f"TONGCHA_{self._engine.upper()}_{option.upper()}", "")


def new_index_name() -> str:
    """Return a name for an index on a server that nobody else gives: `tongcha_` and 16 hexadecimal digits."""
    return f"tongcha_{secrets.token_hex(8)}"


def index_name(folder: Path) -> str:
    """Return the name of the index on the server that the folder names, whatever version made it; else nothing.

    What is not a name of ours is none: names become part of requests.
    """
    try:
        name = json.loads((folder / FILE).read_bytes())["index"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else ""


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items, the last one of what is left; one list is in memory at a time."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch

"""Addresses and secrets: taken from the environment where options say so, and kept out of every text."""

import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus, urlsplit

from corpora.urls import canonical
from indexers.errors import OptionsError

ENVIRONMENT = "env:"
SHOWN = "***"
SHORTEST = 6
"""Secrets of fewer characters cannot be kept out of texts without blacking out ordinary words."""


def revealed(value: str, option: str, environment: Mapping[str, str] | None = None) -> str:
    """Return a value itself, or that of the environment variable that `env:NAME` names.

    Raises `OptionsError` when there is no such variable.
    """
    if not value.startswith(ENVIRONMENT):
        return value
    name = value.removeprefix(ENVIRONMENT)
    found = (os.environ if environment is None else environment).get(name, "")
    if not found:
        raise OptionsError(f"option {option!r} is taken from the environment variable {name!r}, which is not set")
    return found


class Hidden:
    """Replaces secrets in texts, however they are written there."""

    def __init__(self, secrets: Iterable[str]) -> None:
        written = {
            form for secret in secrets if secret for form in (secret, quote(secret, safe=""), quote_plus(secret))
        }
        parts = sorted(written, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, parts)), re.IGNORECASE) if parts else None

    def __call__(self, text: str) -> str:
        """Return the text without the secrets."""
        return self._pattern.sub(SHOWN, text) if self._pattern else text


def _bare_host(url: str) -> str:
    """Return the host as canonical URLs have it: without `www.` and its like."""
    if not url:
        return ""
    parts = urlsplit(url)
    # Servers have schemes of their own, such as `postgresql`, which are no pages' addresses.
    page = url if parts.scheme in ("http", "https") else parts._replace(scheme="http").geturl()
    return urlsplit(canonical(page)).hostname or ""


def address_parts(url: str, public: str = "") -> list[str]:
    """Return the texts that give an address away: it, its host with and without port, and who logs in there.

    The host of the `public` address is none of them.
    """
    parts = urlsplit(url)
    host, bare = parts.hostname or "", _bare_host(url)
    texts = [parts.username or "", parts.password or ""]
    if bare != _bare_host(public):
        texts += [url.rstrip("/"), parts.netloc, host, bare]
    elif parts.path.strip("/"):
        texts.append(url.rstrip("/"))
    return [text for text in texts if len(text) > 1]

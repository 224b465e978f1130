"""Where built things live between runs: the one cache folder, and names in it that change with their origin."""

import hashlib
import os
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import platformdirs


def cache_root() -> Path:
    """Return the cache folder: `$TONGCHA_CACHE` if set, else the platform's user cache folder for tongcha."""
    chosen = os.environ.get("TONGCHA_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("tongcha", appauthor=False))


def package_fingerprint(*packages: str) -> str:
    """Return 12 hexadecimal digits that change whenever a source or data file of one of the packages does."""
    digest = hashlib.sha256()
    for package in packages:
        _add(files(package), digest)
    return digest.hexdigest()[:12]


def _add(folder: Traversable, digest: "hashlib._Hash") -> None:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            if item.name != "__pycache__":
                _add(item, digest)
        else:
            digest.update(item.name.encode() + b"\0" + item.read_bytes() + b"\0")

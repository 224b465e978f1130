"""The card of a corpus or query set: what it is, in a `card.toml` beside its records."""

import tomllib
from pathlib import Path

import msgspec

from corpora.files import not_utf8, write_whole


class Card(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a reader must know before trusting a score: name, version, licence, language, origin."""

    name: str
    version: str = ""
    """Changes with every document, query or judgment."""
    licence: str = ""
    language: str = "zh"
    description: str = ""
    source: str = ""
    """Where it comes from, or what it was made for."""


def read_card(folder: Path, error: type[Exception]) -> Card:
    """Return the folder's card, or one that holds only the folder's name where there is no `card.toml`.

    Raises `error` when the card cannot be used.
    """
    path = folder / "card.toml"
    if not path.is_file():
        return Card(name=folder.resolve().name)
    content = path.read_bytes()
    try:
        return msgspec.convert(tomllib.loads(content.decode()), Card)
    except UnicodeDecodeError as problem:
        raise error(f"{path}: {not_utf8(content)}") from problem
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise error(f"{path}: {problem}: correct the card or remove it") from problem


def write_card(folder: Path, card: Card) -> None:
    """Write `card.toml` into the folder."""
    with write_whole(folder / "card.toml") as stream:
        stream.write(msgspec.toml.encode(card))

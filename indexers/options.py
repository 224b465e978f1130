"""Options that engines share, so that the same word means the same thing in every engine file."""

from typing import Annotated, Literal

import msgspec

from indexers.segment import TokenKind

TitleBoost = Annotated[int, msgspec.Meta(ge=1, le=100)]
K1 = Annotated[float, msgspec.Meta(ge=0, le=100)]
B = Annotated[float, msgspec.Meta(ge=0, le=1)]
FieldModel = Literal["combined", "summed"]

DEFAULT_K1 = 1.2
DEFAULT_B = 0.75
"""The BM25 parameters of Lucene, tantivy, FTS5 and whoosh; tantivy and FTS5 cannot be given others."""


class TextOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of any engine that indexes our tokens of title and body."""

    title_boost: TitleBoost = 2
    """How many times a word of the title counts; a whole number, so that every engine can do it in the same way."""
    tokens: TokenKind = "words"
    user_dict: str = ""
    """Path of a dictionary in jieba's format; empty for none."""


class FieldOptions(TextOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of engines that can score title and body together or apart; see `indexers.fields`."""

    fields: FieldModel = "combined"

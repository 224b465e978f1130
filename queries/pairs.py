"""Compare pairs of text columns, such as query and document, by 64-bit hashes.

Comparing pairs of strings costs some ten times as much as comparing their hashes. Different hashes prove different
pairs; equal hashes prove nothing and are looked at closely.
"""

import polars as pl


def pair_hash(first: str, second: str) -> pl.Expr:
    """Return the hash of two text columns; equal pairs have equal hashes within one process."""
    return pl.col(first).hash(1) * 31 + pl.col(second).hash(2)


def all_different(frame: pl.DataFrame, first: str, second: str) -> bool:
    """Whether no two rows share a pair; also False, about once in 10^7 files of a million rows, without reason."""
    return bool(frame.select(pair_hash(first, second).n_unique()).item() == len(frame))

"""Vectors and queries of our own tokens as PostgreSQL's `tsvector` and `tsquery` read them, within their limits.

No parser of PostgreSQL sees the text: each token is a quoted lexeme.
"""

from collections.abc import Iterable

LEXEME_BYTES = 2046
POSITIONS = 255
LAST_POSITION = 16383
VECTOR_BYTES = 1_048_575
LIMITS = {
    "lexeme_bytes": LEXEME_BYTES,
    "positions_of_a_word": POSITIONS,
    "last_position": LAST_POSITION,
    "vector_bytes": VECTOR_BYTES,
}
"""What a longer page loses: ends of lexemes, counts of words, and words behind the last byte."""


def lexeme(token: str) -> str:
    """Return a token no longer than a lexeme may be."""
    return token if len(token) * 4 <= LEXEME_BYTES else token.encode()[:LEXEME_BYTES].decode(errors="ignore")


def vector(labelled: Iterable[tuple[str, Iterable[str]]]) -> str:
    """Return tokens as a `tsvector`; they come as label (A to D) and tokens of the part that it stands for.

    >>> vector([("A", ["高龄", "津贴"]), ("D", ["津贴"])])
    "'高龄':1A '津贴':2A,3D"
    """
    places: dict[str, list[str]] = {}
    position, left = 0, VECTOR_BYTES
    for label, tokens in labelled:
        for token in tokens:
            position += 1
            word, place = lexeme(token), f"{min(position, LAST_POSITION)}{label}"
            known = places.get(word)
            if known is not None and (len(known) == POSITIONS or known[-1] == place):
                continue
            needed = 2 if known is not None else len(word.encode()) + 5  # and alignment, a count, the first place
            if needed > left:
                continue
            left -= needed
            places.setdefault(word, []).append(place)
    return " ".join(f"{_quoted(word)}:{','.join(found)}" for word, found in places.items())


def any_of(lexemes: Iterable[str]) -> str:
    """Return the OR of lexemes as a `tsquery`: a tree as flat as can be, since a long chain exceeds the server's stack.

    >>> any_of(["高龄", "津贴", "发放"])
    "(('高龄' | '津贴') | ('发放'))"
    """
    parts = [_quoted(word) for word in lexemes]
    while len(parts) > 1:
        parts = [f"({' | '.join(parts[i : i + 2])})" for i in range(0, len(parts), 2)]
    return parts[0] if parts else ""


def _quoted(word: str) -> str:
    doubled = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"

"""Lines of a file that may be damaged: what can be read is read, and the rest is named."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from corpora.files import open_bytes
from corpora.importers.api import MAX_ITEM_BYTES, Skipped


def read_lines(path: Path) -> Iterator[tuple[str, bytes] | Skipped]:
    """Yield name and content of every line that is not blank, from a plain, `.gz` or `.zst` file."""
    number = 0
    try:
        with open_bytes(path) as stream:
            while line := stream.readline(MAX_ITEM_BYTES):
                number += 1
                where = f"{path.name} line {number}"
                if len(line) == MAX_ITEM_BYTES and not line.endswith(b"\n"):
                    while line and not line.endswith(b"\n"):
                        line = stream.readline(MAX_ITEM_BYTES)
                    yield Skipped(reason="too-large", item=where)
                    continue
                content = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
                if content.strip():
                    yield where, content
    except (OSError, EOFError) as problem:
        yield Skipped(reason="damaged-file", item=f"{path.name} after line {number}", detail=str(problem))

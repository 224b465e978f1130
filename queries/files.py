"""Read whole files, gzipped or not, and write them whole or not at all."""

import codecs
import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

_GZIP_MAGIC = b"\x1f\x8b"


class UnreadableFileError(Exception):
    """A file is there and its bytes cannot be had; the text is one line that names it."""


def read_bytes(path: Path) -> bytes:
    """Return what is in a file, unpacked when it is gzipped, without a UTF-8 byte order mark.

    Raises `FileNotFoundError` when there is no such file and `UnreadableFileError` when it cannot be read or unpacked.
    """
    try:
        data = path.read_bytes()
        if data.startswith(_GZIP_MAGIC):
            data = gzip.decompress(data)
    except FileNotFoundError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFileError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return data.removeprefix(codecs.BOM_UTF8)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside `path` that takes its name when the block ends well and vanishes when it does not.

    What is written is gzipped when the name ends in `.gz`. Raises `OSError` as `open` does.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # No name and no time in the gzip header: the same content is the same bytes.
        with part.open("wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                    yield cast(IO[bytes], packed)
            else:
                yield raw
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

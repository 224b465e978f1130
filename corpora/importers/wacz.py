"""WACZ files: a zip of WARC files with their index, as Webrecorder's tools write them."""

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from corpora.errors import CorpusFormatError
from corpora.importers import warc
from corpora.importers.api import Item, Options


def read(source: Path, options: Options) -> Iterator[Item]:
    """Yield the documents of all WARC files under `archive/`, as one archive; the index is not needed."""
    try:
        with zipfile.ZipFile(source) as packed:
            names = sorted(name for name in packed.namelist() if name.endswith(warc.SUFFIXES))
    except (zipfile.BadZipFile, OSError, NotImplementedError) as problem:
        raise CorpusFormatError(f"{source}: not a readable WACZ ({problem}): fetch or save it again") from None
    if not names:
        raise CorpusFormatError(f"{source} holds no .warc or .warc.gz: give a WACZ file, or another --format")
    return warc.read_files([(f"{source.name}/{name}", _opener(source, name)) for name in names], options)


def _opener(source: Path, name: str) -> warc.Opener:
    @contextlib.contextmanager
    def opened() -> Iterator[BinaryIO]:
        try:
            with zipfile.ZipFile(source) as packed, packed.open(name) as member:
                yield cast(BinaryIO, member)
        except zipfile.BadZipFile as problem:  # a wrong checksum or a cut member, found while reading
            raise OSError(str(problem)) from problem

    return opened

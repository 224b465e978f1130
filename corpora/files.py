"""Files of records, written whole or not at all, and refused with the line that is wrong."""

import codecs
import contextlib
import gzip
import hashlib
import io
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TypeVar, cast

import msgspec

T = TypeVar("T")

_GZIP_MAGIC = b"\x1f\x8b"

_SUFFIXES = ("", ".gz", ".zst")


class UnreadableFileError(Exception):
    """A file is there and its bytes cannot be had; the text is one line, and callers raise it on as their own error."""


def existing(path: Path) -> Path | None:
    """Return the file at `path`, or its `.gz` or `.zst` sibling, or None when there is none."""
    for suffix in _SUFFIXES:
        candidate = path.with_name(path.name + suffix)
        if candidate.is_file():
            return candidate
    return None


@contextlib.contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a plain, gzip or zstd file for reading its content as bytes.

    What is read inside the block raises `OSError` or `EOFError` where the archive is damaged.
    """
    if path.suffix == ".gz":
        try:
            with gzip.open(path, "rb") as unzipped:
                yield cast(IO[bytes], unzipped)
        except zlib.error as problem:
            raise OSError(str(problem)) from problem
    elif path.suffix == ".zst":
        import zstandard  # only sealed files need it

        try:
            with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
                yield io.BufferedReader(stream)
        except zstandard.ZstdError as problem:
            raise OSError(str(problem)) from problem
    else:
        with path.open("rb") as plain:
            yield plain


def read_jsonl(path: Path, record_type: type[T], error: type[Exception]) -> Iterator[tuple[int, T]]:
    """Yield line number and record of every non-blank line, one line in memory at a time.

    Raises `error` naming the file, the line and the remedy when a line is not UTF-8, not JSON, or not such a record.
    """
    decoder = msgspec.json.Decoder(record_type)
    number = 0
    try:
        with open_bytes(path) as lines:
            for number, line in enumerate(lines, 1):
                content = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
                if content.strip():
                    yield number, _decode(decoder, content, f"{path} line {number}", error)
    except (OSError, EOFError) as problem:  # a broken archive, a folder in the file's place, no permission
        raise error(f"{path}: cannot be read after line {number} ({problem}): check the file") from problem


def _decode(decoder: msgspec.json.Decoder[T], line: bytes, where: str, error: type[Exception]) -> T:
    try:
        line.decode()
    except UnicodeDecodeError as problem:
        raise error(f"{where}: {not_utf8(line)}") from problem
    try:
        return decoder.decode(line)
    except msgspec.ValidationError as problem:
        raise error(f"{where}: {problem}: correct this record") from problem
    except msgspec.DecodeError as problem:
        raise error(f"{where}: broken JSON ({problem}): every line must hold one JSON object") from problem


def not_utf8(content: bytes) -> str:
    """Return what to tell the user about text that is not UTF-8, naming GB18030 when it reads as that."""
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return "not UTF-8 text: save the file as UTF-8"
    return "not UTF-8 but GBK/GB18030 text: convert the file with `iconv -f GB18030 -t UTF-8`"


def read_whole(path: Path) -> bytes:
    """Return what is in a file, unpacked when it is gzipped whatever its name, without a UTF-8 byte order mark.

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


@contextlib.contextmanager
def write_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that replaces `path` only when the block ends well; parents are made.

    What is written is gzipped when the name ends in `.gz`, with no name and time in it: same content, same bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", 6, stream, mtime=0) as packed:
                    yield cast(IO[bytes], packed)
            else:
                yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)  # mkstemp makes private files; these are for colleagues to read
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_jsonl(path: Path, records: Iterable[msgspec.Struct]) -> None:
    """Write one JSON object a line, replacing the file only when all of them are written."""
    encoder = msgspec.json.Encoder()
    with write_whole(path) as stream:
        for record in records:
            stream.write(encoder.encode(record) + b"\n")


class ContentHash:
    """SHA-256 over records in their order, independent of the format that they were read from."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._encoder = msgspec.json.Encoder(order="deterministic")

    def add(self, record: msgspec.Struct) -> None:
        """Take in one record."""
        self._digest.update(self._encoder.encode(record))
        self._digest.update(b"\n")

    def hexdigest(self) -> str:
        """Return the hash of everything added so far, as 64 hexadecimal digits."""
        return self._digest.hexdigest()

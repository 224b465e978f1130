"""Corpora that the package ir_datasets knows, by an id such as `beir/scifact`."""

from collections.abc import Iterator
from typing import Any

from corpora.errors import CorpusError, CorpusFormatError, CorpusNotFoundError
from corpora.importers.api import Item, Options
from corpora.importers.rows import FieldMap, near

PREFIX = "ir_datasets:"


def read(name: str, options: Options) -> Iterator[Item]:
    """Yield the documents of a data set; `doc_id` is the id, other fields are mapped as columns of a table are.

    Raises `CorpusError` when the package is not installed, and `CorpusNotFoundError` when it knows no such set.
    """
    try:
        import ir_datasets
    except ImportError:
        raise CorpusError(f"{PREFIX}{name} needs the package 'ir_datasets': pip install ir_datasets") from None
    try:
        dataset = ir_datasets.load(name)
    except KeyError:
        known = [str(known) for known in getattr(ir_datasets, "registry", ())]
        raise CorpusNotFoundError(f"ir_datasets knows no data set {name!r}{near(name, known)}") from None
    if not dataset.has_docs():
        raise CorpusFormatError(f"the data set {name!r} of ir_datasets has no documents; name one that has")
    columns = list(dataset.docs_cls()._fields)
    fields = FieldMap.of(columns, options, f"{PREFIX}{name}")
    for number, record in enumerate(dataset.docs_iter(), 1):
        cells = {column: _text(value) for column, value in zip(columns, record, strict=False)}
        yield fields.document(cells, f"{name} document {number}", options)


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)

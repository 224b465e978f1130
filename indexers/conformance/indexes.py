"""Promises on building, keeping and opening an index."""
# ruff: noqa: D401 - the docstrings of the checks are claims

import json
from contextlib import closing
from pathlib import Path

from corpora.model import Document
from indexers.conformance.given import (
    CORPUS,
    QUESTIONS,
    SITES,
    Make,
    built,
    description,
    ids,
    opened,
    require,
)
from indexers.errors import IndexerError
from indexers.made_by import FILE as MADE_BY


def says_what_it_is(make: Make, folder: Path) -> None:
    """`describe()` returns JSON-able values, the same before and after building."""
    with opened(make, folder) as index:
        before = description(index)
        index.build(iter(CORPUS))
        require(description(index) == before, "describe() differs before and after building")
        require(bool(before), "describe() is empty")


def constructs_without_touching_disk(make: Make, folder: Path) -> None:
    """The constructor writes nothing, not even its folder."""
    place = folder / "not-yet"
    with opened(make, place):
        require(not place.exists(), "the constructor made the index folder")


def names_a_missing_index(make: Make, folder: Path) -> None:
    """Searching before building raises an `IndexerError`, not an error of the library."""
    with opened(make, folder / "nothing") as index:
        try:
            hits = index.search("住房公积金", 10)
        except IndexerError:
            return
        require(False, f"searching an index that was never built gave {len(hits)} hits instead of an error")


def survives_nul(make: Make, folder: Path) -> None:
    """NUL characters in documents and queries do no harm."""
    spoiled = Document(id="n1", site=SITES[0], title="殡葬\0服务", body="殡仪馆\0预约电话")
    with opened(make, folder) as index:
        index.build(iter([*CORPUS, spoiled]))
        found = ids(index.search("预约电话", 10))
        require(found[:1] == ["n1"], f"text behind a NUL character: found {found}")
        require("d01" in ids(index.search("住房公积金\0", 10)), "a NUL character behind a word hides its page")


def indexes_thin_pages(make: Make, folder: Path) -> None:
    """Pages without body, without title or with neither are indexed as far as they go."""
    thin = [Document(id="t1", title="公交线路调整公告"), Document(id="t2", body="图书馆闭馆公告"), Document(id="t3")]
    with opened(make, folder) as index:
        index.build(iter(thin))
        for text, doc_id in (("公交线路调整公告", "t1"), ("图书馆闭馆公告", "t2")):
            found = ids(index.search(text, 10))
            require(found[:1] == [doc_id], f"{text!r} found {found}, not {doc_id} first")


def indexes_nothing(make: Make, folder: Path) -> None:
    """An empty corpus makes an index that finds nothing."""
    with opened(make, folder) as index:
        index.build(iter(()))
        found = ids(index.search("住房公积金", 10))
        require(found == [], f"an index of nothing found {found}")


def replaces_when_building_again(make: Make, folder: Path) -> None:
    """Building again gives the same answers; building from other documents forgets the first ones."""
    with opened(make, folder) as index:
        index.build(iter(CORPUS))
        first = {text: ids(index.search(text, 100)) for text in QUESTIONS}
        index.build(iter(CORPUS))
        for text, expected in first.items():
            found = ids(index.search(text, 100))
            require(found == expected, f"{text!r} found {expected}, and {found} after building again")
        index.build(iter(CORPUS[1:]))
        require("d01" not in ids(index.search("住房公积金", 100)), "a page is still found after a build without it")


def reopens(make: Make, folder: Path) -> None:
    """A new object on the same folder gives the same answers."""
    with built(make, folder) as index:
        first = {text: index.search(text, 100) for text in QUESTIONS}
        index.close()
        with closing(make(folder)) as again:
            for text, hits in first.items():
                found = again.search(text, 100)
                require(found == hits, f"{text!r} found {ids(hits)}, and {ids(found)} when reopened")


def closes_twice(make: Make, folder: Path) -> None:
    """Closing twice is allowed, and so is closing what was never opened."""
    unused = make(folder / "unused")
    unused.close()
    unused.close()
    with built(make, folder / "used") as index:
        index.search("住房公积金", 1)
        index.close()
        index.close()


def refuses_an_index_of_another_version(make: Make, folder: Path) -> None:
    """An index that another version or set-up has made is refused with an `IndexerError` that says so."""
    with built(make, folder) as index:
        index.close()
        marks = sorted(folder.rglob(MADE_BY))
        require(bool(marks), f"there is no {MADE_BY} in the index folder: see indexers.made_by")
        for mark in marks:
            content = json.loads(mark.read_bytes())
            content["describe"]["versions"] = {"another": "0.0"}
            mark.write_text(json.dumps(content), encoding="utf-8")
        with closing(make(folder)) as again:
            try:
                hits = again.search("住房公积金", 10)
            except IndexerError as error:
                require("version" in str(error), f"the error does not speak of versions: {error}")
                return
        require(False, f"an index of another version gave {len(hits)} hits instead of an error")

"""一网通查: many searchers behind one query."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.response import Response
from bench.worker import ReplayJob, replay
from corpora.model import Document
from indexers.api import Hit, PartialSearcher
from indexers.conformance import CORPUS
from indexers.engines import federated, fts5
from indexers.errors import (
    BlockedError,
    IndexBuildError,
    OptionsError,
    SearchError,
    SearchTimeoutError,
    UnknownEngineError,
    UnsupportedError,
)
from indexers.federated import Federation
from indexers.registry import resolve

A, B, C = "www.a.gov.example", "www.b.gov.example", "www.c.gov.example"


class Fake:
    """A searcher that answers with what it was given, or misbehaves; keeps what it was asked."""

    def __init__(self, *doc_ids: str, problem: Exception | None = None, gate: threading.Event | None = None) -> None:
        self._hits = [Hit(doc_id=doc_id, score=float(-rank)) for rank, doc_id in enumerate(doc_ids)]
        self._problem = problem
        self._gate = gate
        self.asked: list[tuple[str, int, str]] = []
        self.closed = 0

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        self.asked.append((text, k, site))
        if self._gate:
            self._gate.wait(30)
        if self._problem:
            raise self._problem
        return self._hits[:k]

    def describe(self) -> dict[str, Any]:
        return {"engine": "fake"}

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Hold searchers until it is set, at the latest at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def ids(found: list[Hit]) -> list[str]:
    return [hit.doc_id for hit in found]


def test_members_are_asked_at_the_same_time() -> None:
    """Three members that wait for each other all answer: none waits for another to be done."""
    meeting = threading.Barrier(3)

    class Meets(Fake):
        def search(self, text: str, k: int, site: str = "") -> list[Hit]:
            meeting.wait(30)
            return super().search(text, k, site)

    with closing(Federation({A: Meets("a1"), B: Meets("b1"), C: Meets("c1")}, deadline_s=30)) as one:
        assert ids(one.search("居住证", 10)) == ["a1", "b1", "c1"]
        assert one.last_partial == ""


def test_a_late_member_makes_a_partial_answer(gate: threading.Event) -> None:
    """At the deadline the others' results are given, and the remark names who is missing and why."""
    slow = Fake("b1", gate=gate)
    with closing(Federation({A: Fake("a1"), B: slow}, deadline_s=0.2)) as one:
        started = time.monotonic()
        assert ids(one.search("居住证", 10)) == ["a1"]
        assert 0.15 < time.monotonic() - started < 10
        assert one.last_partial == f"partial: 1 of 2 sites missing: {B} late (no answer within 0.2 s)"
        assert ids(one.search("社保卡", 10)) == ["a1"]
        gate.set()
    # What it did not begin in time is never put to it.
    assert [text for text, _, _ in slow.asked] == ["居住证"]


def test_a_member_that_recovers_is_back(gate: threading.Event) -> None:
    """Once a stuck member is through, its results are in the next answer, and the old ones in none."""
    with closing(Federation({A: Fake("a1"), B: Fake("b1", gate=gate)}, deadline_s=1.0)) as one:
        assert ids(one.search("居住证", 10)) == ["a1"]
        gate.set()
        assert ids(one.search("社保卡", 10)) == ["a1", "b1"]
        assert one.last_partial == ""


def test_a_dead_member_makes_a_partial_answer() -> None:
    """Whatever a member raises costs its own results only; describe() counts who was missing and how."""
    members = {A: Fake(problem=ValueError("boom")), B: Fake("b1"), C: Fake(problem=BlockedError("captcha"))}
    with closing(Federation(members)) as one:
        assert isinstance(one, PartialSearcher)
        for _ in range(2):
            assert ids(one.search("居住证", 10)) == ["b1"]
        assert (
            one.last_partial == f"partial: 2 of 3 sites missing: {A} failed (ValueError: boom); {C} blocked (captcha)"
        )
        assert one.describe()["answers"] == {
            "asked": 2,
            "partial": 2,
            "lacked": {A: {"failed": 2}, C: {"blocked": 2}},
        }
        assert ids(one.search("居住证", 10, site=B)) == ["b1"]
        assert one.last_partial == ""


@pytest.mark.parametrize(
    ("problems", "kind"),
    [
        ((BlockedError("captcha"), BlockedError("403")), BlockedError),
        ((UnsupportedError("too short"), UnsupportedError("too short")), UnsupportedError),
        ((TimeoutError(), SearchTimeoutError("slow")), SearchTimeoutError),
        ((BlockedError("captcha"), ValueError("boom")), SearchError),
    ],
)
def test_no_member_is_no_answer(problems: tuple[Exception, Exception], kind: type[SearchError]) -> None:
    """When nobody answered, the error is of their common kind, and of none where they differ."""
    one = Federation({A: Fake(problem=problems[0]), B: Fake(problem=problems[1])})
    with closing(one), pytest.raises(SearchError, match=f"no site answered: {A}") as caught:
        one.search("居住证", 10)
    assert type(caught.value) is kind


def test_this_site_asks_only_that_member() -> None:
    """站内搜索 asks one member, without a site of its own; a site that no member has finds nothing."""
    one, two = Fake("a1", "a2"), Fake("b1")
    with closing(Federation({A: one, B: two}, k_each=5)) as both:
        assert ids(both.search("居住证", 10, site=A)) == ["a1", "a2"]
        assert ids(both.search("居住证", 10, site="www.z.gov.example")) == []
        assert (one.asked, two.asked) == ([("居住证", 10, "")], [])
        assert ids(both.search("居住证", 2)) == ["a1", "b1"]
        assert (one.asked[-1], two.asked[-1]) == (("居住证", 5, ""), ("居住证", 5, ""))


def test_duplicates_across_members_are_one() -> None:
    """A page that two members return is there once, above what only one returns at the same rank."""
    with closing(Federation({A: Fake("a1", "both"), B: Fake("both", "b2")})) as one:
        assert ids(one.search("居住证", 10)) == ["both", "a1", "b2"]


def test_who_answers_first_does_not_matter() -> None:
    """The same lists give the same answer, in whatever order they come in."""

    class Late(Fake):
        def search(self, text: str, k: int, site: str = "") -> list[Hit]:
            time.sleep(0.05)
            return super().search(text, k, site)

    with closing(Federation({A: Late("a1", "a2"), B: Fake("b1", "b2")}, deadline_s=30)) as one:
        first = one.search("居住证", 10)
    with closing(Federation({A: Fake("a1", "a2"), B: Late("b1", "b2")}, deadline_s=30)) as other:
        assert other.search("居住证", 10) == first
    assert ids(first) == ["a1", "b1", "a2", "b2"]


def test_closing_closes_every_member_once() -> None:
    """Members are closed whether they were asked or not."""
    one, two = Fake("a1"), Fake("b1")
    both = Federation({A: one, B: two})
    both.search("居住证", 10, site=A)
    both.close()
    assert (one.closed, two.closed) == (1, 1)


def test_the_engine_builds_an_index_for_each_site(tmp_path: Path) -> None:
    """Each site's index ranks by its own statistics: within a site, as the same engine over that site's pages alone."""
    site = CORPUS[0].site
    with closing(federated.Engine(federated.Options(), tmp_path / "f")) as many:
        many.build(iter(CORPUS))
        found = many.search("居住证办理", 10, site=site)
        assert many.last_partial == ""
        assert sorted(path.name for path in (tmp_path / "f").iterdir()) == [
            "made_by.json",
            "members",
            "members.json",
        ]
    with closing(fts5.Engine(fts5.Options(), tmp_path / "alone")) as alone:
        alone.build(document for document in CORPUS if document.site == site)
        assert ids(found) == ids(alone.search("居住证办理", 10))


def test_pages_without_a_site_are_found_among_all(tmp_path: Path) -> None:
    """Pages that name no site make a member of their own, and an empty site still means all."""
    with closing(federated.Engine(federated.Options(), tmp_path)) as many:
        many.build(iter([Document(id="n1", title="居住证"), Document(id="n2", site=A, title="居住证")]))
        assert ids(many.search("居住证", 10)) == ["n1", "n2"]


def test_a_member_with_a_damaged_index_makes_a_partial_answer(tmp_path: Path) -> None:
    """A site whose index is gone is named in the response that replay records; the others answer."""
    with closing(federated.Engine(federated.Options(), tmp_path)) as many:
        many.build(iter(CORPUS))
    (tmp_path / "members" / "00000" / "made_by.json").unlink()
    sent: list[tuple[Any, ...]] = []

    class Parent:
        def send(self, message: tuple[Any, ...]) -> None:
            sent.append(message)

    asked = msgspec.convert([{"id": "q1", "text": "居住证"}], tuple[Any, ...])
    job = msgspec.convert(
        {
            "use": "federated", "options": {}, "folder": str(tmp_path), "queries": asked, "warmup": [], "k": 10,
            "timeout_s": 30.0, "rate_per_s": None,
        },
        ReplayJob,
    )  # fmt: skip
    replay(job, Parent())  # type: ignore[arg-type] # all that it needs of a connection
    response = msgspec.json.decode(dict(sent)["response"], type=Response)
    assert response.outcome == "answered"
    assert response.detail.startswith("partial: 1 of 2 sites missing: www.linlan.gov.example failed (IndexBuildError")
    assert {hit.doc_id for hit in response.hits} <= {document.id for document in CORPUS[1::2]}


def test_the_engine_refuses_members_that_cannot_be(tmp_path: Path) -> None:
    """An unknown engine and a federation of federations are refused by name; an unbuilt index says what to do."""
    with pytest.raises(UnknownEngineError, match="tantvy"):
        resolve("federated", {"engine": "tantvy"})
    with pytest.raises(OptionsError, match="name another engine"):
        resolve("federated", {"engine": "federated"})
    with pytest.raises(IndexBuildError, match=r"no federated index in .*: build it first"):
        federated.Engine(federated.Options(), tmp_path).search("居住证", 10)

"""What the audit finds in the demo collection, whose faults are on record; the floors hold for this collection only."""

from collections import Counter
from typing import NamedTuple

import pytest

from corpora.audit.contradictions import contradictions
from corpora.audit.copies import CopyFinder
from corpora.audit.encoding import encoding_finding
from corpora.audit.findings import Finding
from corpora.audit.items import is_guide
from corpora.audit.meta import meta_findings
from corpora.audit.telling import sentences
from corpora.demo.compose import load, pages
from corpora.demo.page import Page
from corpora.model import Document

FACTS = {"fee", "days", "office", "tel"}


class Score(NamedTuple):
    """Findings, those that show a page with a fault on record, faults on record that were found, and all of them."""

    findings: int
    true: int
    found: int
    recorded: int


@pytest.fixture(scope="module")
def demo() -> list[Page]:
    return list(pages(load()))


def score(found: list[Finding], demo: list[Page]) -> Score:
    recorded = {(page.document.id, name) for page in demo for name in page.links.wrong if name in FACTS}
    hits = [{(page.doc_id, one.code) for page in one.pages} & recorded for one in found]
    return Score(len(found), sum(map(bool, hits)), len(set().union(*hits)), len(recorded))


def without_common_sentences(document: Document, guides: dict[str, str]) -> str:
    """Return the body without sentences that share a clause with some guide of the place, word for word."""

    def common(sentence: str) -> bool:
        clauses = sentence.replace("：", "，").replace("。", "，").split("，")
        return any(len(clause) > 8 and clause in guides.get(document.region, "") for clause in clauses)

    return "".join(sentence for sentence in sentences(document.body) if not common(sentence))


@pytest.mark.slow
def test_contradictions_on_record_are_found(demo: list[Page]) -> None:
    """54 of 56 faults are found. 60 of 67 findings are faults on record; the rest are guides with two time limits.

    Those seven are what 省人社厅 and 政务服务网 are authored to tell differently; they are no faults on record, and a
    reader who sees both sentences will want to know all the same.
    """
    found = list(contradictions([page.document for page in demo]))
    result = score(found, demo)
    assert result.recorded == 56
    assert result.found >= 54
    assert result.true / result.findings >= 0.89
    recorded = {(page.document.id, name) for page in demo for name in page.links.wrong}
    others = [one for one in found if not {(page.doc_id, one.code) for page in one.pages} & recorded]
    assert Counter((one.code, *(page.site.split(".")[0] for page in one.pages)) for one in others) == {
        ("days", "zwfw", "rst"): 7
    }


@pytest.mark.slow
def test_contradictions_are_found_without_ids_and_common_sentences(demo: list[Page]) -> None:
    """Real pages repeat no sentence of the guide: then about half of the faults are found, and three in four hold."""
    guides: dict[str, str] = {}
    for page in demo:
        if is_guide(page.document):
            guides[page.document.region] = guides.get(page.document.region, "") + page.document.body
    bare = [
        Document(
            **{name: getattr(document, name) for name in ("id", "site", "title", "column", "kind", "agency", "region")},
            body=document.body if is_guide(document) else without_common_sentences(document, guides),
        )
        for document in (page.document for page in demo)
        if document.kind in ("办事指南", "常见问题", "互动问答")
    ]
    result = score(list(contradictions(bare)), demo)
    assert result.found >= 28
    assert result.true / result.findings >= 0.7


def test_mirrors_are_grouped_with_their_originals_and_dates_compared(demo: list[Page]) -> None:
    """All mirrors and no other page but PDFs of a mirrored text; originals first; exactly the late mirrors are told."""
    finder = CopyFinder()
    known = {page.document.id: page for page in demo}
    for page in demo:
        finder.add(page.document)
    groups = [group.doc_ids for group, _ in finder.groups()]
    mirrors = {page.document.id: page.links.mirror_of for page in demo if page.links.mirror_of}
    copies = {doc_id: ids[0] for ids in groups for doc_id in ids[1:]}
    assert {doc_id: origin for doc_id, origin in copies.items() if known[doc_id].document.kind != "附件"} == mirrors
    attached = {doc_id: origin for doc_id, origin in copies.items() if known[doc_id].document.kind == "附件"}
    assert {known[doc_id].links.attachment_of: origin for doc_id, origin in attached.items()} == {
        origin: origin for origin in attached.values()
    }
    late = {
        doc_id for doc_id, origin in mirrors.items()
        if known[doc_id].document.published != known[origin].document.published
    }  # fmt: skip
    assert {one.pages[1].doc_id for one in finder.findings() if one.kind == "dates"} == late


def test_the_composed_pages_are_clean(demo: list[Page]) -> None:
    """Nothing is missing or garbled in them: the dirt of the demo exists in the served sites only."""
    documents = [page.document for page in demo]
    assert list(meta_findings(documents, (), "2026-06-30")) == []
    assert [document.id for document in documents if encoding_finding(document)] == []

"""Every label of the demo collection can be asked why."""

import pytest

from queries.demo import compose, labels
from queries.demo.why import RULES, SUFFIXES, explain, why
from queries.errors import QuerySetFormatError


def test_the_reason_names_rule_item_and_place() -> None:
    """Query s003 asks from 青岚市 how to replace a lost driving licence."""
    reason = why("s003", "linlan-guide-jiazhao-bu")
    assert (reason.grade, reason.assessor, reason.flags) == (0, "rule:wrong-region", ("wrong_region",))
    assert reason.asked["region"] == "云川省/青岚市"
    assert reason.asked["items"] == "jiazhao-bu 补领机动车驾驶证"
    assert reason.page["guide of"] == "jiazhao-bu"
    assert "another place" in reason.because


def test_a_perturbed_query_has_the_reasons_of_its_parent() -> None:
    reason = why("s003-coll", "qinglan-guide-jiazhao-bu")
    assert reason.grade == 3
    assert reason.query == "驾驶本整没了上哪儿补去"
    assert reason.because == why("s003", "qinglan-guide-jiazhao-bu").because


def test_a_grade_by_hand_gives_the_authors_reason() -> None:
    reason = why("k002", "linlan-policy-gjj-tiqu-2025")
    assert (reason.grade, reason.assessor) == (2, "hand")
    assert reason.because == "the document that replaced the one named, and says so"


def test_an_unjudged_pair_says_so() -> None:
    reason = why("k002", "zeyuan-org-qixiang")
    assert reason.grade is None
    assert reason.assessor == ""


@pytest.mark.parametrize(("query_id", "doc_id"), [("nobody", "linlan-guide-huzhao"), ("s003", "nothing")])
def test_unknown_ids_are_named(query_id: str, doc_id: str) -> None:
    with pytest.raises(QuerySetFormatError, match=r"nobody|nothing"):
        why(query_id, doc_id)


def test_every_assessor_that_occurs_has_its_words() -> None:
    assessors = {judgment.assessor for judgment in compose.compose()[1]}
    for assessor in assessors:
        base = assessor
        for suffix in SUFFIXES:
            if base not in RULES:
                base = base.removesuffix(suffix)
        assert base in RULES, assessor


def test_why_agrees_with_the_composed_judgments() -> None:
    given = compose.sources()
    for judgment in compose.compose()[1][::1009]:
        reason = explain(given, judgment.query_id, judgment.doc_id)
        assert (reason.grade, reason.assessor, reason.flags) == (judgment.grade, judgment.assessor, judgment.flags)


def test_the_day_of_asking_is_in_the_words() -> None:
    assert labels.AS_OF in RULES["rule:outdated"]

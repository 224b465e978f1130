"""The bundled demo collection is fixed, consistent, and labeled completely."""

import os
import re
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from corpora.demo import compose as corpus
from corpora.demo.difficulty import difficulties
from corpora.demo.knowledge import load, parse
from corpora.demo.themes import LEGAL_PERSON, NATURAL_PERSON
from corpora.duplicates import NearDuplicates
from corpora.errors import CorpusFormatError
from corpora.model import Document
from queries.demo import authored, labels
from queries.demo import compose as query_set
from queries.errors import QuerySetFormatError
from queries.model import Judgment, Query

CORPUS_VERSION = "0.2.0"
CORPUS_SHA256 = "6c8268a0f28cad7edb146adeaf2ee016ad131dbaf21c09f3ab8b1f501a84bbef"
QUERIES_VERSION = "0.2.1"
QUERIES_SHA256 = "2fbe08336061e9c4e571fc0e47f1ca558924d828a976ec6a5deda1e354def63e"

CHANGED = "the composed bytes changed: bump VERSION in {}, then record version and sha256 {} here and in the changelog"


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return list(corpus.compose())


@pytest.fixture(scope="module")
def composed() -> tuple[list[Query], list[Judgment]]:
    return query_set.compose()


def digest(records: object) -> str:
    return sha256(msgspec.json.encode(records)).hexdigest()


def test_the_corpus_is_byte_for_byte_the_recorded_one(documents: list[Document]) -> None:
    found = digest(documents)
    assert digest(list(corpus.compose())) == found
    assert (corpus.VERSION, found) == (CORPUS_VERSION, CORPUS_SHA256), CHANGED.format("corpora/demo/compose.py", found)


def test_queries_and_judgments_are_byte_for_byte_the_recorded_ones(
    composed: tuple[list[Query], list[Judgment]],
) -> None:
    found = digest(composed)
    assert digest(query_set.compose()) == found
    expected = (QUERIES_VERSION, QUERIES_SHA256)
    assert (query_set.VERSION, found) == expected, CHANGED.format("queries/demo/compose.py", found)


def test_the_collection_is_as_large_as_promised(
    documents: list[Document], composed: tuple[list[Query], list[Judgment]]
) -> None:
    queries, _ = composed
    kinds = Counter(document.kind for document in documents)
    clean = [query for query in queries if not query.parent]
    knowledge = load()
    assert len(documents) >= 5000
    assert len(knowledge.items) >= 240
    assert len(knowledge.policies) >= 160
    assert len(knowledge.letters) + len(knowledge.faqs) >= 250
    assert len({document.site for document in documents}) >= 8
    assert set(kinds) == {
        "办事指南", "政策文件", "政策解读", "通知公告", "工作动态", "机构职能", "互动问答", "常见问题",
        "数据开放", "专题", "附件",
    }  # fmt: skip
    assert {document.url.rpartition(".")[2] for document in documents if document.kind == "附件"} == {
        "pdf", "docx", "xlsx",
    }  # fmt: skip
    assert len(clean) >= 700


def test_every_theme_has_an_item_for_its_audience() -> None:
    items = load().items
    for themes, audience in ((NATURAL_PERSON, "natural-person"), (LEGAL_PERSON, "legal-person")):
        covered = {item.theme for item in items if item.audience in (audience, "both")}
        assert covered >= set(themes.values()), audience


def test_every_intent_and_perturbation_has_queries_enough_to_be_reported(
    composed: tuple[list[Query], list[Judgment]],
) -> None:
    """Fewer than 60 would share a row of the report with others."""
    clean = [query for query in composed[0] if not query.parent]
    intents = Counter(query.intent for query in clean)
    assert set(intents) == set(authored.INTENTS)
    assert min(intents.values()) >= 60, intents
    regions = Counter(query.region for query in clean)
    assert min(regions.values()) >= 60, regions
    variants = Counter(query.variant for query in composed[0] if query.parent)
    assert set(variants) == set(authored.VARIANTS)
    assert min(variants.values()) >= 60, variants


def test_every_difficulty_is_in_it() -> None:
    knowledge = load()
    found = difficulties(knowledge, list(corpus.pages(knowledge)))
    assert {name for name, ids in found.items() if len(ids) < 5} == set()


def test_ids_and_urls_are_unique_and_hosts_are_fictional(
    documents: list[Document], composed: tuple[list[Query], list[Judgment]]
) -> None:
    assert len({document.id for document in documents}) == len(documents)
    assert len({document.url for document in documents}) == len(documents)
    assert len({query.id for query in composed[0]}) == len(composed[0])
    for document in documents:
        host = urlsplit(document.url).hostname or ""
        assert host.endswith(".gov.example"), document.url
        assert host == document.site


def test_telephone_numbers_are_fictional(documents: list[Document]) -> None:
    for document in documents:
        text = document.title + document.body
        assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text), document.id
        for number in re.findall(r"(?<!\d)0\d{2,3}-\d{7,8}(?!\d)", text):
            assert re.fullmatch(r"0999-5550\d{3}", number), (document.id, number)


def test_every_document_is_filled_in(documents: list[Document]) -> None:
    for document in documents:
        assert document.title, document.id
        assert document.agency, document.id
        assert document.column, document.id
        assert document.region.startswith("云川省"), document.id
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", document.published), document.id
        assert len(document.body) >= 40, (document.id, len(document.body))
        assert "{" not in document.title + document.body, document.id


def test_few_pages_repeat_another_one_by_accident(documents: list[Document]) -> None:
    """At most 5 % of the pages share over 80 % of their 5-character shingles with one that is no copy by intention."""
    seen = NearDuplicates[tuple[str, str]]()
    repeated: set[str] = set()
    for document in documents:
        origin = document.extra.get("mirror_of") or document.extra.get("attachment_of") or document.id
        for other, other_origin in seen.add((document.id, origin), document.body):
            if origin != other_origin:
                repeated |= {document.id, other}
    assert len(repeated) <= 0.05 * len(documents), sorted(repeated)


def test_mirrors_repeat_their_original(documents: list[Document]) -> None:
    known = {document.id: document for document in documents}
    mirrors = [document for document in documents if "mirror_of" in document.extra]
    assert len(mirrors) >= 50
    for mirror in mirrors:
        original = known[mirror.extra["mirror_of"]]
        assert mirror.title == original.title
        # The original may say on top that it is repealed, or leave its text to an attachment.
        if original.kind != "政策文件":
            assert mirror.body.startswith(original.body)
        assert mirror.site != original.site


def test_a_repealed_version_expires_when_its_successor_takes_effect(documents: list[Document]) -> None:
    known = {document.id: document for document in documents}
    chains = [d for d in documents if "supersedes" in d.extra and "mirror_of" not in d.extra]
    assert len(chains) >= 30
    for new in chains:
        old = known[new.extra["supersedes"]]
        assert old.expires == new.extra["effective"], new.id
        assert old.published < new.published, new.id
        assert not new.expires


def test_a_guide_differs_from_place_to_place() -> None:
    """No two places handle an item alike, so the wrong city is really wrong."""
    for item in load().items:
        facts = [(v.fee, v.days, v.where, v.plus, v.note) for v in item.at.values()]
        assert len(set(facts)) == len(facts), item.id


def test_every_pair_is_judged_once_by_a_known_assessor(composed: tuple[list[Query], list[Judgment]]) -> None:
    pairs = Counter((judgment.query_id, judgment.doc_id) for judgment in composed[1])
    assert set(pairs.values()) == {1}
    for judgment in composed[1]:
        assert judgment.assessor == "hand" or judgment.assessor.startswith(("rule:", "pool"))
        assert judgment.assessor not in ("rule:unrelated", "rule:out-of-scope"), "no rule knows of such a pair"


def test_pages_that_no_key_leads_to_are_unrelated(documents: list[Document]) -> None:
    """The index by item, policy, agency, dataset and matter loses no page that a rule would speak about."""
    given = query_set.sources()
    for asked in given.authored.query[::25]:
        need = labels.resolve(asked, given.knowledge, given.shelf)
        met = {page.document.id for page in given.shelf.about(need.keys(), (*need.named, *need.hand))}
        for name, page in given.shelf.pages.items():
            assert name in met or not query_set.spoken(labels.judge(need, page).rule), (asked.id, name)


def test_every_query_has_a_fully_satisfying_page(composed: tuple[list[Query], list[Judgment]]) -> None:
    queries, judgments = composed
    answered = {judgment.query_id for judgment in judgments if judgment.grade == 3}
    assert answered == {query.id for query in queries}


def test_within_one_site_only_its_own_pages_count(
    documents: list[Document], composed: tuple[list[Query], list[Judgment]]
) -> None:
    site = {document.id: document.site for document in documents}
    scope = {query.id: query.scope for query in composed[0]}
    for judgment in composed[1]:
        if judgment.grade > 0 and scope[judgment.query_id] != "all":
            assert site[judgment.doc_id] == scope[judgment.query_id]


def graded(composed: tuple[list[Query], list[Judgment]], query_id: str) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {j.doc_id: (j.grade, j.flags) for j in composed[1] if j.query_id == query_id}


def test_the_wrong_city_is_flagged(composed: tuple[list[Query], list[Judgment]]) -> None:
    """Query s003 asks from 青岚市 how to replace a lost driving licence."""
    found = graded(composed, "s003")
    assert found["qinglan-guide-jiazhao-bu"] == (3, ())
    assert found["zwfw-guide-jiazhao-bu"] == (2, ())
    assert found["linlan-guide-jiazhao-bu"] == (0, ("wrong_region",))
    assert found["zeyuan-guide-jiazhao-bu"] == (0, ("wrong_region",))
    assert "qinglan-guide-huzhao" not in found or found["qinglan-guide-huzhao"] == (0, ())


def test_the_repealed_version_is_flagged(composed: tuple[list[Query], list[Judgment]]) -> None:
    """Query p003 asks from 临澜市 for the rule in force; the 2021 one was replaced in 2025."""
    found = graded(composed, "p003")
    assert found["linlan-policy-gjj-tiqu-2025"] == (3, ())
    assert found["linlan-read-gjj-tiqu-2025"] == (2, ())
    assert found["linlan-policy-gjj-tiqu-2021"] == (0, ("outdated",))
    assert found["qinglan-policy-ql-gjj-2024"] == (0, ("wrong_region",))


def test_the_province_asks_and_the_cities_are_only_related(composed: tuple[list[Query], list[Judgment]]) -> None:
    """Query s005 asks from no city in particular how to found a company."""
    found = graded(composed, "s005")
    assert found["zwfw-guide-qiye-kaiban"] == (3, ())
    assert found["linlan-guide-qiye-kaiban"] == (1, ())


def test_mirrors_of_the_wanted_page_satisfy_as_fully(composed: tuple[list[Query], list[Judgment]]) -> None:
    found = graded(composed, "n009")
    assert {name for name, (grade, _) in found.items() if grade == 3} == {
        f"{site}-news-yingshang-huiyi" for site in ("yunchuan", "linlan", "qinglan", "zeyuan")
    }


def test_a_perturbed_query_keeps_its_parents_judgments(composed: tuple[list[Query], list[Judgment]]) -> None:
    for query in composed[0]:
        if query.parent:
            assert graded(composed, query.id) == graded(composed, query.parent)
            assert query.variant in authored.VARIANTS


def test_queries_are_asked_on_one_fixed_day(documents: list[Document]) -> None:
    """Pages published after that day would be unknown to the asker."""
    assert max(document.published for document in documents) <= labels.AS_OF


def test_a_mistake_in_the_corpus_data_is_named_with_file_and_entry() -> None:
    with pytest.raises(CorpusFormatError, match=r"a\.toml: site 'x'.*host.*b\.toml: not TOML"):
        parse({"a.toml": '[[site]]\nid = "x"\n', "b.toml": "= ="})
    with pytest.raises(CorpusFormatError, match=r"c\.toml: unknown table 'sites'"):
        parse({"c.toml": '[[sites]]\nid = "x"\n'})


def test_a_chain_of_versions_that_does_not_close_is_refused() -> None:
    site = '[[site]]\nid="s"\nhost="s.gov.example"\nname="n"\nplace="p"\nregion="r"\nhours="h"\nhall="h"\n'
    agency = '[[agency]]\nid="a"\nprovince="厅"\ncity="局"\nlead=[]\nduties=[]\nat={}\n'
    policy = (
        '[[policy]]\nid="{}"\nsite="s"\ntitle="t"\nnumber="n"\nagency="a"\ndate="2024-01-01"\n'
        'effective="{}"\ntopic="x"\nbody="b"\n{}\n'
    )
    old = policy.format("old", "2020-01-01", 'expires="2025-01-01"')
    new = policy.format("new", "2025-02-01", 'supersedes="old"')
    with pytest.raises(CorpusFormatError, match=r"p\.toml: policy 'new': takes effect 2025-02-01, but 'old' expires"):
        parse({"p.toml": site + agency + old + new})


def test_a_mistake_in_the_queries_is_named_with_a_near_match() -> None:
    text = 'query = [{id="q", text="t", intent="service", theme="出境入境", region="s", item="huzao"}]'
    known: dict[str, list[str]] = {
        "site": ["s"], "item": ["huzhao"], "policy": [], "agency": [], "dataset": [], "page": ["p"], "subject": ["p"],
        "theme": ["出境入境"], "aspect": ["fee"],
    }  # fmt: skip
    with pytest.raises(QuerySetFormatError, match="query 'q': unknown item 'huzao'; did you mean 'huzhao'"):
        authored.check(authored.parse({"a.toml": text}), known)
    text = 'query = [{id="q", text="t", intent="service", theme="出境入境", region="s"}]'
    with pytest.raises(QuerySetFormatError, match="query 'q': asks for nothing"):
        authored.check(authored.parse({"a.toml": text}), known)
    with pytest.raises(QuerySetFormatError, match=r"demo queries, a\.toml"):
        authored.parse({"a.toml": "query = 3"})
    with pytest.raises(QuerySetFormatError, match=r"pool\.tsv: query 'q': unknown subject 'x'"):
        authored.check(
            authored.parse({"a.toml": text.replace('"s"}', '"s", item="huzhao"}')}), known, {"q": ("p", "x")}
        )


def test_the_data_card_shows_the_counts_of_the_collection() -> None:
    root = Path(__file__).parent.parent
    printed = subprocess.run(
        [sys.executable, str(root / "tests" / "count_demo.py")],
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    card = (root / "docs" / "collection.md").read_text(encoding="utf-8")
    shown = card.partition("<!-- counts: begin -->\n")[2].partition("\n<!-- counts: end -->")[0]
    assert shown == printed.rstrip("\n"), "run `python tests/count_demo.py` and paste what it prints"


def test_both_cards_say_what_they_are() -> None:
    for card, version in ((corpus.card(), CORPUS_VERSION), (query_set.card(), QUERIES_VERSION)):
        assert (card.name, card.version, card.licence, card.language) == ("demo", version, "Apache-2.0", "zh")
        assert card.description

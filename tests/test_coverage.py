"""The audit of coverage: which of its own pages a search finds."""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from bench.cli import app
from bench.coverage import Probed, judge, outcomes, shares
from bench.coverage_sample import Kind, Probe, Stratum, distinctive_sentence, probe_kinds, sample, stratum_of
from bench.errors import CoverageError
from bench.response import Outcome, Response
from corpora.card import Card
from corpora.model import Document
from corpora.store import write_corpus
from indexers.api import Hit

DAY = "2026-06-30"
SITE = "www.linlan.gov.example"


def pages(count: int, column: str, published: str = "2026-01-01") -> list[Document]:
    return [Document(id=f"{column}{n}", title=f"{column}{n}", column=column, published=published) for n in range(count)]


def drawn(documents: list[Document], size: int, seed: int = 1) -> list[str]:
    return [probe.doc_id for probe in sample(documents, size, seed, DAY, ("title",)).probes]


def test_every_stratum_gets_its_share() -> None:
    """A tenth of 60, 30 and 10 pages is 6, 3 and 1, whatever the seed, and 12 of 100 is 7, 4 and 1, or next to it."""
    documents = [*pages(60, "通知"), *pages(30, "政策"), *pages(10, "问答")]
    for seed in range(20):
        found = Counter(doc_id[:2] for doc_id in drawn(documents, 10, seed))
        assert found == {"通知": 6, "政策": 3, "问答": 1}
        found = Counter(doc_id[:2] for doc_id in drawn(documents, 12, seed))
        assert found.total() == 12
        assert all(abs(found[column] - share) < 1 for column, share in {"通知": 7.2, "政策": 3.6, "问答": 1.2}.items())


def test_the_seed_decides_and_the_order_of_the_corpus_does_not() -> None:
    """The same seed draws the same pages in the same order from a corpus turned round; another seed draws others."""
    documents = [*pages(60, "通知"), *pages(30, "政策")]
    assert drawn(documents, 10) == drawn(documents[::-1], 10)
    assert len(set(drawn(documents, 10))) == 10
    assert drawn(documents, 10) != drawn(documents, 10, seed=2)
    assert sorted(drawn(documents, 500)) == sorted(document.id for document in documents)


@pytest.mark.parametrize(
    ("document", "stratum"),
    [
        (Document(id="a", column="通知", published="2025-07-01"), ("通知", "under 1 year", "html")),
        (Document(id="a", published="2025-06-30", url="https://a.gov.example/x.html"), ("(none)", "1-3 years", "html")),
        (Document(id="a", column="A", published="2023-07-01", url="/x.PDF?v=1"), ("A", "3 years and over", "pdf")),
        (Document(id="a", published="不详", extra={"attachment": "docx"}), ("(none)", "undated", "docx")),
    ],
)  # fmt: skip
def test_strata_are_column_age_and_format(document: Document, stratum: tuple[str, str, str]) -> None:
    """Ages count days to the day of the audit (365 a year); attachments go by the ending of their name."""
    found = stratum_of(document, DAY)
    assert (found.column, found.age, found.format) == stratum


def test_the_distinctive_sentence_holds_the_rarest_words() -> None:
    """Of a common sentence, one of rare words and a short one, the rare one is taken; what the title says is not."""
    body = "请携带有效身份证件到窗口办理。云岭古桥修缮期间行人绕行。特此通知！"
    common = "请携带有效身份证件到窗口办理"
    spread = Counter({common[at : at + 2]: 900 for at in range(len(common))})
    assert distinctive_sentence(Document(id="a", body=body), spread) == "云岭古桥修缮期间行人绕行"
    titled = Document(id="a", title="关于云岭古桥修缮期间行人绕行的通告", body=body)
    assert distinctive_sentence(titled, spread) == common
    assert distinctive_sentence(Document(id="a", body="特此通知！"), spread) == ""


def test_long_sentences_are_asked_by_the_clause() -> None:
    """A sentence of more than 60 characters gives its clauses; no probe is longer than 60 characters."""
    long = "云岭古桥修缮期间行人绕行" + "，各街道办事处应当做好宣传解释工作" * 4 + "。"
    assert distinctive_sentence(Document(id="a", body=long), Counter()) == "云岭古桥修缮期间行人绕行"
    unbroken = "".join(chr(0x4E00 + n) for n in range(100))
    assert len(distinctive_sentence(Document(id="a", body=unbroken), Counter())) == 60


def test_a_page_is_asked_for_with_what_it_has() -> None:
    """Title, document number and sentence where the page has them; only known kinds can be named."""
    documents = [
        Document(id="a", title="通告", body="云岭古桥修缮期间行人绕行。", extra={"doc_number": "临政〔2026〕3号"}),
        Document(id="b", title="公告", body="无"),
        Document(id="c"),
    ]
    found = sample(documents, 9, 1, DAY)
    assert (found.pages, found.drawn) == (3, 3)
    assert sorted((probe.doc_id, probe.kind, probe.text) for probe in found.probes) == [
        ("a", "number", "临政〔2026〕3号"),
        ("a", "sentence", "云岭古桥修缮期间行人绕行"),
        ("a", "title", "通告"),
        ("b", "title", "公告"),
    ]
    assert probe_kinds(["sentence,title"]) == ("title", "sentence")
    with pytest.raises(CoverageError, match="no probe 'titel': there are title, number, sentence"):
        probe_kinds(["titel"])


def probe(doc_id: str, kind: Kind = "title", column: str = "通知") -> Probe:
    stratum = Stratum(column=column, age="undated", format="html")
    return Probe(id=f"{doc_id}-{kind}", doc_id=doc_id, site=SITE, kind=kind, text=doc_id, stratum=stratum)


def answered(one: Probe, *doc_ids: str, outcome: Outcome = "answered") -> Response:
    hits = tuple(Hit(doc_id=doc_id) for doc_id in doc_ids)
    return Response(query_id=one.id, outcome=outcome, hits=hits, scheduled_at=0, started_at=0, took_ms=1)


def test_a_copy_stands_for_the_page() -> None:
    """A page is found as itself or as a copy among the first results, and not behind them or as another page."""
    asked = [probe("a"), probe("b"), probe("c"), probe("d")]
    responses = [
        answered(asked[0], "x", "a2", "a"),
        answered(asked[1], "x", "b2"),
        answered(asked[2], "x", "y", "z", "c"),
        answered(asked[3], outcome="empty"),
    ]
    groups = {"a": "g1", "a2": "g1", "b": "g2", "b2": "g2", "x": "g3"}
    found = judge(asked, {one.query_id: one for one in responses}, groups, first=3)
    assert [(one.rank, one.found_as, one.found) for one in found] == [
        (3, "", True),
        (2, "b2", True),
        (None, "", False),
        (None, "", False),
    ]


def test_shares_count_failures_and_leave_out_what_could_not_be_asked() -> None:
    """8 of 10 titles: .8 [.490, .943] (Wilson); failed and late are misses, blocked and unsupported are left out."""
    asked = [probe(f"p{n}") for n in range(12)]
    ends: list[Outcome] = [*["answered"] * 8, "failed", "timeout", "blocked", "unsupported"]
    probed = [
        Probed(probe=one, outcome=end, rank=1 if end == "answered" else None)
        for one, end in zip(asked, ends, strict=True)
    ]
    everything = next(share for share in shares(probed) if share.probe == "title")
    assert (everything.n, everything.found, everything.left_out) == (10, 8, 2)
    assert (everything.share, everything.low, everything.high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    assert outcomes(probed) == {"answered": 8, "blocked": 1, "failed": 1, "timeout": 1, "unsupported": 1}


def test_any_probe_counts_a_page_once() -> None:
    """A page found by one of its probes is findable; one whose probes were all left out is left out."""
    probed = [
        Probed(probe=probe("a", "title"), outcome="answered", rank=None),
        Probed(probe=probe("a", "sentence"), outcome="answered", rank=2),
        Probed(probe=probe("b", "title", "政策"), outcome="answered", rank=None),
        Probed(probe=probe("b", "sentence", "政策"), outcome="blocked", rank=None),
        Probed(probe=probe("c", "title"), outcome="blocked", rank=None),
    ]
    found = {(s.facet, s.value, s.probe): (s.found, s.n, s.left_out) for s in shares(probed)}
    assert found["all", "all pages", "any"] == (1, 2, 1)
    assert found["all", "all pages", "title"] == (0, 2, 1)
    assert found["all", "all pages", "sentence"] == (1, 1, 1)
    assert found["column", "通知", "any"] == (1, 1, 1)
    assert found["column", "政策", "any"] == (0, 1, 0)


LOSSY = '''
"""Lossy: finds pages by their exact title or number, and never indexed those whose id begins with `lost`."""
import json
import msgspec
from indexers.api import Hit
from indexers.errors import BlockedError

DISTRIBUTIONS = ()

class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass

SETUPS = {"": Options()}

class Engine:
    def __init__(self, options, folder):
        self.file = folder / "lossy.json"
    def build(self, documents):
        kept = [
            [d.id, d.site, d.title, d.extra.get("doc_number", "")] for d in documents if not d.id.startswith("lost")
        ]
        self.file.write_text(json.dumps(kept))
    def search(self, text, k, site=""):
        if "封锁" in text:
            raise BlockedError("captcha")
        held = json.loads(self.file.read_text())
        return [Hit(doc_id=i) for i, s, *keys in held if text in keys and site in ("", s)][:k]
    def describe(self):
        return {"engine": "lossy"}
    def close(self):
        pass
'''

PAGES = (
    Document(id="n1", site=SITE, title="停水通知", column="通知", published="2026-06-01"),
    Document(id="n2", site=SITE, title="停电通知", column="通知", published="2020-06-01"),
    Document(id="lost1", site=SITE, title="停气通知", column="通知", published="2020-06-01"),
    Document(id="lost2", site=SITE, title="=停水通知", column="通知", published=DAY),
    Document(id="copy", site=SITE, title="=停水通知", column="转载"),
    Document(id="n3", site=SITE, title="封锁通知", column="转载"),
    Document(id="f1", site="www.qinglan.gov.example", title="高龄津贴办法", extra={"doc_number": "青政〔2026〕1号"}),
)


@pytest.fixture
def lossy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install, for one test, an engine `lossy`; returns a corpus of seven pages, of which its index lacks two."""
    info = tmp_path / "site" / "lossy_engine-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lossy-engine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tongcha.engines]\nlossy = lossy_engine\n")
    (tmp_path / "site" / "lossy_engine.py").write_text(LOSSY)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "lossy"
    write_corpus(folder, PAGES, Card(name="seven", version="1", licence="Apache-2.0"))
    (folder / "duplicates.jsonl").write_text('{"group":"g1","kind":"exact","doc_ids":["lost2","copy"]}\n')
    yield folder
    sys.modules.pop("lossy_engine", None)


def tongcha(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_the_command_finds_what_the_index_lacks(lossy: Path) -> None:
    """Of seven pages one is blocked, one is lost, and one is lost and found as its copy: 5 of 6, by hand."""
    told = json.loads(tongcha("audit-coverage", str(lossy), "--engine", "lossy", "--json"))
    found = {(one["facet"], one["value"], one["probe"]): (one["found"], one["n"]) for one in told["shares"]}
    assert (told["pages"], told["drawn"], told["as_of"]) == (7, 7, DAY)
    assert found["all", "all pages", "any"] == found["all", "all pages", "title"] == (5, 6)
    assert found["all", "all pages", "number"] == (1, 1)
    assert found["column", "通知", "title"] == (3, 4)
    assert found["column", "转载", "title"] == (1, 1)
    assert found["age", "under 1 year", "title"] == (2, 2)
    assert found["age", "3 years and over", "title"] == (1, 2)
    assert found["age", "undated", "title"] == (2, 2)
    assert told["outcomes"] == {"answered": 6, "blocked": 1, "empty": 1}
    with Path("coverage-seven-lossy/probes.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = {(row["doc_id"], row["probe"]): row for row in csv.DictReader(stream)}
    assert rows["lost1", "title"]["found"] == "no"
    assert rows["lost2", "title"]["found_as"] == "copy"
    assert rows["lost2", "title"]["text"] == "'=停水通知"  # no formula in Excel
    assert rows["n3", "title"]["found"] == ""
    whole = msgspec.json.decode(Path("coverage-seven-lossy/coverage.json").read_bytes())
    assert len(whole["probed"]) == 8


def test_the_inspection_preset_asks_for_titles(lossy: Path) -> None:
    """Only titles, on the site asked for; the table says how many, with the interval of 4 of 5."""
    shown = tongcha("audit-coverage", str(lossy), "--engine", "lossy", "--preset", "inspection", "--site", SITE)
    assert "seven, lossy: 6 of 6 pages, 6 searches, each on the page's own site" in shown
    assert "80.0 [38-96] of 5" in shown
    assert "number" not in shown
    assert "without an answer: 1 blocked" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--engine", "losy"], "no engine 'losy'"),
        ([], "name what to audit"),
        (["--engine", "lossy", "--site", "www.linlan.gov.exampel"], f"did you mean '{SITE}'"),
        (["--engine", "lossy", "--as-of", "2026-13-01"], "is no date"),
        (["--engine", "lossy", "--probe", "titel"], "no probe 'titel'"),
        (["--engine", "lossy", "--probe", "sentence"], "none of the 7 pages"),
    ],
)
def test_mistakes_get_one_line(lossy: Path, arguments: list[str], says: str) -> None:
    """A mistyped engine, site, day or probe, and a corpus with nothing to ask, are told in one line."""
    assert says in tongcha("audit-coverage", str(lossy), *arguments, code=1)
    assert not Path("coverage-seven-lossy").exists()

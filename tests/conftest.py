"""One small Chinese collection, and a cache of its own for every test."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from corpora.card import Card
from corpora.model import Document
from corpora.store import write_corpus
from queries.model import Judgment, Query
from queries.store import write_query_set

settings.register_profile("noisy", deadline=None)  # time is measured in tests/performance, not here
settings.load_profile("noisy")

DOCUMENTS = (
    Document(
        id="d1",
        site="www.linlan.gov.example",
        url="https://www.linlan.gov.example/gjj/1.html",
        title="住房公积金提取办事指南",
        body="职工购买、建造自住住房的，可以申请提取住房公积金账户余额。办理时限三个工作日。",
        kind="办事指南",
        region="云川省/临澜市",
        published="2025-03-01",
    ),
    Document(
        id="d2",
        site="www.qinglan.gov.example",
        title="住房公积金提取办事指南",
        body="青岚市职工租房的，可以提取住房公积金，每年一次。",
        kind="办事指南",
        region="云川省/青岚市",
    ),
    Document(id="d3", title="居民身份证补领", body="身份证丢失的，到户籍所在地派出所申请补领，收取工本费。"),
    Document(
        id="d4",
        site="www.linlan.gov.example",
        title="社会保障卡挂失与解挂",
        body="社会保障卡遗失后，应当先电话挂失，再到经办网点补领新卡。",
    ),
    Document(
        id="d5",
        title="关于住房公积金提取的规定（已废止）",
        body="旧规定，自新办法施行之日起废止。",
        expires="2024-01-01",
    ),
    Document(
        id="d6",
        title="通知公告",
        body="因系统升级，本周六暂停办理各项业务。",
        extra={"doc_number": "临政告〔2025〕3号"},
    ),
)

QUERIES = (
    Query(id="q1", text="公积金提取", intent="service", region="云川省/临澜市", scope="all"),
    Query(id="q2", text="身份证丢了怎么补办", intent="question", scope="all"),
    Query(id="q3", text="社会保障卡挂失", intent="service", scope="www.linlan.gov.example"),
    Query(id="q4", text="公积金题取", intent="service", parent="q1", variant="typo"),
)

JUDGMENTS = (
    Judgment(query_id="q1", doc_id="d1", grade=3, assessor="rule:own-region"),
    Judgment(query_id="q1", doc_id="d2", grade=0, flags=("wrong_region",)),
    Judgment(query_id="q1", doc_id="d5", grade=0, flags=("outdated",)),
    Judgment(query_id="q2", doc_id="d3", grade=3),
    Judgment(query_id="q2", doc_id="d4", grade=1),
    Judgment(query_id="q3", doc_id="d4", grade=3),
    Judgment(query_id="q4", doc_id="d1", grade=3),
)

CARD = Card(name="tiny", version="1", licence="Apache-2.0")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test's indexes and built collections to itself."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("TONGCHA_CACHE", str(folder))
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Write a corpus folder of six documents."""
    write_corpus(tmp_path / "corpus", DOCUMENTS, CARD)
    return tmp_path / "corpus"


@pytest.fixture
def query_set(tmp_path: Path) -> Path:
    """Write a query set folder of four queries."""
    write_query_set(tmp_path / "queries", QUERIES, JUDGMENTS, CARD)
    return tmp_path / "queries"


FAULTY = '''
"""Faulty: an engine that misbehaves on cue."""
import os, time
import msgspec
from indexers.api import Hit
from indexers.errors import BlockedError, UnsupportedError

DISTRIBUTIONS = ()

class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    build: str = ""
    cue: str = ""
    on: str = "题取"

SETUPS = {"": Options()}

class Engine:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
    def build(self, documents):
        for document in documents:
            if self.options.build == "raise":
                raise ValueError("cannot swallow " + document.id)
            if self.options.build == "die":
                os._exit(7)
        (self.folder / "built").write_text("yes")
    def search(self, text, k, site=""):
        if self.options.on in text:
            match self.options.cue:
                case "hang": time.sleep(60)
                case "die": os._exit(9)
                case "raise": raise ValueError("boom")
                case "block": raise BlockedError("captcha")
                case "unsupported": raise UnsupportedError("no typos")
                case "slow": time.sleep(0.4)
                case "twice": return [Hit(doc_id="d1"), Hit(doc_id="d1")]
                case "unknown": return [Hit(doc_id="d99")]
                case "many": return [Hit(doc_id=f"d{n}") for n in range(1, 7)]
                case "elsewhere": return [Hit(doc_id="d2")]
                case "empty": return []
        if site:
            return [Hit(doc_id="d4", score=1.0)]
        return [Hit(doc_id="d1", score=2.0), Hit(doc_id="d3", score=1.0)]
    def describe(self):
        return {"engine": "faulty", "cue": self.options.cue}
    def close(self):
        pass
'''


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., dict[str, object]]]:
    """Install, for one test, an engine `faulty`; returns a maker of engine tables for an experiment."""
    site = tmp_path / "site"
    info = site / "faulty_engine-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty-engine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tongcha.engines]\nfaulty = faulty_engine\n")
    (site / "faulty_engine.py").write_text(FAULTY)
    monkeypatch.syspath_prepend(str(site))
    yield lambda **options: {"id": "faulty", "use": "faulty", "options": options}
    sys.modules.pop("faulty_engine", None)

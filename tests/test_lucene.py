"""Lucene inside Python: every promise, its own analyzers, and a Java virtual machine that stays in its place."""

import hashlib
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import jpype
import pytest

from corpora.model import Document
from indexers import lucene_java
from indexers.api import Index
from indexers.conformance import CHECKS, CORPUS
from indexers.engines import lucene
from indexers.errors import IndexBuildError, IndexerError, MissingPackageError
from indexers.registry import create, installed_setups, resolve
from tests.servers import require

IDS = ("lucene", "lucene-cjk", "lucene-smartcn")
INSTALL = "apt install liblucene8-java openjdk-17-jre-headless"


@pytest.fixture(scope="module")
def java() -> None:
    require(lucene.missing(lucene.Options()))


@pytest.fixture
def built(java: None, tmp_path: Path) -> Iterator[Callable[..., Index]]:
    opened: list[Index] = []

    def build(engine_id: str, *documents: Document) -> Index:
        index = create(resolve(engine_id), tmp_path / str(len(opened)))
        opened.append(index)
        index.build(iter(documents or CORPUS))
        return index

    yield build
    for index in opened:
        index.close()


def pages(*bodies: str) -> list[Document]:
    return [Document(id=str(number), body=body) for number, body in enumerate(bodies, 1)]


def found(index: Index, text: str, k: int = 10) -> list[str]:
    return [hit.doc_id for hit in index.search(text, k)]


def url_of_length(length: int) -> str:
    return "https://a.example/" + "".join(hashlib.sha256(b"%d" % n).hexdigest() for n in range(length // 64))


def in_a_new_process(script: str, *arguments: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(run, capture_output=True, text=True, timeout=60, env={**os.environ, **environment})


@pytest.mark.slow
@pytest.mark.usefixtures("java")
@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("engine_id", IDS)
def test_every_setup_keeps_every_promise(engine_id: str, promise: Callable[..., None], tmp_path: Path) -> None:
    """Every set-up passes every check of the conformance suite."""
    promise(lambda folder: create(resolve(engine_id), folder), tmp_path)


@pytest.mark.slow
def test_a_score_is_lucenes_bm25(built: Callable[..., Index]) -> None:
    """A score equals the one worked by hand, without the factor (k1 + 1)."""
    index = built("lucene", *pages("补贴 补贴 老人", "居民 老人"))
    # n=1 of N=2: idf = ln(1 + 1.5 / 1.5) = ln 2; tf=2, length 3, average 2.5: norm = 1.2 * (.25 + .75 * 3 / 2.5) = 1.38
    assert index.search("补贴", 1)[0].score == pytest.approx(0.6931472 * 2 / (2 + 1.38), rel=1e-6)


@pytest.mark.slow
def test_cjk_cuts_pairs_of_title_and_body_apart(built: Callable[..., Index]) -> None:
    """The title's pairs count twice, and there is none across the border of title and body."""
    index = built("lucene-cjk", Document(id="a", title="社保", body="卡号"), Document(id="b", body="医保"))
    # a: 社保 2, 卡号 1: length 3; b: 医保: length 1; average 2: norm = 1.2 * (0.25 + 0.75 * 3 / 2) = 1.65
    assert index.search("社保", 1)[0].score == pytest.approx(0.6931472 * 2 / (2 + 1.65), rel=1e-6)
    assert found(index, "保卡") == []
    assert found(index, "社保 社保 AND 医保") == ["a", "b"]


@pytest.mark.slow
def test_smartcn_finds_words_and_not_what_lies_between(built: Callable[..., Index]) -> None:
    """SmartChineseAnalyzer cuts 社会保障 into 社会 and 保障, so that 会保, a pair to CJKAnalyzer, finds nothing."""
    page = pages("社会保障")
    assert found(built("lucene-smartcn", *page), "保障") == ["1"]
    assert found(built("lucene-smartcn", *page), "会保") == []
    assert found(built("lucene-cjk", *page), "会保") == ["1"]


@pytest.mark.slow
def test_scores_are_bm25s_for_short_pages(built: Callable[..., Index]) -> None:
    """On pages of at most 40 tokens, whose lengths Lucene keeps exactly, hits and scores are those of bm25s."""
    short = [Document(id=d.id, site=d.site, title=d.title, body=d.body[:20]) for d in CORPUS]
    ours, theirs = built("lucene", *short), built("bm25s", *short)
    for document in CORPUS:
        expected = {hit.doc_id: hit.score for hit in theirs.search(document.body, 12)}
        assert {hit.doc_id: hit.score for hit in ours.search(document.body, 12)} == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_equals_keep_document_order_over_many_segments(
    built: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages that are alike keep their order though the index was written and merged in many small pieces."""
    monkeypatch.setattr(lucene, "_BUFFER_MB", 0.1)
    ids = [f"x{(number * 7) % 400:03}" for number in range(400)]
    # Later pages take more room: left to itself, Lucene would put the largest piece first.
    alike = [
        Document(id=i, site=f"{int(i[1:]) % 2}.example", url=url_of_length(row * 20), title="防汛通知", body="注意防汛")
        for row, i in enumerate(ids)
    ]
    index = built("lucene", *alike)
    assert found(index, "防汛通知", 400) == ids
    assert found(index, "防汛通知", 7) == ids[:7]
    of_site = [hit.doc_id for hit in index.search("防汛通知", 5, site="1.example")]
    assert of_site == [i for i in ids if int(i[1:]) % 2][:5]


@pytest.mark.slow
def test_a_site_and_a_repeated_word_do_what_they_should(built: Callable[..., Index]) -> None:
    """A site leaves scores as they are; a word asked twice counts twice."""
    for engine_id in IDS:
        index = built(engine_id)
        scores = {hit.doc_id: hit.score for hit in index.search("居住证", 10)}
        for document in (CORPUS[2], CORPUS[7]):
            hits = {hit.doc_id: hit.score for hit in index.search("居住证", 10, site=document.site)}
            assert document.id in hits
            assert hits.items() <= scores.items()
        once, twice = index.search("营业执照", 1)[0].score, index.search("营业执照 营业执照", 1)[0].score
        assert once is not None
        assert twice == pytest.approx(2 * once, rel=1e-5)


@pytest.mark.slow
def test_a_very_long_word_is_found(built: Callable[..., Index]) -> None:
    """A word beyond what a term can hold neither stops the build nor is lost."""
    word = "𐐷" * 20_000  # a letter of four bytes
    assert found(built("lucene", *pages(f"补贴 {word}", "补贴")), word) == ["1"]


@pytest.mark.slow
@pytest.mark.usefixtures("java")
def test_a_failed_build_can_be_done_again(tmp_path: Path) -> None:
    """When the corpus cannot be read to its end, its error comes through and the folder is not locked."""

    def broken() -> Iterator[Document]:
        yield CORPUS[0]
        raise OSError("disk gone")

    index = create(resolve("lucene"), tmp_path)
    with pytest.raises(OSError, match="disk gone"):
        index.build(broken())
    with pytest.raises(IndexBuildError, match="build it first"):
        index.search("住房公积金", 1)
    index.build(iter(CORPUS))
    assert found(index, "住房公积金", 1) == ["d01"]
    index.close()


@pytest.mark.slow
def test_a_spoilt_index_is_told(built: Callable[..., Index], tmp_path: Path) -> None:
    """An index without its files raises an error that names the place and the remedy."""
    built("lucene").close()
    for path in (tmp_path / "0" / "lucene").iterdir():
        path.unlink()
    with pytest.raises(IndexBuildError, match=r"Lucene cannot open the index in .*lucene, so build it anew"):
        create(resolve("lucene"), tmp_path / "0").search("居住证", 1)


@pytest.mark.slow
def test_ctrl_c_and_sigterm_are_pythons(java: None, tmp_path: Path) -> None:
    """With Java running, Ctrl-C is a KeyboardInterrupt after which one can go on, and SIGTERM ends without a crash."""
    script = """
import os, signal, sys, threading
from pathlib import Path
from indexers.conformance import CORPUS
from indexers.registry import create, resolve
index = create(resolve("lucene"), Path(sys.argv[1]))
index.build(iter(CORPUS))
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    while True:
        index.search("居住证", 3)
except KeyboardInterrupt:
    print("interrupted", len(index.search("居住证", 3)), flush=True)
os.kill(os.getpid(), signal.SIGTERM)
threading.Event().wait(20)
"""
    run = in_a_new_process(script, tmp_path / "索引")
    assert (run.stdout, run.returncode, run.stderr) == ("interrupted 2\n", -signal.SIGTERM, "")


@pytest.mark.slow
def test_a_chinese_folder_is_opened_in_the_locale_c(java: None, tmp_path: Path) -> None:
    """Java, which reads names by the locale, opens a folder whose name the locale C cannot spell."""
    script = """
import sys
from pathlib import Path
from indexers.conformance import CORPUS
from indexers.registry import create, resolve
index = create(resolve("lucene"), Path(sys.argv[1]))
index.build(iter(CORPUS))
print(index.search("居住证", 1)[0].doc_id)
"""
    run = in_a_new_process(script, tmp_path / "索 引%20", LC_ALL="C")
    assert (run.stdout, run.stderr) == ("d03\n", "")


@pytest.mark.slow
@pytest.mark.usefixtures("java")
def test_a_running_java_takes_no_other_lucene(tmp_path: Path) -> None:
    """Once Java runs, another Lucene cannot be had in that process, and the error says so."""
    lucene_java.lucene(lucene_java.DEBIAN_JARS)
    jars = give_jars(tmp_path, "8.0.0")
    with pytest.raises(IndexerError, match=r"needs Lucene 8\.0\.0 of .*, but this process already runs Java with 8\."):
        create(resolve("lucene", {"jars": str(jars)}), tmp_path / "index").build(iter(CORPUS))


def give_jars(folder: Path, version: str, *, parts: tuple[str, ...] = lucene_java._PARTS, named: str = "") -> Path:
    for part in parts:
        with zipfile.ZipFile(folder / f"lucene-{part}-{named or version}.jar", "w") as jar:
            jar.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\nSpecification-Version: {version}\r\n")
    return folder


@pytest.mark.slow
def test_listing_and_describing_start_no_java() -> None:
    """Importing the engine, listing all engines and describing it starts no Java virtual machine."""
    script = """
from pathlib import Path
import jpype
from indexers.engines import lucene
from indexers.registry import status
print("lucene" in {row.id for row in status()}, lucene.Engine(lucene.Options(), Path()).describe()["engine"])
print(jpype.isJVMStarted())
"""
    assert in_a_new_process(script).stdout.split() == ["True", "lucene", "False"]


def test_missing_jars_are_told_with_their_install_line(tmp_path: Path) -> None:
    """Without all three jars of one version, the error names them, the folder and Debian's packages."""
    give_jars(tmp_path, "8.1.0", parts=("core", "analyzers-common"))
    give_jars(tmp_path, "8.2.0", parts=("analyzers-smartcn",))
    with pytest.raises(MissingPackageError) as caught:
        resolve("lucene", {"jars": str(tmp_path)})
    text = str(caught.value)
    assert text.startswith("engine 'lucene' needs lucene-core-8.*.jar and lucene-analyzers-common-8.*.jar and ")
    assert text.endswith(f"of one version in {tmp_path}: {INSTALL}") or f"in {tmp_path} and a Java" in text


def test_a_missing_java_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without Java, the error speaks of JAVA_HOME and names Debian's package."""

    def nowhere() -> str:
        raise jpype.JVMNotFoundException("no JVM")

    monkeypatch.setattr(jpype, "getDefaultJVMPath", nowhere)
    jars = give_jars(tmp_path, "8.1.0")
    assert lucene_java.missing(str(jars)) == f"a Java virtual machine (JAVA_HOME names one): {INSTALL}"
    assert lucene_java.versions(str(jars))["java"] == "unknown"


def test_the_version_is_what_the_jars_hold(tmp_path: Path) -> None:
    """The highest complete set of jars is taken, and its version is what is inside, not what the file names say."""
    give_jars(tmp_path, "8.8.1", named="8.7.0")
    assert lucene_java.versions(str(tmp_path))["lucene"] == "8.8.1"
    give_jars(tmp_path, "8.11.2")
    assert lucene_java.versions(str(tmp_path))["lucene"] == "8.11.2"
    assert lucene_java.versions(str(tmp_path / "none"))["lucene"] == "unknown"


def test_it_is_compared_only_where_it_is_named() -> None:
    """What is compared by default does not hang on whether a machine has Java."""
    assert "lucene" not in {setup.name for setup in installed_setups()}

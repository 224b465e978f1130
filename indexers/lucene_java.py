"""Lucene's classes, from jars on this machine, in a Java virtual machine (JVM) inside this process.

JPype can start a JVM once per process and with one class path. `missing` and `versions` start nothing.
"""

import functools
import importlib.metadata
import re
import threading
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import jpype

from indexers.errors import IndexerError, MissingPackageError

DEBIAN_JARS = "/usr/share/java"
HEAP = "512m"
_PARTS = ("core", "analyzers-common", "analyzers-smartcn")
_START = (
    f"-Xmx{HEAP}",
    "-XX:+UseSerialGC",
    "-Xrs",  # leaves signals to Python: Ctrl-C is its own, and a JVM that ends the process at SIGTERM makes it crash
)
_INSTALL = "apt install liblucene8-java openjdk-17-jre-headless"


class Java(NamedTuple):
    """The classes of Lucene and Java that are used."""

    BM25Similarity: Any
    BooleanQuery: Any
    BoostQuery: Any
    CharTermAttribute: Any
    DirectoryReader: Any
    Document: Any
    Field: Any
    FieldType: Any
    FSDirectory: Any
    IndexOptions: Any
    IndexSearcher: Any
    IndexWriter: Any
    IndexWriterConfig: Any
    LogDocMergePolicy: Any
    NOT_STORED: Any
    NumericDocValuesField: Any
    Occur: Any
    Paths: Any
    SerialMergeScheduler: Any
    Sort: Any
    SortField: Any
    StoredField: Any
    StringField: Any
    Term: Any
    TermQuery: Any
    URI: Any
    WhitespaceAnalyzer: Any


def missing(jars: str) -> str:
    """Return which of jars and JVM this machine lacks, a colon, and the line that installs them; empty for none."""
    lacking = []
    if not _jars(jars):
        names = " and ".join(f"lucene-{part}-8.*.jar" for part in _PARTS)
        lacking.append(f"{names} of one version in {jars}")
    try:
        jpype.getDefaultJVMPath()
    except jpype.JVMNotFoundException:
        lacking.append("a Java virtual machine (JAVA_HOME names one)")
    return f"{' and '.join(lacking)}: {_INSTALL}" if lacking else ""


def versions(jars: str) -> dict[str, str]:
    """Return the versions of Lucene, Java and JPype."""
    return {"lucene": _lucene_version(jars), "java": _java_version(), "jpype1": importlib.metadata.version("jpype1")}


def directory(java: Java, folder: Path) -> Any:
    """Open a folder as Lucene's directory; by its URI, since in the locale C Java refuses a Chinese name as text."""
    return java.FSDirectory.open(java.Paths.get(java.URI.create(folder.resolve().as_uri())))


_starting = threading.Lock()


def lucene(jars: str) -> Java:
    """Start the JVM, or take the one that runs, and return its classes.

    Raises `MissingPackageError` when there are no jars or no JVM, `IndexerError` when it cannot start or already runs
    with other jars.
    """
    with _starting:  # several searchers of one process may come at the same time
        return _started(jars)


@functools.cache
def _started(jars: str) -> Java:
    if lacking := missing(jars):
        raise MissingPackageError(f"engine 'lucene' needs {lacking}")
    if not jpype.isJVMStarted():
        try:
            jpype.startJVM(*_START, classpath=_jars(jars), interrupt=False)
        except (OSError, RuntimeError) as error:
            raise IndexerError(f"engine 'lucene' cannot start a Java virtual machine ({error}): {_INSTALL}") from error
    package, java = "org.apache.lucene", jpype.JClass
    try:
        loaded = str(java(f"{package}.util.Version").LATEST)
    except TypeError:  # somebody else has started the JVM
        loaded = "no Lucene"
    version = _lucene_version(jars)
    if loaded != version:
        raise IndexerError(
            f"engine 'lucene' needs Lucene {version} of {jars}, but this process already runs Java with {loaded}: "
            "use a new process"
        )
    java(f"{package}.search.BooleanQuery").setMaxClauseCount(java("java.lang.Integer").MAX_VALUE)
    return Java(
        BM25Similarity=java(f"{package}.search.similarities.BM25Similarity"),
        BooleanQuery=java(f"{package}.search.BooleanQuery"),
        BoostQuery=java(f"{package}.search.BoostQuery"),
        CharTermAttribute=java(f"{package}.analysis.tokenattributes.CharTermAttribute"),
        DirectoryReader=java(f"{package}.index.DirectoryReader"),
        Document=java(f"{package}.document.Document"),
        Field=java(f"{package}.document.Field"),
        FieldType=java(f"{package}.document.FieldType"),
        FSDirectory=java(f"{package}.store.FSDirectory"),
        IndexOptions=java(f"{package}.index.IndexOptions"),
        IndexSearcher=java(f"{package}.search.IndexSearcher"),
        IndexWriter=java(f"{package}.index.IndexWriter"),
        IndexWriterConfig=java(f"{package}.index.IndexWriterConfig"),
        LogDocMergePolicy=java(f"{package}.index.LogDocMergePolicy"),
        NOT_STORED=java(f"{package}.document.Field$Store").NO,
        NumericDocValuesField=java(f"{package}.document.NumericDocValuesField"),
        Occur=java(f"{package}.search.BooleanClause$Occur"),
        Paths=java("java.nio.file.Paths"),
        SerialMergeScheduler=java(f"{package}.index.SerialMergeScheduler"),
        Sort=java(f"{package}.search.Sort"),
        SortField=java(f"{package}.search.SortField"),
        StoredField=java(f"{package}.document.StoredField"),
        StringField=java(f"{package}.document.StringField"),
        Term=java(f"{package}.index.Term"),
        TermQuery=java(f"{package}.search.TermQuery"),
        URI=java("java.net.URI"),
        WhitespaceAnalyzer=java(f"{package}.analysis.core.WhitespaceAnalyzer"),
    )


def _jars(folder: str) -> list[Path]:
    """Return the jars of the highest version of which `folder` has all; empty where it has none."""
    for core in sorted(Path(folder).glob("lucene-core-8.*.jar"), key=_numbers, reverse=True):
        jars = [core.with_name(core.name.replace("core", part)) for part in _PARTS]
        if all(jar.is_file() for jar in jars):
            return jars
    return []


def _numbers(jar: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", jar.stem)]


def _lucene_version(folder: str) -> str:
    """Return the version that the jars hold: Debian 12's are named 8.7.0 and are 8.8.1."""
    try:
        with zipfile.ZipFile(_jars(folder)[0]) as jar:
            manifest = jar.read("META-INF/MANIFEST.MF").decode()
        named = re.search(r"^Specification-Version: (\S+)", manifest, re.MULTILINE)
    except (IndexError, KeyError, OSError, UnicodeDecodeError, zipfile.BadZipFile):
        return "unknown"
    return named[1] if named else "unknown"


def _java_version() -> str:
    """Return what the `release` file beside Java says, so that Java need not start."""
    try:
        home = Path(jpype.getDefaultJVMPath()).parents[2]
        named = re.search(r'^JAVA_VERSION="([^"]*)"', (home / "release").read_text(encoding="utf-8"), re.MULTILINE)
    except (jpype.JVMNotFoundException, OSError, IndexError):
        return "unknown"
    return named[1] if named else "unknown"

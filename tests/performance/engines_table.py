"""Measure every engine that this machine can run, and print one table of all.

    python tests/performance/engines_table.py [--corpus FOLDER] [--queries FOLDER] [--engine NAME …] [--write FILE]

By default over `ncp` in the shared data folder beside the project. Each set-up is indexed and asked in a run of its
own, with a new cache, one after the other; for a set-up on a server, a server is started (`tests/servers`). Memory is
the peak of an engine's own process; for a server, the largest sum, looked at every second, of the peaks (VmHWM) of its
processes, which counts memory that they share more than once. What cannot be measured is in the table, with the reason.
`--write docs/engines.md` puts the table in place of the one between the two marks there.
"""

import argparse
import datetime
import os
import re
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from indexers.registry import EngineStatus

ROOT = Path(__file__).parents[2]
NCP = ROOT.parent / "shared" / "data" / "ncp"
BEGIN = "<!-- measured by tests/performance/engines_table.py -->"
END = "<!-- end of what was measured -->"
COLUMNS = ("id", "nDCG@10", "R@100", "p50 ms", "p95 ms", "build s", "index", "memory")
_UNSEEN = 200


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One set-up: what was measured, or why it was not."""

    id: str
    problem: str = ""
    ndcg: float | None = None
    recall: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    build_s: float | None = None
    index_bytes: int | None = None
    memory_bytes: int | None = None


def shown_bytes(number: int | None) -> str:
    """Return a size in the unit that leaves up to four digits; `–` for what is unknown, which 0 stands for, too.

    >>> shown_bytes(2_345_678)
    '2.2 MiB'
    """
    if not number:
        return "–"
    size = float(number)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.1f} {unit}" if unit != "B" else f"{number} B"
        size /= 1024
    return f"{size:.1f} GiB"


def shown(value: float | None, digits: int, *, share: bool = False) -> str:
    """Return a number with so many digits behind the point; a share has no zero before it."""
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    return text.removeprefix("0") if share else text


def line(row: Row) -> str:
    """Return a row as Markdown; ids stand bare, so that set-ups and measurements are told apart on the page."""
    if row.problem:
        cells = [f"not measured: {escaped(row.problem)}", *[""] * (len(COLUMNS) - 2)]
    else:
        cells = [
            shown(row.ndcg, 3, share=True),
            shown(row.recall, 3, share=True),
            shown(row.p50_ms, 2),
            shown(row.p95_ms, 2),
            shown(row.build_s, 1),
            shown_bytes(row.index_bytes),
            shown_bytes(row.memory_bytes),
        ]
    return f"| {' | '.join([row.id, *cells])} |"


def escaped(problem: str) -> str:
    """Return a reason as it can stand in a table: one line, no bars, not endless."""
    plain = "".join(" " if unicodedata.category(char) == "Cc" else char for char in problem)
    return " ".join(plain.split()).replace("|", "/")[:_UNSEEN]


def table(rows: list[Row], heading: list[str]) -> str:
    """Return the lines above the table and the table, sorted by id."""
    lines = [*heading, "", f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    return "\n".join([*lines, *map(line, sorted(rows, key=lambda row: row.id))]) + "\n"


def replaced(page: str, made: str) -> str:
    """Return the page with `made` between its two marks. Raises `ValueError` where they are not there once each."""
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"the page must hold the line {BEGIN} and, below it, the line {END}, once each")
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{made}\n{END}{rest.partition(END)[2]}"


def heading(corpus: str, documents: int, queries: int) -> list[str]:
    """Return what the figures depend on: data, date, machine, versions."""
    from bench.machine import libraries, machine, version

    on = machine()
    versions = ", ".join(f"{name} {found}" for name, found in {**libraries(), **engine_versions()}.items())
    return [
        f"{corpus}: {documents:,} documents, {queries:,} queries; {datetime.datetime.now(datetime.UTC).date()}, "
        f"tongcha {version()}.",
        f"{on['processor']}, {on['cores']} cores, {on['memory_bytes'] / 2**30:.0f} GiB, {on['system']}, "
        f"{on['python']}; load at the start {os.getloadavg()[0]:.1f}.",
        f"{versions}.",
    ]


def engine_versions() -> dict[str, str]:
    """Return the versions of all libraries that embedded engines are made of."""
    from indexers.registry import status

    embedded = [entry for entry in status() if _ours(entry) and not entry.server]
    return {name: found for entry in embedded for name, found in entry.versions.items()}


def _ours(entry: "EngineStatus") -> bool:
    """Tell whether it is an engine over our corpus that comes with tongcha."""
    return entry.origin == "built-in" and entry.id != "http_portal"


class Silent:
    """A watcher that tells stderr which engine's turn it is."""

    def phase(self, name: str, total: int | None, done: int = 0) -> Callable[[int], None]:
        print(f"  {name}", file=sys.stderr, flush=True)
        return lambda _: None

    def note(self, text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)


def measured(setup_id: str, corpus: str, queries: str, runs: Path) -> tuple[Row, tuple[str, int, int]]:
    """Index, ask and score one set-up; return its row and what the data are."""
    from bench.experiment import make_experiment, to_toml
    from bench.rescore import rescore
    from bench.run import run

    experiment = make_experiment(setup_id, corpus, queries, (setup_id,))
    summary = rescore(run(experiment, to_toml(experiment), runs, Silent()))
    data = (summary.corpus.card.name, summary.corpus.size, summary.queries.size)
    (engine,) = summary.engines
    if engine.problem:
        return Row(id=setup_id, problem=engine.problem), data
    failed = engine.outcomes.get("failed", 0) + engine.outcomes.get("timeout", 0)
    if failed == sum(engine.outcomes.values()):
        return Row(id=setup_id, problem="no query was answered"), data
    index = engine.index
    return (
        Row(
            id=setup_id,
            ndcg=engine.measures["nDCG@10"].value,
            recall=engine.measures["R@100"].value,
            p50_ms=engine.latency_ms["p50"],
            p95_ms=engine.latency_ms["p95"],
            build_s=index.build_s if index else None,
            index_bytes=index.bytes if index else None,
            memory_bytes=engine.peak_memory_bytes,
        ),
        data,
    )


def family(pids: tuple[int, ...], parents: dict[int, int]) -> set[int]:
    """Return the processes and all that descend from them; `parents` maps each process to its parent.

    >>> sorted(family((2,), {2: 1, 3: 2, 4: 3, 5: 1}))
    [2, 3, 4]
    """
    found = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def peak_bytes(pids: tuple[int, ...]) -> int:
    """Return the sum of the peak resident memory of processes and their descendants that live now."""
    parents: dict[int, int] = {}
    peaks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            text = path.read_text()
        except OSError:  # it has just ended
            continue
        told = dict(re.findall(r"^(PPid|VmHWM):\s+(\d+)", text, re.MULTILINE))
        pid = int(path.parent.name)
        parents[pid], peaks[pid] = int(told["PPid"]), int(told.get("VmHWM", 0)) * 1024
    return sum(peaks.get(pid, 0) for pid in family(pids, parents))


@contextmanager
def watched(pids: tuple[int, ...]) -> Iterator[list[int]]:
    """Look at the memory of a server every second; the list holds the largest sum so far."""
    largest = [peak_bytes(pids)]
    done = threading.Event()

    def look() -> None:
        while not done.wait(1):
            largest[0] = max(largest[0], peak_bytes(pids))

    looker = threading.Thread(target=look, daemon=True)
    looker.start()
    try:
        yield largest
    finally:
        done.set()
        looker.join()
        largest[0] = max(largest[0], peak_bytes(pids))


class Measuring:
    """The measurement of all set-ups asked for, one after the other."""

    def __init__(self, corpus: str, queries: str, folder: Path) -> None:
        self.corpus, self.queries, self.folder = corpus, queries, folder
        self.rows: list[Row] = []
        self.data = (Path(corpus).name, 0, 0)

    def take(self, setup_id: str, pids: tuple[int, ...] = ()) -> None:
        """Measure one set-up; whatever goes wrong is its row."""
        print(setup_id, file=sys.stderr, flush=True)
        try:
            with watched(pids) as largest:
                row, self.data = measured(setup_id, self.corpus, self.queries, self.folder / "runs")
        except Exception as problem:
            row = Row(id=setup_id, problem=f"{type(problem).__name__}: {problem}")
        if pids and not row.problem:
            row = msgspec.structs.replace(row, memory_bytes=largest[0])
        self.keep(row)

    def keep(self, row: Row) -> None:
        """Add a row; where this machine keeps its folders is nobody's business."""
        self.rows.append(msgspec.structs.replace(row, problem=row.problem.replace(str(self.folder), "…")))

    def take_server(self, name: str, setups: tuple[str, ...]) -> None:
        """Start a server, measure the set-ups on it, and end it; one server a set-up, so that memory is its own."""
        from tests import serving

        for setup_id in setups:
            try:
                if name not in serving.names():
                    raise RuntimeError(f"tests/servers has no {name}.py that starts the server")
                if lacks := serving.missing(name):
                    raise RuntimeError(f"this machine lacks {lacks}")
                with serving.serving(name, self.folder / f"server-{setup_id}") as running:
                    self.take(setup_id, running.pids)
            except Exception as problem:
                if not any(row.id == setup_id for row in self.rows):
                    self.keep(Row(id=setup_id, problem=str(problem)))


def main() -> int:
    """Measure and print; fails when something that is installed could not be measured."""
    from indexers.registry import engine_names, installed_setups, status

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corpus", default=str(NCP), help="corpus folder, or 'demo'")
    parser.add_argument("--queries", default="", help="query set folder, by default the corpus folder")
    parser.add_argument("--engine", action="append", default=[], help="only this engine and its set-ups; repeat")
    parser.add_argument("--write", type=Path, help="page that holds the two marks")
    options = parser.parse_args()
    if unknown := set(options.engine) - set(engine_names()):
        parser.error(f"no engine {', '.join(sorted(unknown))}: choose from {', '.join(engine_names())}")
    if options.write:
        replaced(options.write.read_text(encoding="utf-8"), "")  # better now than behind the measurement
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["TONGCHA_CACHE"] = str(Path(temporary) / "cache")
        measuring = Measuring(options.corpus, options.queries or options.corpus, Path(temporary))
        embedded = [setup for setup in installed_setups(every=True) if setup.module.startswith("indexers.engines.")]
        done = {setup.name for setup in embedded}
        for setup in embedded:
            if not options.engine or setup.name in options.engine:
                measuring.take(setup.id)
        for entry in status():
            if not _ours(entry) or entry.id in done or (options.engine and entry.id not in options.engine):
                continue
            if entry.problem:
                measuring.keep(Row(id=entry.id, problem=entry.problem))
            elif entry.server:
                measuring.take_server(entry.id, entry.setups)
        made = table(measuring.rows, heading(*measuring.data))
    print(made)
    if options.write:
        options.write.write_text(replaced(options.write.read_text(encoding="utf-8"), made), encoding="utf-8")
    return 1 if any(row.problem for row in measuring.rows) else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())

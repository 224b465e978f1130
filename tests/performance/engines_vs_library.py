"""What an engine of tongcha costs beside a bare script over the same library: building an index and searching it.

    python tests/performance/engines_vs_library.py [--corpus FOLDER] [--engine ID …] [--documents N] [--queries N]
        [--rounds N] [--search-rounds N]

The bare scripts are in `bare_engines.py`. Both sides read the same corpus (BEIR format; by default the laws in the
shared data folder beside the project), make the same tokens and answer the same queries: titles of pages and sentences
out of them, drawn with a seed. They take turns, each time in a new process. The main figure is CPU time, since others
may load the machine: for building that of the whole process, its start included; for searching that of all queries,
once the index is open and one query has been asked. Time on the clock is given beside it. Ratios are of pairs, one of
each side, and then their median.

Fails when a median ratio of CPU time is above its limit, or when the answers differ: scores must be equal to 1e-5 of
their size, and pages the same, save that pages of equal score may swap places: a bare library leaves them as they fall.
"""

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

ROOT = Path(__file__).parents[2]
BARE = Path(__file__).with_name("bare_engines.py")
LAWS = ROOT.parent / "shared" / "data" / "laws"
ENGINES = ("tantivy", "bm25s")
LIMITS = {"build": 1.15, "search": 1.10}
SEED = 20261123
K = 10
_SAME = 1e-5


class Spent(NamedTuple):
    """What one process took, in seconds."""

    cpu: float
    wall: float


def build(engine: str, corpus: str, folder: str) -> None:
    """Index through tongcha."""
    from corpora.store import open_corpus
    from indexers.registry import create, resolve

    index = create(resolve(engine), Path(folder))
    index.build(open_corpus(corpus))
    index.close()


def search(engine: str, folder: str, queries: str, answers: str) -> None:
    """Search through tongcha, and print what that took."""
    from indexers.registry import create, resolve
    from tests.performance.bare_engines import answered

    index = create(resolve(engine), Path(folder))
    print(json.dumps(answered(lambda text: index.search(text, K), Path(queries), Path(answers))))
    index.close()


def command(side: str, verb: str, *parts: object) -> list[str]:
    """Return the command that does it in a process of its own."""
    script = BARE if side == "bare" else Path(__file__)
    return [sys.executable, str(script), verb, *map(str, parts)]


def timed(arguments: list[str]) -> tuple[Spent, str]:
    """Run a command; return what its process took as the system counts it, and what it printed."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        arguments, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return Spent(used.ru_utime + used.ru_stime, time.perf_counter() - begun), printed


def first_documents(corpus: Path, number: int, folder: Path) -> Path:
    """Write a corpus of the first documents, and return its folder."""
    from corpora.files import existing, open_bytes

    source = existing(corpus / "corpus.jsonl")
    assert source, f"{corpus} holds no corpus.jsonl"
    folder.mkdir()
    with open_bytes(source) as lines, (folder / "corpus.jsonl").open("wb") as first:
        first.writelines(islice(lines, number))
    return folder


def questions(corpus: Path, number: int) -> Iterator[str]:
    """Yield titles and sentences by turns, of documents drawn by the seed."""
    from corpora.store import open_corpus

    chance = random.Random(SEED)  # noqa: S311 - not for secrets
    pages = [(page.title, page.body) for page in open_corpus(corpus)]
    for turn, (title, body) in enumerate(chance.sample(pages, number)):
        sentences = [part for part in re.split("[。；：，\n]", body) if len(part) > 3]
        yield chance.choice(sentences) if turn % 2 and sentences else title


def same(bare: list[list[Any]], ours: list[list[dict[str, Any]]]) -> int:
    """Return how many answers have equals in another order; raises when an answer differs in anything else."""
    swapped = 0
    assert len(bare) == len(ours)
    for number, (theirs, mine) in enumerate(zip(bare, ours, strict=True)):
        answer = [(hit["doc_id"], hit.get("url", ""), hit["title"], hit["score"]) for hit in mine]
        assert len(theirs) == len(answer), f"answer {number}: {len(theirs)} hits bare, {len(answer)} through tongcha"
        scores = list(zip([hit[3] for hit in theirs], [hit[3] for hit in answer], strict=True))
        assert all(abs(a - b) <= _SAME * abs(a) for a, b in scores), f"answer {number}: {scores}"
        if [tuple(hit[:3]) for hit in theirs] != [hit[:3] for hit in answer]:
            swapped += 1
            last = answer[-1][3] * (1 + _SAME)  # which of the pages that tie with the last one are in is open
            above = {tuple(hit[:3]) for hit in theirs if hit[3] > last}
            assert above == {hit[:3] for hit in answer if hit[3] > last}, f"answer {number}: other pages"
    return swapped


def paired(what: str, rounds: int, once: Callable[[str], Spent]) -> float:
    """Time both sides by turns, print each pair, and return the median ratio of CPU time."""
    ratios: list[Spent] = []
    for number in range(1, rounds + 1):
        order = ("bare", "tongcha") if number % 2 else ("tongcha", "bare")
        spent = {side: once(side) for side in order}
        bare, ours = spent["bare"], spent["tongcha"]
        ratios.append(Spent(ours.cpu / bare.cpu, ours.wall / bare.wall))
        print(
            f"{what} pair {number}: CPU bare {bare.cpu:.2f} s, tongcha {ours.cpu:.2f} s, ratio {ratios[-1].cpu:.3f}; "
            f"clock {bare.wall:.2f} s, {ours.wall:.2f} s, ratio {ratios[-1].wall:.3f}",
            flush=True,
        )
    cpu, wall = (statistics.median(values) for values in zip(*ratios, strict=True))
    verb = what.partition(" ")[2]
    print(f"{what} median: ratio {cpu:.3f} of CPU time (limit {LIMITS[verb]}), {wall:.3f} on the clock", flush=True)
    return cpu


def compare(engine: str, corpus: Path, queries: Path, folder: Path, rounds: tuple[int, int]) -> bool:
    """Measure one engine; return whether it keeps the limits."""
    from corpora.files import existing

    source = existing(corpus / "corpus.jsonl")
    indexes = {side: folder / f"{engine}-{side}" for side in ("bare", "tongcha")}
    answers = {side: folder / f"{engine}-{side}.json" for side in indexes}

    def build_once(side: str) -> Spent:
        shutil.rmtree(indexes[side], ignore_errors=True)
        indexes[side].mkdir()
        return timed(command(side, "build", engine, source if side == "bare" else corpus, indexes[side]))[0]

    def search_once(side: str) -> Spent:
        took = json.loads(timed(command(side, "search", engine, indexes[side], queries, answers[side]))[1])
        opened[side].append(took["open_cpu"])
        return Spent(took["cpu"], took["wall"])

    opened: dict[str, list[float]] = {side: [] for side in indexes}
    building = paired(f"{engine} build", rounds[0], build_once)
    searching = paired(f"{engine} search", rounds[1], search_once)
    opening = {side: statistics.median(times) for side, times in opened.items()}
    print(
        f"{engine} start, opening and first query: CPU bare {opening['bare']:.2f} s, tongcha {opening['tongcha']:.2f} s"
    )
    swapped = same(*(msgspec.json.decode(answers[side].read_bytes()) for side in ("bare", "tongcha")))
    print(f"{engine}: all answers are equal; in {swapped} of them pages of equal score stand in another order")
    return building <= LIMITS["build"] and searching <= LIMITS["search"]


def main() -> int:
    """Measure what is asked for, and print it."""
    from bench.machine import library_version, machine

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corpus", type=Path, default=LAWS)
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--documents", type=int, default=0, help="only the first so many; 0 for all")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3, help="pairs of builds")
    parser.add_argument("--search-rounds", type=int, default=7, help="pairs of searches")
    options = parser.parse_args()
    engines = options.engine or ENGINES
    print(", ".join(f"{key} {value}" for key, value in machine().items()), f"load {os.getloadavg()[0]:.1f}", sep=", ")
    print(", ".join(f"{name} {library_version(name)}" for name in (*engines, "rjieba", "msgspec", "numpy")))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        corpus = options.corpus
        if options.documents:
            corpus = first_documents(corpus, options.documents, folder / "corpus")
        asked = list(questions(corpus, options.queries))
        queries = folder / "queries.json"
        queries.write_bytes(msgspec.json.encode(asked))
        size = f"the first {options.documents:,} documents" if options.documents else "all documents"
        length = statistics.mean(map(len, asked))
        print(f"{options.corpus.name}: {size}, {len(asked):,} queries of {length:.0f} characters")
        rounds = (options.rounds, options.search_rounds)
        kept = [compare(engine, corpus, queries, folder, rounds) for engine in engines]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build", engine, corpus, folder]:
            build(engine, corpus, folder)
        case ["search", engine, folder, queries, answers]:
            search(engine, folder, queries, answers)
        case _:
            sys.exit(main())

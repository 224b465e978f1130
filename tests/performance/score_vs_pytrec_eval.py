"""Time `tongcha score` against a minimal pytrec_eval script: python tests/performance/score_vs_pytrec_eval.py.

Both read the same TREC files, 10,000 queries × 100 documents by default, as whole cold processes that take turns
(A B A B …), so that a busy machine slows both. Prints each one's median and their ratio, and fails when the ratio is
above the limit or the means differ.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
MEASURES = {
    "nDCG@10": "ndcg_cut_10",
    "P@5": "P_5",
    "R@100": "recall_100",
    "RR": "recip_rank",
    "AP": "map",
    "Success@10": "success_10",
}
SEED = 20240607

THEIRS = """
import sys
import pytrec_eval

qrels_path, run_path, *measures = sys.argv[1:]
with open(qrels_path) as file:
    qrels = pytrec_eval.parse_qrel(file)
with open(run_path) as file:
    run = pytrec_eval.parse_run(file)
values = pytrec_eval.RelevanceEvaluator(qrels, set(measures)).evaluate(run)
for measure in measures:
    mean = sum(query[measure] for query in values.values()) / len(qrels)
    print(f"{measure}\\tall\\t{mean:.6f}")
"""


def write_files(folder: Path, queries: int, depth: int) -> tuple[Path, Path]:
    """Write a seeded run and qrels; scores are all different, so both tools rank alike."""
    random = np.random.default_rng(SEED)
    qrels_path, run_path = folder / "qrels", folder / "run.trec"
    with qrels_path.open("w") as qrels, run_path.open("w") as run:
        for query in range(queries):
            docs = random.choice(50_000, depth + 8, replace=False)
            judged = np.sort(np.append(random.choice(docs[:depth], 12, replace=False), docs[depth:]))
            grades = random.integers(0, 4, len(judged))
            qrels.writelines(f"q{query} 0 doc-{d:06d} {g}\n" for d, g in zip(judged, grades, strict=True))
            scores = 30 - np.arange(depth) * 0.25 - random.random(depth) * 0.2
            run.writelines(f"q{query} Q0 doc-{docs[i]:06d} {i + 1} {scores[i]:.6f} bm25\n" for i in range(depth))
    return qrels_path, run_path


def timed(command: list[str]) -> tuple[float, list[str]]:
    """Run a command; return its seconds and the values of its `all` lines."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - start
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return seconds, [value for _, query, value in lines if query == "all"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--depth", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--limit", type=float, default=0.8, help="highest ratio that passes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(path) for path in write_files(Path(folder), options.queries, options.depth)]
        asked = [part for measure in MEASURES for part in ("-m", measure)]
        tongcha = str(Path(sys.executable).with_name("tongcha"))
        ours = [tongcha, "score", "--qrels", paths[0], "--run", paths[1], "--digits", "6", *asked]
        theirs = [sys.executable, "-c", THEIRS, *paths, *MEASURES.values()]
        times: tuple[list[float], list[float]] = ([], [])
        for pair in range(options.pairs):
            (our_s, our_means), (their_s, their_means) = timed(ours), timed(theirs)
            if our_means != their_means:
                print(f"the means differ: {our_means} and {their_means}")
                return 1
            times[0].append(our_s)
            times[1].append(their_s)
            print(f"pair {pair + 1}: tongcha {our_s:.2f} s, pytrec_eval {their_s:.2f} s")
    mine, other = (statistics.median(seconds) for seconds in times)
    print(f"median: tongcha {mine:.2f} s, pytrec_eval {other:.2f} s, ratio {mine / other:.2f} (limit {options.limit})")
    return 0 if mine / other <= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())

"""Import composed corpora of growing size, and check them, each in a process of its own.

    python tests/performance/import_scale.py [documents …]

Prints documents per second, peak memory and, from the first size to the last, the bytes of memory for each more
document. The documents are composed while they are written, the same for the same size; 1,000,000 of them are about
900 MB in the temporary folder, and as much again for the import.
"""

import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SIZES = (10_000, 100_000, 1_000_000)
_WORDS = "住房公积金 提取 办理 职工 规定 申请 材料 社会保险 缴纳 登记 证明 窗口 时限 工作日 人民政府 通知".split()  # noqa: SIM905


def compose(path: Path, documents: int) -> None:
    """Write JSON lines with Chinese column names: an address, a title, a date and 60 to 140 words."""
    chance = random.Random(documents)  # noqa: S311 - not for secrets
    with path.open("w", encoding="utf-8") as stream:
        for number in range(documents):
            record = {
                "网址": f"https://www.s{number % 97}.gov.example/art/{number // 97}/{number}.html",
                "标题": f"{chance.choice(_WORDS)}{number}",
                "发布日期": f"20{number % 25:02}-{number % 12 + 1:02}-{number % 28 + 1:02}",
                "正文": "".join(chance.choices(_WORDS, k=chance.randint(60, 140))),
            }
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")


def import_it(source: str, folder: str) -> None:
    """Import and report time and peak memory of this process."""
    from bench.cli.corpus_import import options_of
    from corpora.importing import import_corpus

    begun = time.perf_counter()
    report = import_corpus(source, Path(folder), options_of("", []))
    _tell(report.written, begun)


def scan_it(_: str, folder: str) -> None:
    """Check the imported corpus as a run does, and report the same."""
    from corpora.store import open_corpus

    begun = time.perf_counter()
    _tell(open_corpus(folder).scan().documents, begun)


def _tell(documents: int, begun: float) -> None:
    from bench.process_memory import peak_memory_bytes

    seconds = time.perf_counter() - begun
    peak = peak_memory_bytes()
    print(json.dumps({"documents": documents, "seconds": seconds, "peak": peak}))


def _in_a_process(verb: str, source: Path, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, verb, str(source), str(folder)]
    told = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(told.stdout)
    return figures


def main(sizes: list[int]) -> None:
    """Compose, import and check each size, and print the figures."""
    results: dict[str, list[dict[str, float]]] = {"import": [], "scan": []}
    for size in sizes:
        with tempfile.TemporaryDirectory() as temporary:
            source, folder = Path(temporary) / "source.jsonl", Path(temporary) / "corpus"
            compose(source, size)
            for verb, figures in results.items():
                figures.append(_in_a_process(verb, source, folder))
                last = figures[-1]
                assert last["documents"] == size
                rate = last["documents"] / last["seconds"]
                print(f"{verb:<6} {size:>9,} documents  {rate:>9,.0f}/s  peak {last['peak'] / 1e6:6.1f} MB", flush=True)
    for verb, figures in results.items():
        for first, last in itertools.pairwise([figures[0], figures[-1]]):
            if more := last["documents"] - first["documents"]:
                print(f"{verb:<6} {(last['peak'] - first['peak']) / more:.1f} bytes of memory for each more document")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["import", source, folder]:
            import_it(source, folder)
        case ["scan", source, folder]:
            scan_it(source, folder)
        case sizes:
            main([int(size) for size in sizes] or list(SIZES))

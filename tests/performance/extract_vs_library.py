"""How long the extraction of a page takes, as a ratio to trafilatura alone on the same pages.

Run: python tests/performance/extract_vs_library.py [FOLDER] [ROUNDS]
FOLDER holds *.html files: by default the shared data folder beside the project, else the fictional pages of the tests.
Both run in this process, alternating; trafilatura with its fast setting, as extraction itself uses it. Printed are
medians per page over the rounds, the ratio of their sums, and the largest ratio of a page.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import trafilatura

from corpora.extract import extract
from tests.portal_pages import disclosure, listing, nameless, plain, tags

SHARED = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "pages"


def ours(page: bytes) -> object:
    """Extract everything."""
    return extract(page, url="https://www.linlan.gov.example/")


def library(page: bytes) -> object:
    """Extract the body alone."""
    return trafilatura.extract(page, fast=True, include_comments=False)


def seconds(work: Callable[[bytes], object], page: bytes) -> float:
    """Return the time of one call."""
    started = time.perf_counter()
    work(page)
    return time.perf_counter() - started


def main(folder: Path, rounds: int) -> None:
    """Time the pages and print the result."""
    pages = [path.read_bytes() for path in sorted(folder.glob("*.html"))]
    pages = pages or [page.encode() for page in (plain(tags()), plain(), nameless(), disclosure(), listing())]
    for page in pages:
        ours(page), library(page)
    medians: list[tuple[float, float]] = []
    for page in pages:
        times = [(seconds(ours, page), seconds(library, page)) for _ in range(rounds)]
        medians.append((statistics.median(a for a, _ in times), statistics.median(b for _, b in times)))
    mine, theirs = sum(a for a, _ in medians), sum(b for _, b in medians)
    print(f"corpora.extract: {mine / len(pages) * 1000:.1f} ms a page ({len(pages)} pages, {rounds} rounds)")
    print(f"trafilatura {trafilatura.__version__}, fast: {theirs / len(pages) * 1000:.1f} ms a page")
    print(f"ratio: {mine / theirs:.2f}; largest of a page: {max(a / b for a, b in medians):.2f}")


if __name__ == "__main__":
    main(
        Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED,
        int(sys.argv[2]) if len(sys.argv) > 2 else 10,
    )

"""Pool the demo collection: list what engines return and no rule speaks about, and record it once read.

    python tests/pool_demo.py list RUN… > unread.tsv  # what a reader has to read, from run folders over the demo set
    python tests/pool_demo.py accept unread.tsv       # record as not helping all that has got no grade by now
    python tests/pool_demo.py without RUN             # how well an engine is judged that the pool does not know

Between the two, whoever reads writes everything that does help the query into `queries/demo/data/found.toml`, with
grade and reason.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.results import RunFolder
from queries.demo import compose, pool
from queries.demo.authored import load
from queries.demo.compose import Sources
from queries.demo.labels import judge
from queries.demo.shelf import subject

DEPTH = 10
SHOWN = 50
FILE = Path(__file__).parent.parent / "queries" / "demo" / "data" / pool.FILE


def unread(given: Sources, runs: Sequence[Path], depth: int = DEPTH) -> Iterator[tuple[str, str, str]]:
    """Yield query, subject and one page of it for what stands in any engine's first ten and nobody has judged."""
    parents = {perturbed.id: perturbed.parent for perturbed in given.authored.perturbed}
    needs = {asked.id: compose.needed(given, asked) for asked in given.authored.query}
    seen = {(query_id, name) for query_id, read in given.pool.items() for name in read}
    for folder in map(RunFolder, runs):
        for engine in folder.manifest().engines:
            for response in folder.responses(engine):
                query_id = parents.get(response.query_id, response.query_id)
                for hit in response.hits[:depth]:
                    page = given.shelf.pages[hit.doc_id]
                    pair = (query_id, subject(page))
                    if pair not in seen and not compose.spoken(judge(needs[query_id], page).rule):
                        seen.add(pair)
                        yield *pair, hit.doc_id


def reading_list(runs: Sequence[Path]) -> Iterator[str]:
    """Yield a line for each unread pair, by query: query, subject, what is asked, title and beginning of a page."""
    given = compose.sources()
    asked = {asked.id: asked for asked in given.authored.query}
    names = {f"item:{item.id}": item.name for item in given.knowledge.items}
    for query_id, name, doc_id in sorted(unread(given, runs)):
        document = given.shelf.pages[doc_id].document
        shown = names.get(name) or f"{document.title} {document.body[:SHOWN]}"
        query = asked[query_id]
        yield "\t".join((query_id, name, query.text, query.region, " ".join(shown.split())))


def accept(lines: Iterator[str]) -> None:
    """Record the subjects of a reading list as read and not helping, but for those that were found to help."""
    read = {query_id: set(subjects) for query_id, subjects in pool.load().items()}
    helps = {(found.query, found.subject) for found in load().found}
    for line in lines:
        query_id, name = line.split("\t")[:2]
        if (query_id, name) not in helps:
            read.setdefault(query_id, set()).add(name)
    FILE.write_text(pool.dump({query_id: tuple(names) for query_id, names in read.items()}), encoding="utf-8")


def without(run: Path) -> Iterator[str]:
    """Yield for each engine Judged@10 as it is, and as it would be without the subjects that it alone added."""
    given = compose.sources()
    parents = {perturbed.id: perturbed.parent for perturbed in given.authored.perturbed}
    needs = {asked.id: compose.needed(given, asked) for asked in given.authored.query}
    read = {(query_id, name) for query_id, names in given.pool.items() for name in names}
    read |= {(found.query, found.subject) for found in given.authored.found}
    folder = RunFolder(run)
    spoken: dict[str, int] = Counter()
    seen: dict[str, list[tuple[str, str]]] = {}
    for engine in folder.manifest().engines:
        seen[engine] = []
        for response in folder.responses(engine):
            query_id = parents.get(response.query_id, response.query_id)
            for hit in response.hits[:DEPTH]:
                page = given.shelf.pages[hit.doc_id]
                rule = judge(needs[query_id], page).rule
                if compose.spoken(rule) and rule != compose.POOL:
                    spoken[engine] += 1
                else:
                    seen[engine].append((query_id, subject(page)))
    for engine, pairs in seen.items():
        others = {pair for name, theirs in seen.items() if name != engine for pair in theirs} & read
        total = spoken[engine] + len(pairs)
        now, then = (spoken[engine] + sum(pair in known for pair in pairs) for known in (read, others))
        yield f"{engine:<18} {now / total:.3f} {then / total:.3f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Pool the demo collection.")
    parser.add_argument("verb", choices=("list", "accept", "without"))
    parser.add_argument("paths", nargs="+", type=Path, help="run folders to list from, or reading lists to accept")
    arguments = parser.parse_args()
    if arguments.verb == "list":
        sys.stdout.write("".join(line + "\n" for line in reading_list(arguments.paths)))
    elif arguments.verb == "without":
        sys.stdout.write("".join(line + "\n" for line in without(arguments.paths[0])))
    else:
        accept(line for path in arguments.paths for line in path.read_text(encoding="utf-8").splitlines())

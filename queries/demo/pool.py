"""What a reader judged because an engine returned pages of that subject and no rule had spoken about them.

`pool.tsv` holds a line for each query: its id, then the subjects (see `shelf.subject`) that were read and found not to
help. What was found to help stands with its grade and reason under `also`, `near` or `hand` of the query.
"""

from collections.abc import Mapping
from importlib.resources import files

from queries.errors import QuerySetFormatError

FILE = "pool.tsv"


def load() -> dict[str, tuple[str, ...]]:
    """Return the subjects read and found not to help, by query id."""
    return parse(files("queries.demo").joinpath("data", FILE).read_text(encoding="utf-8"))


def parse(text: str) -> dict[str, tuple[str, ...]]:
    """Turn the file's text into subjects by query id; raise `QuerySetFormatError` on a query that stands twice."""
    pool: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        query_id, *subjects = line.split("\t")
        if query_id in pool:
            raise QuerySetFormatError(f"demo {FILE} line {number}: query '{query_id}' stands twice; join the lines")
        pool[query_id] = tuple(subjects)
    return pool


def dump(pool: Mapping[str, tuple[str, ...]]) -> str:
    """Turn a pool into the file's text, sorted."""
    return "".join("\t".join((query_id, *sorted(pool[query_id]))) + "\n" for query_id in sorted(pool) if pool[query_id])

"""Print the counts of the demo collection that `docs/collection.md` shows."""

import sys
from collections import Counter
from collections.abc import Iterator

from corpora.demo import compose as corpus
from corpora.demo.knowledge import load
from corpora.model import Document
from queries.demo import compose as query_set
from queries.model import Judgment


def tables() -> Iterator[str]:
    """Yield the lines of the Markdown tables."""
    documents = list(corpus.compose())
    queries, judgments = query_set.compose()
    clean = [query for query in queries if not query.parent]
    knowledge = load()
    yield "| what | count |"
    yield "|---|---|"
    yield f"| pages | {len(documents)} |"
    yield f"| service items | {len(knowledge.items)} |"
    yield f"| policy documents, of them repealed | {_repealed(documents)} |"
    yield f"| mirrored pages | {sum('mirror_of' in document.extra for document in documents)} |"
    yield f"| clean queries | {len(clean)} |"
    yield f"| perturbed queries | {len(queries) - len(clean)} |"
    yield f"| judgments | {len(judgments)} |"
    yield f"| judgments with grade 3 / 2 / 1 | {_grades(judgments)} |"
    yield f"| flagged `wrong_region` / `outdated` | {_flags(judgments)} |"
    yield ""
    yield from _shares("pages by kind", Counter(document.kind for document in documents))
    yield from _shares("pages by site", Counter(document.site for document in documents))
    yield from _shares("clean queries by intent", Counter(query.intent for query in clean))


def _repealed(documents: list[Document]) -> str:
    policies = [document for document in documents if document.kind == "政策文件"]
    return f"{len(policies)}, {sum(bool(document.expires) for document in policies)}"


def _grades(judgments: list[Judgment]) -> str:
    counts = Counter(judgment.grade for judgment in judgments)
    return f"{counts[3]} / {counts[2]} / {counts[1]}"


def _flags(judgments: list[Judgment]) -> str:
    counts = Counter(flag for judgment in judgments for flag in judgment.flags)
    return f"{counts['wrong_region']} / {counts['outdated']}"


def _shares(head: str, counts: Counter[str]) -> Iterator[str]:
    yield f"| {head} | count |"
    yield "|---|---|"
    for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"| {name} | {count} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write("\n".join(tables()).rstrip() + "\n")

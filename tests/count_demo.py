"""Print the counts of the demo collection that `docs/collection.md` shows."""

import sys
from collections import Counter
from collections.abc import Iterator

from corpora.demo import compose as corpus
from corpora.demo.attachments import render
from corpora.demo.difficulty import difficulties
from corpora.demo.knowledge import load
from corpora.demo.model import Knowledge
from corpora.demo.site import dirt, truth
from corpora.demo.site.demo import demo_portals
from corpora.demo.site.portal import Portal
from queries.demo import compose as query_set
from queries.model import Judgment, Query


def tables() -> Iterator[str]:
    """Yield the lines of the Markdown tables."""
    knowledge = load()
    pages = list(corpus.pages(knowledge))
    documents = [page.document for page in pages]
    queries, judgments = query_set.compose()
    clean = [query for query in queries if not query.parent]
    yield "| what | count |"
    yield "|---|---|"
    yield f"| pages | {len(documents)} |"
    yield f"| sites | {len({document.site for document in documents})} |"
    yield f"| agencies | {len(knowledge.agencies)} |"
    yield f"| service items, with themes | {len(knowledge.items)}, {len({item.theme for item in knowledge.items})} |"
    yield f"| policy documents, of them repealed | {_repealed(knowledge)} |"
    yield f"| authored questions: letters, FAQ entries, questions on items | {_questions(knowledge)} |"
    yield f"| clean queries | {len(clean)} |"
    yield f"| perturbed queries (typo / pinyin / colloquial) | {_perturbed(queries)} |"
    yield f"| judgments | {len(judgments)} |"
    yield f"| judgments with grade 3 / 2 / 1 | {_grades(judgments)} |"
    yield f"| flagged `wrong_region` / `outdated` | {_flags(judgments)} |"
    yield ""
    yield "| what makes it hard, on purpose | count |"
    yield "|---|---|"
    for name, ids in difficulties(knowledge, pages).items():
        yield f"| {name} | {len(ids)} |"
    served = demo_portals(attachment_bytes=render)
    yield f"| served: addresses from which a page moved away | {len(truth.moved(served))} |"
    yield f"| served: addresses whose page is gone | {len(truth.gone(served))} |"
    yield f"| served: pages with dirty meta tags or a wrong charset | {sum(len(_dirt(one)) for one in served)} |"
    yield ""
    yield from _shares("pages by kind", Counter(document.kind for document in documents))
    yield from _shares("pages by site", Counter(document.site for document in documents))
    yield from _shares("clean queries by intent", Counter(query.intent for query in clean))
    yield from _shares("clean queries by region", Counter(query.region for query in clean))
    yield from _shares("clean queries by search box", Counter(query.scope for query in clean))
    yield from _shares("judgments by assessor", Counter(judgment.assessor for judgment in judgments))


def _dirt(portal: Portal) -> dict[str, str]:
    return dirt.faults(document for document in portal.documents.values() if document.kind != "附件")


def _repealed(knowledge: Knowledge) -> str:
    return f"{len(knowledge.policies)}, {sum(bool(policy.expires) for policy in knowledge.policies)}"


def _questions(knowledge: Knowledge) -> str:
    return f"{len(knowledge.letters)}, {len(knowledge.faqs)}, {sum(len(item.faqs) for item in knowledge.items)}"


def _perturbed(queries: list[Query]) -> str:
    counts = Counter(query.variant for query in queries)
    return f"{counts['typo']} / {counts['pinyin']} / {counts['colloquial']}"


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

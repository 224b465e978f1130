"""The sentences of a report: what was measured, how, and what to beware of."""

from bench.report.words import Words
from bench.statistics import queries_needed
from bench.summary import Summary, Withheld


def lead(summary: Summary, words: Words) -> str:
    """Return what was measured, in a sentence or two."""
    clean = summary.queries.size - summary.perturbed_queries
    text = words("lead", queries=clean, documents=summary.corpus.size, engines=len(summary.engines))
    if summary.perturbed_queries:
        text += " " * (words.language == "en") + words("lead_perturbed", perturbed=summary.perturbed_queries)
    return text


def made(summary: Summary, words: Words) -> str:
    """Return when the measurement began, to the minute, in UTC."""
    return words("made", when=f"{summary.started_at[:10]} {summary.started_at[11:16]} UTC")


def warnings(summary: Summary, words: Words) -> list[str]:
    """Return what a reader must see before the numbers: what is unfinished, failed, withheld or partial."""
    notes = [] if summary.finished else [words("unfinished")]
    for engine in summary.engines:
        if engine.problem:
            notes.append(words("problem", engine=engine.id, problem=engine.problem))
        elif engine.withheld:
            notes.append(f"{engine.id}: {withheld(engine.withheld, words)}")
    for engine in summary.engines:
        if engine.track == "own-index":
            counts = {"shown": engine.shown, "unmapped": engine.unmapped, "elsewhere": engine.elsewhere}
            notes.append(words("own_index", engine=engine.id, **counts))
    for engine in summary.engines:
        if engine.partial:
            answers = sum(engine.outcomes[outcome] for outcome in ("answered", "empty"))
            notes.append(words("partial", engine=engine.id, n=engine.partial, all=answers))
    if any(engine.index and engine.index.reused for engine in summary.engines):
        notes.append(words("reused"))
    return notes


def withheld(why: Withheld, words: Words) -> str:
    """Return why headlines are not given."""
    return words(why.reason, value=why.value, limit=why.limit)


def power(summary: Summary, words: Words) -> str:
    """Return how many queries differences of common sizes need."""
    return words(
        "power",
        n=summary.queries.size - summary.perturbed_queries,
        n10=queries_needed(0.10),
        n05=queries_needed(0.05),
        n03=queries_needed(0.03),
    )


def method(summary: Summary, words: Words) -> list[str]:
    """Return how the numbers came about, with every setting that can move one."""
    scoring = summary.scoring
    rate = summary.rate_per_s
    notes = [
        words("method_gain"),
        words("method_grades", relevant=scoring.relevant, useful=summary.useful),
        words("method_pooled", low=scoring.min_judged, gap=scoring.max_judged_gap)
        if summary.pooled
        else words("method_known_item"),
        words(
            "method_replay",
            k=summary.k,
            timeout=summary.timeout_s,
            warmup=summary.warmup,
            loop=words("loop_open", rate=rate) if rate else words("loop_closed"),
        ),
        words("method_interval", resamples=scoring.resamples, seed=summary.seed),
    ]
    if summary.copies:
        notes.append(words(f"method_copies_{scoring.copies}", n=summary.copies))
    if summary.unjudged_queries:
        notes.append(words("unjudged", n=summary.unjudged_queries))
    return notes


def means(summary: Summary, words: Words) -> list[tuple[str, str]]:
    """Return each headline with what it means."""
    scoring = summary.scoring
    return [
        (words(headline), words(f"{headline}_means", reach=scoring.reach_within_s, read=scoring.read_s))
        for headline in ("found", "fast", "accurate")
    ]


def identity(summary: Summary, words: Words) -> list[tuple[str, str]]:
    """Return what identifies the data and the machine."""
    machine = summary.machine
    versions = [f"tongcha {summary.tongcha}", *(f"{name} {version}" for name, version in summary.libraries.items())]
    for engine in summary.engines:
        versions += [f"{name} {version}" for name, version in engine.versions.items()]
    return [
        (words("corpus"), _source(summary.corpus.card.name, summary.corpus.card.version, summary.corpus.content_hash)),
        (
            words("query_set"),
            _source(summary.queries.card.name, summary.queries.card.version, summary.queries.content_hash),
        ),
        (words("judgments"), f"sha256 {summary.judgments_hash[:16]}"),
        (
            words("machine"),
            f"{machine['processor']}, {machine['cores']} × CPU, {machine['memory_bytes'] / 2**30:.0f} GiB, "
            f"{machine['system']}, {machine['python']}",
        ),
        (words("versions"), ", ".join(dict.fromkeys(versions))),
    ]


def _source(name: str, version: str, content_hash: str) -> str:
    return f"{name} {version}".strip() + f" (sha256 {content_hash[:16]})"

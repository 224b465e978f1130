"""Lay scores out as the lines that trec_eval prints."""

from collections.abc import Iterator

from bench.measures import Scores


def format_trec_eval(scores: Scores, *, per_query: bool = True, digits: int = 4) -> Iterator[str]:
    """Yield `measure⇥query⇥value` lines without line ends: each query's measures first, then the means as query `all`.

    Measures carry their canonical names (`nDCG@10`, not `ndcg_cut_10`), and names are not padded.
    """
    names = [str(measure) for measure in scores.measures]
    if per_query:
        layout = "\n".join(f"{name.replace('%', '%%')}\t%s\t%.{digits}f" for name in names)
        columns = [column for row in scores.values.tolist() for column in (scores.query_ids, row)]
        for values in zip(*columns, strict=True) if columns else ():
            yield from (layout % values).split("\n")
    for name, mean in zip(names, scores.mean().values(), strict=True):
        yield f"{name}\tall\t{mean:.{digits}f}"

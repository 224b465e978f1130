"""`tongcha queries`: look at query sets and convert them."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli.exits import told
from bench.cli.options import Json

app = typer.Typer(help="Look at a query set, or convert one between formats.", no_args_is_help=True)

Split = Annotated[str, typer.Option(help="Which qrels/SPLIT.tsv of a BEIR folder.", metavar="SPLIT")]


@app.command()
def info(
    queries: Annotated[str, typer.Argument(help="Query set folder or 'demo'.")],
    split: Split = "",
    json: Json = False,
) -> None:
    """Check a query set and print its card, sizes, grades and content hashes."""
    from collections import Counter

    from bench.cli.screen import print_facts
    from queries.store import open_query_set

    with told():
        opened = open_query_set(queries, split)
        grades = Counter(judgment.grade for judgment in opened.judgments)
        shown = {
            "name": opened.card.name,
            "version": opened.card.version,
            "licence": opened.card.licence,
            "queries": len(opened.queries),
            "judged_queries": len(opened.judged_queries()),
            "judgments": len(opened.judgments),
            "grades": {str(grade): grades[grade] for grade in sorted(grades, reverse=True)},
            "queries_hash": opened.queries_hash,
            "judgments_hash": opened.judgments_hash,
        }
        print_facts(shown, json=json)


@app.command()
def why(
    query_id: Annotated[str, typer.Argument(help="Id of a query.", metavar="QUERY_ID")],
    doc_id: Annotated[str, typer.Argument(help="Id of a document.", metavar="DOC_ID")],
    queries: Annotated[str, typer.Option(help="Query set folder or 'demo'.")] = "demo",
    split: Split = "",
    json: Json = False,
) -> None:
    """Tell which grade a document has for a query, who gave it, and for the demo set the reason."""
    from bench.cli.screen import print_facts
    from queries.store import DEMO, judgment_of, open_query_set

    with told():
        if queries == DEMO:
            from queries.demo.why import why as explain

            reason = explain(query_id, doc_id)
            shown: dict[str, object] = {name: getattr(reason, name) for name in reason.__struct_fields__}
        else:
            query, judgment = judgment_of(open_query_set(queries, split), query_id, doc_id)
            shown = {
                "query_id": query.id,
                "query": query.text,
                "doc_id": doc_id,
                "grade": judgment.grade if judgment else None,
                "assessor": judgment.assessor if judgment else "",
                "flags": judgment.flags if judgment else (),
            }
        if not json:
            shown = {name: _spoken(name, value) for name, value in shown.items()}
        print_facts(shown, json=json)


def _spoken(name: str, value: object) -> str:
    """Write one answer of `why` as a line; a grade of 0 and no grade at all are two things."""
    if name == "grade":
        return "not judged, so measures count it as not relevant" if value is None else str(value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {told}" for key, told in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)


@app.command()
def convert(
    source: Annotated[str, typer.Argument(help="Query set folder in any format that tongcha reads, or 'demo'.")],
    target: Annotated[Path, typer.Argument(help="Folder to write.")],
    to: Annotated[Literal["tongcha", "beir", "trec"], typer.Option(help="Format to write.")] = "tongcha",
    split: Split = "",
    json: Json = False,
) -> None:
    """Write a query set with its judgments in another format."""
    from bench.cli.screen import print_json
    from queries.store import open_query_set, write_query_set

    with told():
        opened = open_query_set(source, split)
        write_query_set(target, opened.queries, opened.judgments, opened.card, layout=to)
        if json:
            print_json({"folder": str(target), "format": to, "queries": len(opened.queries)})
        else:
            typer.echo(f"{target}: {len(opened.queries)} queries, {len(opened.judgments)} judgments in {to} format")

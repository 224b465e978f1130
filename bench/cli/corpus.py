"""`tongcha corpus`: look at corpora, convert them, and import what is not one yet."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli.corpus_import import import_corpus
from bench.cli.exits import told
from bench.cli.options import Json

app = typer.Typer(help="Look at a corpus, import one, or convert one between formats.", no_args_is_help=True)

app.command("import")(import_corpus)


@app.command()
def info(
    corpus: Annotated[str, typer.Argument(help="Corpus folder or 'demo'.")],
    json: Json = False,
) -> None:
    """Check a corpus and print its card, size and content hash."""
    from bench.cli.screen import print_facts
    from corpora.store import open_corpus

    with told():
        opened = open_corpus(corpus)
        facts = opened.scan()
        shown = {
            "name": opened.card.name,
            "version": opened.card.version,
            "licence": opened.card.licence,
            "documents": facts.documents,
            "content_hash": facts.content_hash,
            "folder": str(opened.folder),
        }
        print_facts(shown, json=json)


@app.command()
def stats(
    corpora: Annotated[list[str], typer.Argument(help="Corpus folders, or 'demo'.", metavar="CORPUS…")],
    json: Json = False,
) -> None:
    """Lay corpora side by side: lengths, vocabulary growth, near-duplicates, and the queries where they have some."""
    from bench.cli.screen import Screen, print_json, print_table
    from bench.collection_stats import corpus_stats, side_by_side
    from bench.report.tables import Table
    from corpora.store import open_corpus
    from queries.errors import QuerySetNotFoundError
    from queries.store import open_query_set

    with told(), Screen() as screen:
        found = []
        for name in corpora:
            opened = open_corpus(name)
            try:
                asked = open_query_set(name)
            except QuerySetNotFoundError:
                asked = None  # a corpus need not have queries
            tick = screen.phase(f"reading {opened.card.name}", None)
            found.append(corpus_stats(opened.card.name, opened, asked, tick))
        if json:
            print_json(found)
        else:
            rows = side_by_side(found)
            print_table(Table(header=["", *(stats.name for stats in found)], rows=rows))


@app.command()
def convert(
    source: Annotated[str, typer.Argument(help="Corpus folder in any format that tongcha reads, or 'demo'.")],
    target: Annotated[Path, typer.Argument(help="Folder to write.")],
    to: Annotated[Literal["tongcha", "beir"], typer.Option(help="Format to write.")] = "tongcha",
    json: Json = False,
) -> None:
    """Write a corpus in another format."""
    from bench.cli.screen import print_json
    from corpora.store import open_corpus, write_corpus

    with told():
        opened = open_corpus(source)
        facts = opened.scan()
        write_corpus(target, opened, opened.card, layout=to)
        if json:
            print_json({"folder": str(target), "format": to, "documents": facts.documents})
        else:
            typer.echo(f"{target}: {facts.documents} documents in {to} format")

"""`tongcha corpus`: look at corpora, crawl for, import, audit, convert and serve them."""

import contextlib
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli.corpus_import import import_corpus
from bench.cli.crawl import crawl, from_crawl
from bench.cli.exits import told
from bench.cli.options import Json, Lang

app = typer.Typer(help="Look at a corpus; crawl for, import, audit, convert or serve one.", no_args_is_help=True)

app.command()(crawl)
app.command()(from_crawl)
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


@app.command()
def audit(
    corpus: Annotated[str, typer.Argument(help="Corpus folder or 'demo'.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write. [default: audit-NAME]", show_default=False)] = None,
    crawl: Annotated[
        list[Path] | None, typer.Option(help="Folder of a crawl, for dead links; repeat for more.", metavar="DIR")
    ] = None,
    as_of: Annotated[
        str, typer.Option(help="Day on which columns are looked at. [default: newest date in the corpus]")
    ] = "",
    news_days: Annotated[int, typer.Option(help="Days after which a news column is stale.", min=1)] = 14,
    policy_days: Annotated[int, typer.Option(help="Days after which a column of policies is stale.", min=1)] = 183,
    lang: Lang = "zh",
    json: Json = False,
) -> None:
    """Find what is wrong with the pages: facts that contradict each other, copies, stale columns, dirty metadata."""
    from bench.audit_report.screen import summary_table
    from bench.audit_report.words import AuditWords
    from bench.audit_report.write import write_audit
    from bench.cli.screen import Screen, print_json, print_table
    from bench.errors import BenchError
    from corpora.audit.meta import iso_date
    from corpora.audit.run import audit as look
    from corpora.audit.run import read_notes
    from corpora.store import open_corpus

    with told():
        if as_of and not iso_date(as_of):
            raise BenchError(f"--as-of {as_of!r} is no date: write it as 2026-06-30")
        for folder in crawl or []:
            if not folder.is_dir():
                raise BenchError(f"--crawl {str(folder)!r} is no folder: give the folder that the crawl was written to")
        opened = open_corpus(corpus)
        with Screen() as screen:
            tick = screen.phase(f"reading {opened.card.name}", None)
            opened.scan(tick)  # refuses a broken corpus before anything is written
            screen.note("comparing pages")
            card = opened.card
            found, copies = look(
                opened,
                read_notes([opened.folder, *(crawl or [])]),
                as_of=as_of,
                news_days=news_days,
                policy_days=policy_days,
                name=card.name,
                version=card.version,
            )
            written = write_audit(out or Path(f"audit-{card.name}"), found, copies, lang)
        if json:
            shown = {
                name: getattr(found, name) for name in ("name", "version", "documents", "as_of", "crawled", "counts")
            }
            print_json({**shown, "groups_of_copies": len(copies), "written": [str(path) for path in written]})
        else:
            print_table(summary_table(found, AuditWords(lang)))
            typer.echo("\n".join(str(path) for path in written))


@app.command()
def serve(
    corpus: Annotated[Literal["demo"], typer.Argument(help="The corpus whose portals to serve.")],
    port: Annotated[int, typer.Option(help="Port of the hub; the sites follow. 0: any.", min=0, max=65535)] = 8100,
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    traps: Annotated[bool, typer.Option("--traps", help="Also serve what breaks crawlers.")] = False,
    json: Json = False,
) -> None:
    """Serve the portals of the demo corpus as websites on this machine, until Ctrl-C."""
    import signal
    import time

    from bench.cli.screen import print_json
    from corpora.demo.attachments import missing, render
    from corpora.demo.site.demo import demo_portals
    from corpora.demo.site.server import Portals

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # scripts end servers with it
    with (
        told(),
        contextlib.suppress(KeyboardInterrupt),  # the ordinary end of a server, and no mistake
        Portals(
            demo_portals(attachment_bytes=None if missing() else render, traps=traps), host=host, port=port
        ) as served,
    ):
        if json:
            print_json({"hub": served.hub, "addresses": served.addresses})
        else:
            typer.echo(f"{served.hub}/  the list of portals, and ground-truth.json")
            for portal in served.portals:
                address = served.addresses[portal.site.id]
                typer.echo(f"{address}/  {portal.site.name}, {len(portal.documents)} documents")
            if missing():
                typer.echo(f"Attachments are left out without {', '.join(missing())}: pip install 'tongcha[sites]'")
            typer.echo("Ctrl-C ends it.")
        sys.stdout.flush()  # whoever started this through a pipe waits for the addresses
        while True:  # the system may hand the signal to another thread, and that does not wake this one
            time.sleep(0.2)

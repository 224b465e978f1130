"""`tongcha corpus crawl` and `from-crawl`: fetch portals politely, and make a corpus of what was fetched."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.exits import told
from bench.cli.options import Json

if TYPE_CHECKING:  # the command line stays quick for those who do not crawl
    from corpora.crawl.summary import Summary

TrustUrl = Annotated[
    bool,
    typer.Option("--trust-url-meta", help="Give documents the official host that their pages name in the Url tag."),
]


def crawl(
    urls: Annotated[list[str], typer.Argument(help="Addresses to start from.", metavar="URL…")],
    out: Annotated[Path, typer.Option(help="Folder for the pages and the corpus.", metavar="DIR")],
    allow_domain: Annotated[
        list[str] | None,
        typer.Option(help="Also follow links into this domain and those below it; repeat for more.", metavar="DOMAIN"),
    ] = None,
    max_pages: Annotated[int, typer.Option(help="Ask for at most this many addresses. 0: no limit.", min=0)] = 10_000,
    depth: Annotated[int, typer.Option(help="Follow at most this many links in a row.", min=0)] = 50,
    delay: Annotated[float, typer.Option(help="Seconds between two requests to a host.", min=0)] = 1.0,
    per_host: Annotated[int, typer.Option(help="Requests under way to a host.", min=1)] = 2,
    max_crawl_delay: Annotated[
        float, typer.Option(help="Obey a Crawl-delay in robots.txt up to this many seconds.", min=0)
    ] = 60.0,
    timeout: Annotated[float, typer.Option(help="Seconds for one answer.", min=0.1)] = 60.0,
    max_size: Annotated[float, typer.Option(help="Megabytes of one answer, sent or unpacked.", min=0.01)] = 20.0,
    retries: Annotated[int, typer.Option(help="Tries after the first one.", min=0)] = 2,
    backoff: Annotated[float, typer.Option(help="Seconds before the first retry; then 4 times longer.", min=0)] = 2.0,
    max_wait: Annotated[float, typer.Option(help="Obey a Retry-After up to this many seconds.", min=0)] = 300.0,
    max_queries: Annotated[int, typer.Option(help="Query strings for one path. 0: no limit.", min=0)] = 100,
    max_alike: Annotated[
        int, typer.Option(help="Addresses of a host that differ in digits only. 0: no limit.", min=0)
    ] = 20_000,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Connect to loopback and private addresses, too.")
    ] = False,
    contact: Annotated[str, typer.Option(help="Your address or page, for the user agent.")] = "",
    frontier: Annotated[
        str, typer.Option(help="Share the crawl with others over Redis or Valkey.", metavar="redis://…")
    ] = "",
    trust_url_meta: TrustUrl = False,
    json: Json = False,
) -> None:
    """Crawl portals into a corpus. The same command goes on where it was stopped, and later fetches what changed."""
    from bench.cli.screen import Screen
    from corpora.crawl.plan import Plan
    from corpora.crawl.run import crawl, require

    with told():
        plan = Plan(
            start=tuple(dict.fromkeys(urls)),
            allow_domains=tuple(allow_domain or ()),
            allow_private=allow_private,
            max_pages=max_pages,
            max_depth=depth,
            max_bytes=int(max_size * 2**20),
            max_queries=max_queries,
            max_alike=max_alike,
            delay_s=delay,
            max_crawl_delay_s=max_crawl_delay,
            per_host=per_host,
            timeout_s=timeout,
            retries=retries,
            backoff_s=backoff,
            max_wait_s=max_wait,
            contact=contact,
            frontier=frontier,
        )
        require(plan)
        with Screen() as screen:
            show = screen.progress("crawling")
            crawl(plan, out, lambda done, waiting, refused: show(done, done + waiting, f"{refused} refused"))
        _finish([out], out, trust_url_meta=trust_url_meta, json=json)


def from_crawl(
    folders: Annotated[list[Path], typer.Argument(help="Folders that were crawled into.", metavar="DIR…")],
    out: Annotated[Path, typer.Option(help="Folder for the corpus.", metavar="DIR")],
    trust_url_meta: TrustUrl = False,
    json: Json = False,
) -> None:
    """Make one corpus of one or several crawls, without asking a portal again."""
    from corpora.crawl.plan import Plan
    from corpora.crawl.run import require

    with told():
        require(Plan(start=()))
        _finish(folders, out, trust_url_meta=trust_url_meta, json=json)


def _finish(folders: list[Path], out: Path, *, trust_url_meta: bool, json: bool) -> None:
    from bench.cli.screen import Screen, print_json
    from corpora.crawl.corpus import build_corpus
    from corpora.crawl.summary import write_summary

    summaries = [write_summary(folder) for folder in folders]
    if not json:
        _tell(summaries)
    with Screen() as screen:
        built = build_corpus(folders, out, trust_url_meta=trust_url_meta, tick=screen.phase("reading pages", None))
    if json:
        print_json({"folder": str(out), "built": built, "crawls": summaries})
    else:
        typer.echo(f"{out}: {built.documents} documents, {built.lists} lists left out, {built.doubles} doubles")


def _tell(summaries: "list[Summary]") -> None:
    for summary in summaries:
        changes = ", ".join(f"{count} {change}" for change, count in summary.changes.items())
        typer.echo(f"{' '.join(summary.start)}: {changes or 'no pages'}")
        for url in summary.gone:
            typer.echo(f"  gone: {url}")
        for why, reason in summary.refused.items():
            typer.echo(f"  {reason.count} not had, {why}{': ' + reason.examples[0] if reason.examples else ''}")

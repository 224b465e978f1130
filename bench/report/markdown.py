"""The Markdown report: the same numbers, for wikis, mail and version control."""

from collections.abc import Iterator

from bench.report import notes, tables
from bench.report.tables import Table
from bench.report.words import Words
from bench.summary import Summary


def render(summary: Summary, words: Words) -> str:
    """Return the report as Markdown text."""
    return "\n".join(_lines(summary, words)) + "\n"


def _lines(summary: Summary, words: Words) -> Iterator[str]:
    yield f"# {words('title')}: {_escape(summary.name)}"
    yield from ("", notes.lead(summary, words) + " " + notes.made(summary, words), "")
    yield from (f"> {_escape(warning)}\n" for warning in notes.warnings(summary, words))
    yield from _section(words("headlines"), words("headlines_note"))
    yield from (f"- **{name}**: {meaning}" for name, meaning in notes.means(summary, words))
    yield from _table(tables.final(summary, words))
    yield from _section(words("tied"), words("tied_note"))
    yield from (f"- {name}: {_escape(groups)}" for name, groups in tables.tied(summary, words))
    yield from ("", notes.power(summary, words), "")
    yield from _section(words("causes"))
    yield from _table(tables.misses(summary, words))
    yield from ("", f"### {words('outcomes')}", "", words("outcomes_note"))
    yield from _table(tables.outcomes(summary, words))
    yield from _section(words("speed"), words("speed_note"))
    yield from _table(tables.speed(summary, words))
    yield from _section(words("measures"))
    yield from _table(tables.measures(summary, words))
    yield from _section(words("top10"))
    yield from _table(tables.shares(summary, words))
    sliced = tables.slices(summary, words)
    if sliced:
        yield from _section(words("slices"), words("slices_note"))
        for table in sliced.values():
            yield from _table(table)
        yield from ("", words("power_note"))
        yield from _table(tables.power(words))
    varied = tables.variants(summary, words)
    if varied:
        yield from _section(words("variants"), words("variants_note"))
        for name, table in varied.items():
            yield from ("", f"### {name}")
            yield from _table(table)
    yield from _section(words("hardest"), words("hardest_note"))
    yield from _table(tables.hardest(summary, words))
    yield from _section(words("pairs"))
    for name, table in tables.pairs(summary, words).items():
        yield from ("", f"### {name}")
        yield from _table(table)
    yield from _section(words("method"))
    yield from (f"- {note}" for note in notes.method(summary, words))
    yield from _section(words("identity"))
    yield from (f"- {name}: {_escape(value)}" for name, value in notes.identity(summary, words))


def _section(title: str, note: str = "") -> Iterator[str]:
    yield from ("", f"## {title}", "")
    if note:
        yield from (note, "")


def _table(table: Table) -> Iterator[str]:
    yield ""
    yield "| " + " | ".join(map(_escape, table.header)) + " |"
    yield "|" + " --- |" * len(table.header)
    for row in table.rows:
        yield "| " + " | ".join(map(_escape, row)) + " |"


def _escape(text: str) -> str:
    """Keep text from a corpus or query set from being read as Markdown or HTML."""
    for sign in "\\`*_[]<>|#":
        text = text.replace(sign, f"\\{sign}" if sign not in "<>" else {"<": "&lt;", ">": "&gt;"}[sign])
    return " ".join(text.split())

"""What an audit of coverage leaves: a report page, a workbook, JSON, two CSV tables, and the table on screen."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from bench.coverage import Coverage, Probed, Share
from bench.coverage_report import excel, facts, html
from bench.coverage_report.words import CoverageWords
from bench.report.tables import Table
from bench.report.words import Language
from corpora.files import write_whole

_SHOWN = 15
"""Values of a facet on screen; the files hold all."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_coverage(folder: Path, coverage: Coverage, language: Language) -> list[Path]:
    """Write what an audit found into the folder and return the paths.

    `coverage.html` and `coverage.xlsx` are for people, `coverage.json` holds all, `coverage.csv` the shares and
    `probes.csv` every search.

    CSV begins with a byte order mark, without which Excel garbles Chinese; a text that Excel would take for a formula
    gets an apostrophe in front.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = CoverageWords(language)
    contents = {
        "coverage.html": html.render(coverage, words).encode(errors="replace"),
        "coverage.xlsx": excel.render(coverage, words),
        "coverage.json": msgspec.json.format(msgspec.json.encode(coverage), indent=1),
    }
    for name, content in contents.items():
        with write_whole(folder / name) as stream:
            stream.write(content)
    shares, probes = folder / "coverage.csv", folder / "probes.csv"
    _write(
        shares,
        ["facet", "value", "probe", "n", "found", "share", "low", "high", "left_out"],
        (_share_row(share) for share in coverage.shares),
    )
    _write(
        probes,
        [
            "doc_id",
            "site",
            "url",
            "column",
            "age",
            "format",
            "probe",
            "text",
            "found",
            "rank",
            "found_as",
            "same_title",
            "outcome",
            "detail",
        ],
        (_probe_row(probed) for probed in coverage.probed),
    )
    return [*(folder / name for name in contents), shares, probes]


def coverage_table(coverage: Coverage) -> Table:
    """Return the shares as the screen shows them: a row for each column, age and format, a column for each probe."""
    kinds, cells = facts.kinds(coverage), facts.share_cells(coverage)
    rows = []
    for facet in dict.fromkeys(share.facet for share in coverage.shares):
        values = list(dict.fromkeys(share.value for share in coverage.shares if share.facet == facet))
        for value in values[:_SHOWN]:
            named = value if facet == "all" else f"{facet}: {value}"
            rows.append([named, *(_cell(cells[facet, value, kind]) for kind in kinds)])
        if len(values) > _SHOWN:
            rows.append([f"{facet}: {len(values) - _SHOWN} more in coverage.csv", *("" for _ in kinds)])
    return Table(header=[f"found in the first {coverage.first}, %", *kinds], rows=rows)


def _cell(share: Share) -> str:
    if share.share is None or share.low is None or share.high is None:
        return "–"
    return f"{share.share * 100:.1f} [{share.low * 100:.0f}-{share.high * 100:.0f}] of {share.n}"


def _share_row(share: Share) -> list[object]:
    bounds = [None if one is None else round(one, 6) for one in (share.share, share.low, share.high)]
    return [share.facet, share.value, share.probe, share.n, share.found, *bounds, share.left_out]


def _probe_row(probed: Probed) -> list[object]:
    probe = probed.probe
    found = {True: "yes", False: "no", None: ""}[probed.found]
    page = [probe.doc_id, probe.site, probe.url, probe.stratum.column, probe.stratum.age, probe.stratum.format]
    place = [probed.rank, probed.found_as, probed.same_title]
    return [*page, probe.kind, probe.text, found, *place, probed.outcome, probed.detail]


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="", errors="replace") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows([_plain(cell) for cell in row] for row in rows)


def _plain(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell

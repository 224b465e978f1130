"""What an audit of coverage leaves: JSON, two CSV tables, and the table on screen."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from bench.coverage import Coverage, Probed, Share
from bench.coverage_sample import KINDS
from bench.report.tables import Table

_SHOWN = 15
"""Values of a facet on screen; the files hold all."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_coverage(folder: Path, coverage: Coverage) -> list[Path]:
    """Write `coverage.json`, `coverage.csv` (the shares) and `probes.csv` (every search), and return their paths.

    CSV begins with a byte order mark, without which Excel garbles Chinese; a text that Excel would take for a formula
    gets an apostrophe in front.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / "coverage.json"
    whole.write_bytes(msgspec.json.format(msgspec.json.encode(coverage), indent=1))
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
            "column",
            "age",
            "format",
            "probe",
            "text",
            "found",
            "rank",
            "found_as",
            "outcome",
            "detail",
        ],
        (_probe_row(probed) for probed in coverage.probed),
    )
    return [whole, shares, probes]


def coverage_table(coverage: Coverage) -> Table:
    """Return the shares as the screen shows them: a row for each column, age and format, a column for each probe."""
    kinds = ["any", *(kind for kind in KINDS if any(share.probe == kind for share in coverage.shares))]
    if len(kinds) == 2:
        kinds = kinds[1:]  # one kind of probe: any of them is that one
    cells = {(share.facet, share.value, share.probe): share for share in coverage.shares}
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
    page = [probe.doc_id, probe.site, probe.stratum.column, probe.stratum.age, probe.stratum.format]
    return [*page, probe.kind, probe.text, found, probed.rank, probed.found_as, probed.outcome, probed.detail]


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="", errors="replace") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows([_plain(cell) for cell in row] for row in rows)


def _plain(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell

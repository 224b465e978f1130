"""Write the files of an audit, each whole or not at all."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.audit_report import excel, html
from bench.audit_report.words import AuditWords
from bench.report.words import Language
from corpora.audit.run import Audit
from corpora.duplicates import COPIES_FILE, Copies
from corpora.files import write_jsonl, write_whole


def write_audit(folder: Path, audit: Audit, copies: Sequence[Copies], language: Language) -> list[Path]:
    """Write audit.html, audit.xlsx, audit.json and duplicates.jsonl into the folder; return their paths."""
    words = AuditWords(language)
    contents = {
        "audit.html": html.render(audit, words).encode(errors="replace"),
        "audit.xlsx": excel.render(audit, words),
        "audit.json": msgspec.json.format(msgspec.json.encode(audit), indent=1) + b"\n",
    }
    for name, content in contents.items():
        with write_whole(folder / name) as stream:
            stream.write(content)
    write_jsonl(folder / COPIES_FILE, copies)
    return [folder / name for name in (*contents, COPIES_FILE)]

"""Scoring a run folder: scores, summary and reports from its files alone."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.experiment import read_experiment
from bench.report import excel, html, markdown
from bench.report.words import Language, Words
from bench.results import RunFolder
from bench.scoring import score_run, write_scores
from bench.summarise import summarise
from bench.summary import Summary
from corpora.files import write_whole


def rescore(folder: RunFolder, measures: Sequence[str] = ()) -> Summary:
    """Score a run anew, write `scores.parquet` and return the summary; `measures` replace the experiment's.

    Raises `RunFolderError`, `ExperimentError` or `MeasureError` when the folder or a measure cannot be used.
    """
    manifest = folder.manifest()
    experiment, _ = read_experiment(folder.experiment_path, to_run=False)
    if measures:
        scoring = msgspec.structs.replace(experiment.scoring, measures=tuple(measures))
        experiment = msgspec.structs.replace(experiment, scoring=scoring)
    scores = score_run(folder, manifest, experiment.scoring)
    write_scores(folder, scores)
    return summarise(manifest, experiment, scores, _expected(folder))


def write_reports(folder: RunFolder, summary: Summary, language: Language) -> list[Path]:
    """Write `report.html`, `report.xlsx` and `report.md` into the run folder and return their paths."""
    words = Words(language)
    reports = {
        "report.html": html.render(summary, words).encode(),
        "report.xlsx": excel.render(summary, words),
        "report.md": markdown.render(summary, words).encode(),
    }
    for name, content in reports.items():
        with write_whole(folder.folder / name) as stream:
            stream.write(content)
    return [folder.folder / name for name in reports]


def _expected(folder: RunFolder) -> dict[str, str]:
    """Return for each query the title of its best judged document, or its id where no title is kept."""
    documents = folder.documents()
    best: dict[str, tuple[int, str]] = {}
    for judgment in folder.query_set().judgments:
        if judgment.query_id not in best or judgment.grade > best[judgment.query_id][0]:
            best[judgment.query_id] = (judgment.grade, judgment.doc_id)
    return {
        query_id: (documents[doc_id].title or doc_id) if doc_id in documents else doc_id
        for query_id, (_, doc_id) in best.items()
    }

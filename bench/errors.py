"""The errors of the bench package.

BenchError
├── MeasureError         a measure's name, or a parameter of it, cannot be used
├── ScoringError         judgments and answers do not fit together
├── RunFileError         a TREC run file is missing or cannot be used as it is
├── ExperimentError      an experiment file is missing, broken or asks for impossible things
├── RunFolderError       a run folder is missing, broken, in use, or belongs to another experiment
├── ReplayError          an engine could not be built, or could not be replayed to the end
└── CoverageError        an audit of coverage has nothing to ask
"""


class BenchError(Exception):
    """Root of everything this package raises on purpose; its text is for the user."""


class MeasureError(BenchError):
    """Measures cannot be used; the text names every bad one and offers near matches."""


class ScoringError(BenchError):
    """Judgments and answers cannot be scored together; the text names the query and the document, where there are."""


class RunFileError(BenchError):
    """A run file cannot be used; the text names the file, the line where there is one, and the remedy."""


class ExperimentError(BenchError):
    """An experiment cannot be run as written; the text holds every mistake that was found, a line each."""


class RunFolderError(BenchError):
    """A run folder cannot be used; the text names it and says what to do."""


class ReplayError(BenchError):
    """An engine could not be built or replayed to the end; the text names the engine and the cause."""


class CoverageError(BenchError):
    """An audit of coverage has nothing to ask; the text says why and what there is."""

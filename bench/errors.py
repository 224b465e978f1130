"""The errors of the bench package.

BenchError
├── MeasureError         a measure name is unknown or has bad parameters
├── RunFileError         a TREC run file cannot be used
├── ExperimentError      an experiment file is missing, broken or asks for impossible things
├── RunFolderError       a run folder is missing, broken, in use, or belongs to another experiment
└── ReplayError          an engine could not be built, or could not be replayed to the end
"""


class BenchError(Exception):
    """Root of everything this package raises on purpose; its text is for the user."""


class MeasureError(BenchError):
    """A measure name is unknown or has bad parameters; the text offers near matches."""


class RunFileError(BenchError):
    """A TREC run file cannot be used; the text names the file, the line where there is one, and the remedy."""


class ExperimentError(BenchError):
    """An experiment cannot be run as written; the text holds every mistake that was found, a line each."""


class RunFolderError(BenchError):
    """A run folder cannot be used; the text names it and says what to do."""


class ReplayError(BenchError):
    """An engine could not be built or replayed to the end; the text names the engine and the cause."""

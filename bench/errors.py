"""The errors of the bench package.

BenchError
├── MeasureError             a measure's name, or a parameter of it, cannot be used
├── ScoringError             judgments and answers do not fit together
└── RunFileError             a run file is missing or cannot be used as it is
"""


class BenchError(Exception):
    """Root of everything this package raises on purpose; its text is one line for the user."""


class MeasureError(BenchError):
    """Measures cannot be used; the text names every bad one and offers near matches."""


class ScoringError(BenchError):
    """Judgments and answers cannot be scored together; the text names the query and the document, where there are."""


class RunFileError(BenchError):
    """A run file cannot be used; the text names the file, the line where there is one, and the remedy."""

"""The errors of the queries package.

QuerySetError
├── QuerySetNotFoundError    no such query set, folder or file
└── QuerySetFormatError      a file is there and cannot be used as it is
"""


class QuerySetError(Exception):
    """Root of everything this package raises on purpose; its text is one line for the user."""


class QuerySetNotFoundError(QuerySetError):
    """A query set folder or one of its files does not exist."""


class QuerySetFormatError(QuerySetError):
    """A query set file cannot be used; the text names the file, the line where there is one, and the remedy."""

"""The errors of the corpora package.

CorpusError
├── CorpusNotFoundError      no such corpus folder or file
├── CorpusFormatError        a file is there and cannot be used as it is
├── CrawlError               a crawl cannot start or go on as asked
├── InvalidURLError          text that is no http or https URL
└── PortalError              the demo portals cannot be served as asked
"""


class CorpusError(Exception):
    """Root of everything this package raises on purpose; its text is one line for the user."""


class CorpusNotFoundError(CorpusError):
    """A corpus folder or one of its files does not exist."""


class CorpusFormatError(CorpusError):
    """A corpus file cannot be used; the text names the file, the line where there is one, and the remedy."""


class CrawlError(CorpusError):
    """A crawl cannot start or go on; the text names the address, folder or package and the remedy."""


class PortalError(CorpusError):
    """The demo portals cannot be served; the text names the host or port and the remedy."""


class InvalidURLError(CorpusError):
    """A text is no http or https URL; the message quotes it."""

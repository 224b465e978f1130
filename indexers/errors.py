"""The errors of the indexers package.

IndexerError
├── UnknownEngineError       no engine of that name
├── MissingPackageError      the engine's library is not installed
├── OptionsError             an engine option is unknown or has a bad value
├── IndexBuildError          the engine could not index the corpus
├── ConformanceError         an engine breaks a promise of the protocol
└── SearchError              one search did not give an answer; the kinds are outcomes of their own:
    ├── UnsupportedError         the engine cannot answer this kind of query
    ├── BlockedError             the service refused to be asked (captcha, 403, 429, robots)
    └── SearchTimeoutError       no answer in time
"""


class IndexerError(Exception):
    """Root of everything this package raises on purpose; its text is one line for the user."""


class UnknownEngineError(IndexerError):
    """No engine has that id; the text offers near matches."""


class MissingPackageError(IndexerError):
    """The engine's library is not installed; the text holds the install line."""


class OptionsError(IndexerError):
    """Engine options do not fit; the text names every bad option."""


class IndexBuildError(IndexerError):
    """The engine could not index the corpus, or an index cannot be opened."""


class ConformanceError(IndexerError):
    """An engine breaks a promise that every engine makes; the text names the promise and what was seen."""


class SearchError(IndexerError):
    """One search gave no answer; recorded with outcome `failed`."""


class UnsupportedError(SearchError):
    """The engine cannot answer this kind of query; recorded with outcome `unsupported`."""


class BlockedError(SearchError):
    """The service refused to be asked; recorded with outcome `blocked`."""


class SearchTimeoutError(SearchError):
    """No answer in time; recorded with outcome `timeout`."""

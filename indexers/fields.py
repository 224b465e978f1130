"""How title and body become the fields of an index.

Two models, after Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields" (CIKM 2004):

- `combined` (default): one field that holds the title's tokens `title_boost` times, then the body's. A word's weighted
  occurrences are added up before BM25 saturates them. bm25s knows only one field, FTS5 adds up weighted columns, and so
  this is the one model in which all engines mean the same by a title boost.
- `summed`: a BM25 score for each field, with statistics of its own, the title's multiplied by `title_boost`, added up.
  It is what a query over several fields does by default in Lucene's family. The paper argues against it: a word that is
  in both fields is saturated in neither, and a single match in a short title outweighs several words of the body.
"""

from corpora.model import Document
from indexers.options import FieldOptions, TextOptions
from indexers.segment import Analyzer


def combined_tokens(document: Document, analyze: Analyzer, options: TextOptions) -> list[str]:
    """Return the title's tokens `title_boost` times, then the body's."""
    return analyze(document.title) * options.title_boost + analyze(document.body)


def field_texts(document: Document, analyze: Analyzer, options: FieldOptions) -> dict[str, str]:
    """Return what to index: field name to tokens joined by spaces."""
    if options.fields == "combined":
        return {"text": " ".join(combined_tokens(document, analyze, options))}
    return {"title": " ".join(analyze(document.title)), "body": " ".join(analyze(document.body))}


def field_weights(options: FieldOptions) -> dict[str, float]:
    """Return what to multiply each field's score by; its keys are the fields of `field_texts`."""
    return {"text": 1.0} if options.fields == "combined" else {"title": float(options.title_boost), "body": 1.0}


def describe_fields(options: TextOptions) -> dict[str, float]:
    """Return the boosts as `describe()` shows them."""
    return {"title": float(options.title_boost), "body": 1.0}

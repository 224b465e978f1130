"""Compose the demo corpus: the same documents, in the same order, on every machine."""

from collections.abc import Iterator

from corpora.card import Card
from corpora.demo.articles import articles
from corpora.demo.datasets import datasets
from corpora.demo.digests import digests
from corpora.demo.faqs import faqs
from corpora.demo.forms import forms
from corpora.demo.guides import guides
from corpora.demo.knowledge import load
from corpora.demo.model import Knowledge
from corpora.demo.organisations import organisations
from corpora.demo.page import Page
from corpora.demo.policies import policies
from corpora.demo.topics import topics
from corpora.model import Document

VERSION = "0.2.0"
"""Bump it whenever a byte of the composed documents changes."""


def card() -> Card:
    """Return the corpus card."""
    return Card(
        name="demo",
        version=VERSION,
        licence="Apache-2.0",
        description="Portals of the fictional province 云川省: every agency, place, person and rule is invented.",
    )


def compose() -> Iterator[Document]:
    """Yield every document in fixed order; raise `CorpusFormatError` when the authored data are inconsistent."""
    for page in pages(load()):
        yield page.document


def pages(knowledge: Knowledge) -> Iterator[Page]:
    """Yield every page with the links that labels are derived from."""
    yield from guides(knowledge)
    yield from policies(knowledge)
    yield from articles(knowledge)
    yield from faqs(knowledge)
    yield from digests(knowledge)
    yield from organisations(knowledge)
    yield from datasets(knowledge)
    yield from topics(knowledge)
    yield from forms(knowledge)

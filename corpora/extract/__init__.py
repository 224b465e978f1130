"""Pages and attachments of portals to titles, texts and the facts that search is judged by."""

from corpora.extract.model import Extracted, Link, Problem
from corpora.extract.page import extract

__all__ = ["Extracted", "Link", "Problem", "extract"]

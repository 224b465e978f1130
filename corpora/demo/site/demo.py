"""The portals of the demo collection, ready to be served."""

from corpora.demo.compose import pages
from corpora.demo.knowledge import load
from corpora.demo.site.portal import AttachmentBytes, Portal, portals


def demo_portals(*, attachment_bytes: AttachmentBytes | None = None, traps: bool = False) -> tuple[Portal, ...]:
    """Return a portal for every site of the demo collection; raise `CorpusFormatError` as `compose` does."""
    knowledge = load()
    return portals(pages(knowledge), knowledge.sites, attachment_bytes=attachment_bytes, traps=traps)

"""The composed pages by id and by what they are about, so that a query meets the pages that could concern it only."""

from collections.abc import Iterable, Iterator

from corpora.demo.page import Links, Page

Key = tuple[str, str]
"""What is meant (`item`, `policy`, `agency`, `dataset`, `group`) and its id."""


class Shelf:
    """All pages of the corpus."""

    def __init__(self, pages: Iterable[Page]):
        self.pages: dict[str, Page] = {page.document.id: page for page in pages}
        self._place = {name: place for place, name in enumerate(self.pages)}
        self._about: dict[Key, list[str]] = {}
        self._copies: dict[str, list[str]] = {}
        for name, page in self.pages.items():
            for key in _keys(page.links):
                self._about.setdefault(key, []).append(name)
            self._copies.setdefault(page.links.mirror_of or name, []).append(name)

    def about(self, keys: Iterable[Key], more: Iterable[str] = ()) -> list[Page]:
        """Return the pages about any of the keys, and those named, in corpus order."""
        names = {name for key in keys for name in self._about.get(key, ())}.union(more)
        return [self.pages[name] for name in sorted(names, key=self._place.__getitem__)]

    def copies(self, name: str) -> list[str]:
        """Return the ids of a page, its original and all its mirrors."""
        return self._copies[self.pages[name].links.mirror_of or name]


def _keys(links: Links) -> Iterator[Key]:
    for item in {links.item, *links.answers, *links.mentions} - {""}:
        yield "item", item
    for policy in {links.policy, links.explains, *links.policies} - {""}:
        yield "policy", policy
    for kind, name in (("agency", links.agency), ("dataset", links.dataset), ("group", links.group)):
        if name:
            yield kind, name

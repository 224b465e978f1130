"""The composed pages by id and by what they are about, so that a query meets the pages that could concern it only."""

from collections.abc import Collection, Iterable, Iterator

from corpora.demo.page import Links, Page

Key = tuple[str, str]
"""What is meant (`item`, `policy`, `agency`, `dataset`, `group`, `digest of`) and its id."""


class Shelf:
    """All pages of the corpus."""

    def __init__(self, pages: Iterable[Page]):
        self.pages: dict[str, Page] = {page.document.id: page for page in pages}
        self._place = {name: place for place, name in enumerate(self.pages)}
        self._about: dict[Key, list[str]] = {}
        self._copies: dict[str, list[str]] = {}
        self._subjects: dict[str, list[str]] = {}
        for name, page in self.pages.items():
            for key in _keys(page.links):
                self._about.setdefault(key, []).append(name)
            self._copies.setdefault(_origin(page), []).append(name)
            self._subjects.setdefault(subject(page), []).append(name)

    def about(self, keys: Iterable[Key], more: Iterable[str] = ()) -> list[Page]:
        """Return the pages about any of the keys, and those named, in corpus order."""
        names = {name for key in keys for name in self._about.get(key, ())}.union(more)
        return [self.pages[name] for name in sorted(names, key=self._place.__getitem__)]

    def of_subject(self, name: str) -> list[str]:
        """Return the ids of the pages with that subject, none if there is no such subject."""
        return self._subjects.get(name, [])

    @property
    def subjects(self) -> Collection[str]:
        """All subjects."""
        return self._subjects.keys()

    def copies(self, name: str) -> list[str]:
        """Return the ids of a page, its original, its mirrors, and the attachments that hold its text or records."""
        return self._copies[_origin(self.pages[name])]


def _origin(page: Page) -> str:
    links = page.links
    held = links.attachment_of if links.policy or links.dataset else ""
    return links.mirror_of or held or page.document.id


def subject(page: Page) -> str:
    """Return what a page is wholly about, so that one reading serves all pages on it.

    That is `item:`, `agency:`, `dataset:` or `policy:` and an id; `letter:` and the id of a letter that was answered in
    several places; `page:` and the id of the original for any other page that tells something of its own.
    """
    links = page.links
    if links.group.startswith("faq/") or (links.attachment_of and links.answers and not links.policy):
        return f"item:{links.answers[0]}"
    for kind, name in (
        ("item", links.item), ("agency", links.agency), ("dataset", links.dataset), ("policy", links.policy),
    ):  # fmt: skip
        if name:
            return f"{kind}:{name}"
    if links.group.startswith("letter/"):
        return links.group.replace("/", ":")
    return f"page:{links.mirror_of or page.document.id}"


def _keys(links: Links) -> Iterator[Key]:
    for item in {links.item, *links.answers, *links.mentions} - {""}:
        yield "item", item
    for policy in {links.policy, links.explains, *links.policies} - {""}:
        yield "policy", policy
    for name in links.contains:
        yield "digest of", name
    for kind, name in (("agency", links.agency), ("dataset", links.dataset), ("group", links.group)):
        if name:
            yield kind, name

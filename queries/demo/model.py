"""The authored queries: what a citizen typed, and what would answer it."""

import msgspec

Texts = tuple[str, ...]


class Override(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grade given by hand because no rule fits, with the reason."""

    doc: str
    grade: int
    reason: str


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A clean query, for pages, a policy, an agency, a dataset or an item; the first one given is its purpose."""

    id: str
    text: str
    intent: str
    theme: str
    region: str
    """Site id of the place that the asker lives in; `yunchuan` for the province as a whole."""
    scope: str = "all"
    """`all`, or the site id whose own search box is used."""
    audience: str = "natural-person"
    pages: Texts = ()
    """Ids of the documents that satisfy it fully."""
    policy: str = ""
    org: str = ""
    dataset: str = ""
    item: str = ""
    aspect: str = ""
    """The one thing about the item that is asked; answers on other aspects are then only related."""
    also: Texts = ()
    """Other items whose pages help as well: grade 2."""
    near: Texts = ()
    """Other items that are worth a look: grade 1."""
    hand: tuple[Override, ...] = ()


class Found(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A subject (see `shelf.subject`) of the pool that a reader found to help the query; place and day still apply."""

    query: str
    subject: str
    grade: int
    reason: str


class Perturbed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same need written differently; facets and judgments are its parent's."""

    id: str
    text: str
    parent: str
    variant: str
    """typo, pinyin or colloquial."""

"""The authored knowledge of the demo corpus: what the TOML files in `data/` hold."""

import msgspec

Texts = tuple[str, ...]


class Site(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A portal; `place` is the name that its agencies carry, such as `临澜市`."""

    id: str
    host: str
    name: str
    place: str
    region: str
    hours: str
    """When its agencies are open to the public."""
    hall: str
    """Where people go in person unless an item says otherwise."""


class Office(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An agency in one place."""

    addr: str
    tel: str
    local: str
    """What is particular about this office: branches, hours, division of work."""
    name: str = ""
    """Full name where it is not the place followed by the agency's usual name."""


class Agency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of agency, with its duties at each level and its offices by site id."""

    id: str
    province: str
    """Name at province level after the place, such as `公安厅`."""
    city: str
    lead: Texts
    """Duties at province level, one clause each."""
    duties: Texts
    """Duties at city level, one clause each."""
    at: dict[str, Office]


class Faq(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frequent question on an item. Its texts may hold the facts of the place that tells them: see `facts.py`."""

    ask: str
    say: str
    aspect: str
    sites: Texts = ()
    """Sites that answer it; none given: the places that handle the item take turns."""


class Variant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one place handles an item; these are the facts that make the wrong city really wrong."""

    days: str
    note: str
    date: str
    fee: str = "不收费"
    where: str = ""
    plus: Texts = ()
    """Materials wanted here beyond the item's own."""
    name: str = ""
    """Official name here where it differs from the item's."""


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service item (事项), with its variants by site id."""

    id: str
    name: str
    theme: str
    agency: str
    about: str
    conditions: Texts
    materials: Texts
    steps: Texts
    basis: str
    at: dict[str, Variant]
    audience: str = "natural-person"
    aliases: Texts = ()
    """Citizens' words for it; never printed on a page by themselves."""
    related: Texts = ()
    """Neighbouring items that a citizen may well have to look at too."""
    faqs: tuple[Faq, ...] = ()
    form: str = ""
    """Title of the form to fill in, offered as an attachment of the guide."""
    fields: Texts = ()
    """What the form asks for, in order."""


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy document; `topic` joins its versions and its counterparts elsewhere."""

    id: str
    site: str
    title: str
    number: str
    agency: str
    date: str
    effective: str
    topic: str
    body: str
    expires: str = ""
    supersedes: str = ""
    """Id of the policy that this one replaces."""
    stamped: bool = False
    """True where the portal prints on the page that the document is no longer in force."""
    answers: Texts = ()
    mentions: Texts = ()
    mirrors: Texts = ()
    """Ids of sites that republish it."""


class Article(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any other page: news, notice, letter, FAQ entry or interpretation."""

    id: str
    site: str
    title: str
    body: str
    date: str
    agency: str
    ask: str = ""
    """The citizen's letter; `body` is then the reply."""
    elsewhere: Texts = ()
    """Ids of other sites where the same was asked and answered with the facts of the place: see `facts.py`."""
    answers: Texts = ()
    """Items whose handling this page explains."""
    mentions: Texts = ()
    """Items that it touches without explaining how they are done."""
    aspects: Texts = ()
    """What it explains of them: fee, time, place, materials, steps, eligibility, amount, online, proxy."""
    explains: str = ""
    """Id of the policy that it interprets."""
    policies: Texts = ()
    """Ids of policies that it draws on."""
    group: str = ""
    """Joins pages on the same matter in other places or other years."""
    mirrors: Texts = ()
    """Ids of sites that republish it."""
    expires: str = ""
    column: str = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dataset as one place publishes it."""

    date: str
    note: str
    """What is particular about the data of this place: coverage, source, gaps."""
    rows: tuple[Texts, ...]
    """The records; as many cells in each as the dataset has columns."""


class Dataset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dataset on the open data pages (数据开放), by the sites that publish it."""

    id: str
    title: str
    """Without the place, which is put before it."""
    agency: str
    about: str
    cycle: str
    """How often it is updated, such as `每季度`."""
    columns: Texts
    at: dict[str, Shown]


class Topic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A special subject (专题) that leads to guides, policies and articles; `at` holds what each site says of it."""

    id: str
    title: str
    agency: str
    date: str
    at: dict[str, str]
    items: Texts = ()
    policies: Texts = ()


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A data fault that is meant: one channel of a site tells another fact than the guide of the place."""

    item: str
    site: str
    channel: str
    """`faq`, `letter` or `guide`."""
    field: str
    """`fee`, `days`, `where`, `office`, `tel` or `date`."""
    told: str
    """The fact as this channel tells it."""


class Confusable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two words that citizens and engines take for each other, and that mean different items."""

    words: tuple[str, str]
    items: tuple[str, str]
    why: str


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """Everything authored, in file order."""

    sites: tuple[Site, ...]
    agencies: tuple[Agency, ...]
    items: tuple[Item, ...]
    policies: tuple[Policy, ...]
    news: tuple[Article, ...]
    notices: tuple[Article, ...]
    letters: tuple[Article, ...]
    faqs: tuple[Article, ...]
    interpretations: tuple[Article, ...]
    datasets: tuple[Dataset, ...]
    topics: tuple[Topic, ...]
    faults: tuple[Fault, ...]
    confusables: tuple[Confusable, ...] = ()

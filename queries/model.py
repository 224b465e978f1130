"""The query and the judgment: what a citizen typed, and how well a document answers it."""

import msgspec


class Query(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One citizen query with the facets that scores are broken down by; unknown facets are empty strings."""

    id: str
    text: str
    intent: str = ""
    """service, policy, known-item, organisation, news, data or question."""
    audience: str = ""
    """natural-person (自然人), legal-person (法人) or both."""
    theme: str = ""
    """Theme of service items, such as `户籍办理`."""
    region: str = ""
    """Region the asker lives in, written as in `Document.region`."""
    scope: str = ""
    """`all` for 一网通查 over all sites, or the host name of one site for 站内搜索."""
    parent: str = ""
    """Id of the clean query that a perturbed one was made from; empty for a clean query."""
    variant: str = ""
    """How a perturbed query differs from its parent, such as `typo` or `pinyin`; empty for a clean query."""


class Judgment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How well one document answers one query.

    Grades: 3 fully satisfies, 2 basically satisfies, 1 related, 0 not relevant. Imported sets may use other integers,
    negative ones included. `flags` says why a grade is low: `wrong_region`, `outdated`.
    """

    query_id: str
    doc_id: str
    grade: int
    assessor: str = ""
    flags: tuple[str, ...] = ()

"""Tell the facts of an item in one place, as one of its channels tells them.

Questions, answers and replies hold placeholders (`{fee}`, `{days}` …), so that the same question has another answer in
every city. A channel may tell a fact that the guide of the place contradicts: those faults are authored, one by one.
"""

from collections.abc import Iterable

import msgspec

from corpora.demo.model import Agency, Fault, Item, Knowledge, Policy, Site
from corpora.demo.page import home, office_name


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel tells of an item in one place."""

    place: str
    name: str
    fee: str
    days: str
    where: str
    office: str
    tel: str
    date: str
    note: str
    """What is particular about the place."""
    wrong: tuple[str, ...] = ()
    """The fields that this channel tells differently from the guide of the place."""

    def fill(self, text: str) -> str:
        """Put the facts into the placeholders of an authored text."""
        return text.format(**{name: getattr(self, name) for name in self.__struct_fields__ if name != "wrong"})

    def wrong_in(self, text: str) -> tuple[str, ...]:
        """Return the wrong fields that the text, filled, would tell."""
        return tuple(name for name in self.wrong if "{" + name + "}" in text)


class Gazetteer:
    """The authored knowledge by id."""

    def __init__(self, knowledge: Knowledge):
        self.sites: dict[str, Site] = {site.id: site for site in knowledge.sites}
        self.agencies: dict[str, Agency] = {agency.id: agency for agency in knowledge.agencies}
        self.items: dict[str, Item] = {item.id: item for item in knowledge.items}
        self.policies: dict[str, Policy] = {policy.id: policy for policy in knowledge.policies}
        self._faults: dict[tuple[str, str, str], list[Fault]] = {}
        for fault in knowledge.faults:
            self._faults.setdefault((fault.item, fault.site, fault.channel), []).append(fault)

    def faults(self, item_id: str, site_id: str, channel: str) -> tuple[Fault, ...]:
        """Return the faults of a channel about an item."""
        return tuple(self._faults.get((item_id, site_id, channel), ()))

    def facts(self, item: Item, site: Site, channel: str) -> Facts:
        """Return what the channel (`guide`, `faq`, `letter`) of the site tells of the item, faults included."""
        variant = item.at[site.id]
        agency = self.agencies[item.agency]
        true = Facts(
            place=site.place,
            name=variant.name or item.name,
            fee=variant.fee,
            days=variant.days,
            where=variant.where or site.hall,
            office=office_name(agency, site),
            tel=agency.at[home(site.id)].tel,
            date=variant.date,
            note=variant.note,
        )
        told = {fault.field: fault.told for fault in self.faults(item.id, site.id, channel)}
        return msgspec.structs.replace(true, **told, wrong=tuple(told))


def sites_that_tell(gazetteer: Gazetteer, item: Item, first: int, most: int, channel: str) -> Iterable[Site]:
    """Return up to `most` of the places that handle an item, starting from the `first`, and those with a fault."""
    ids = list(item.at)
    turn = [ids[(first + step) % len(ids)] for step in range(min(most, len(ids)))]
    faulty = [name for name in ids if gazetteer.faults(item.id, name, channel) and name not in turn]
    return [gazetteer.sites[name] for name in (*turn, *faulty)]

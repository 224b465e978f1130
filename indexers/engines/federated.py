"""Federated search: an index for each site, asked at the same time and fused, as when every portal keeps its own.

Set-up: `federated` builds `engine` (an engine id, `fts5`) once for each site of the corpus and fuses their lists by
reciprocal rank (`method` and `norm`: see `indexers.fusion`). Compared with the same engine over one joint index, it
shows what it costs to put one search over many sites in place of one index of all pages. With `members` it asks live
portals in place of indexes of ours, and is on the track `own-index`.

Quirks:

- Document frequencies and average lengths are each site's own, so that scores of different sites compare roughly.
- Sites share no pages, so that reciprocal ranks deal out places: all first results, then all second ones, each by the
  sites' own scores, then in the order in which the corpus names the sites. `combsum` with `norm = "none"` goes by those
  scores alone.
- `min-max` (as in ranx) gives nothing to the last hit of a list, and so to the only one.
- Over all sites, each gives its best `k_each` at most; within one site, `k` if that is more.
- Sites that do not answer within `deadline_s` are left out and named in the response's detail. A loaded machine can so
  change an answer; the default leaves ample room. What portals are spared out of politeness is left out of the time.
- Portals show no scores: `method` is `rrf`, `isr` or `bordafuse` there. Equals are in the order of `members`.
- Indexes of ours and portals do not go together: the answer would be neither of the corpus nor of the live sites.
"""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from corpora.model import Document
from indexers import registry
from indexers.api import Burden, Hit
from indexers.errors import IndexBuildError, IndexerError, OptionsError
from indexers.federated import Federation, describe_fusion
from indexers.fusion import BY_RANK, Method, Norm
from indexers.made_by import forget_made_by, read_made_by, write_made_by
from indexers.registry import REDACTED, EngineSetup, Track

DISTRIBUTIONS = ()
COMPARED_BY_DEFAULT = False
"""It is another engine once more, over many indexes."""
SECRET_OPTIONS = ("members",)

_HELD = 2_000
"""Documents held in memory before they are sorted into the files of their sites."""
_PAGE = 10
"""Results on the first page, as most portals have it."""


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A portal that is asked."""

    site: str
    """Host name of its site, as queries in one site name it."""
    use: str = "http_portal"
    options: dict[str, Any] = {}


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the federated engine."""

    engine: str = "fts5"
    """Id of the engine that every site has."""
    members: tuple[Member, ...] = ()
    """Services to ask in place of indexes of ours."""
    method: Method = "rrf"
    norm: Norm = "min-max"
    """How scores are made comparable before they are added up; `rrf` uses none."""
    deadline_s: Annotated[float, msgspec.Meta(gt=0)] = 5.0
    k_each: Annotated[int, msgspec.Meta(ge=1)] = 100


SETUPS = {"": Options()}


def check_options(options: Options) -> None:
    """Raise what `resolve` raises for an unknown engine, and `OptionsError` for members that cannot be."""
    if options.members:
        if mistakes := list(_mistakes_in_members(options)):
            raise OptionsError(f"engine 'federated': {'; '.join(mistakes)}")
        return
    name = options.engine
    if name == "federated":
        raise OptionsError("engine 'federated': engine = 'federated' would never end: name another engine")
    if registry.track_of(name) == "own-index":
        raise OptionsError(
            f"engine 'federated': {name!r} answers from an index of its own: "
            "name one that indexes pages, or list services under 'members'"
        )
    registry.resolve(name)


def track(options: Options) -> Track:
    """Return `own-index` for a federation of services."""
    return "own-index" if options.members else "same-corpus"


def versions(options: Options) -> dict[str, str]:
    """Return the versions of the members' libraries."""
    setups = _setups(options).values() if options.members else [registry.resolve(options.engine)]
    return {name: version for setup in setups for name, version in registry.versions(setup).items()}


def longest_wait_s(options: Options) -> float:
    """Return how long one search may wait of its own accord: as long as the most patient member."""
    return max(map(registry.longest_wait_s, _setups(options).values()), default=0.0)


def burden(options: Options, k: int, site: str) -> Burden:
    """Return what one search asks of all members together, or of the one of that site; they are asked at once."""
    depth = max(k, options.k_each) if site else options.k_each
    setups = [setup for name, setup in _setups(options).items() if site in ("", name)]
    each = [told for setup in setups if (told := registry.burden(setup, depth))]
    return Burden(
        requests=(sum(told.requests[0] for told in each), sum(told.requests[1] for told in each)),
        least_s=max((told.least_s for told in each), default=0.0),
        opening=sum(told.opening for told in each),
        searches=min((told.searches for told in each), default=0),
        shown=sum(told.shown for told in each),
        page=_PAGE,
    )


def without_secrets(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with what each member's engine calls secret redacted."""
    if not options.get("members"):
        return dict(options)
    try:
        members = msgspec.convert(options["members"], tuple[Member, ...])
        bare = [
            {**msgspec.to_builtins(member), "options": registry.without_secrets(member.use, member.options)}
            for member in members
        ]
    except (msgspec.ValidationError, IndexerError):
        return {**options, "members": REDACTED}
    return {**options, "members": bare}


def _mistakes_in_members(options: Options) -> Iterator[str]:
    sites = [member.site for member in options.members]
    for place, member in enumerate(options.members):
        where = f"member {member.site or place + 1}"
        if not member.site:
            yield f"{where}: 'site' is empty: give the host name that queries in that site name"
        elif sites.index(member.site) != place:
            yield f"{where} is listed twice"
        try:
            setup = registry.resolve(member.use, member.options)
        except IndexerError as problem:
            yield f"{where}: {problem}"
            continue
        if setup.name == "federated":
            yield f"{where}: a federation cannot be one"
        elif registry.track(setup) != "own-index":
            yield f"{where}: {member.use!r} indexes our pages, and does not go together with services: leave it out"
        elif setup.name == "http_portal" and options.method not in BY_RANK:
            yield f"{where}: portals give no scores for {options.method!r}: use {', '.join(sorted(BY_RANK))}"


def _setups(options: Options) -> dict[str, EngineSetup]:
    return {member.site: registry.resolve(member.use, member.options) for member in options.members}


class Engine:
    """A folder with an index for each site, and `members.json`, which names them in the order of the corpus.

    A federation of services builds nothing; its folder is the one that tells which document a URL names.
    """

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._file = folder / "members.json"
        self._federation: Federation | None = None

    @property
    def last_partial(self) -> str:
        """Which sites the last answer lacks and why; empty when it lacks none."""
        return self._federation.last_partial if self._federation else ""

    def build(self, documents: Iterable[Document]) -> None:
        """Sort the documents by site on disk, then build one index after the other."""
        if self._options.members:
            raise IndexBuildError("engine 'federated': its members answer from indexes of their own, none is built")
        self.close()
        setup = registry.resolve(self._options.engine)
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="sites-", dir=self._folder) as spool:
            sites = _sort(documents, Path(spool))
            forget_made_by(self._folder)
            self._file.unlink(missing_ok=True)
            shutil.rmtree(self._folder / "members", ignore_errors=True)
            for place in range(len(sites)):
                index = registry.create(setup, self._member(place))
                try:
                    index.build(_read(_spooled(Path(spool), place)))
                finally:
                    index.close()
        self._file.write_bytes(msgspec.json.encode(sites))
        write_made_by(self._folder, self.describe())

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents that rank highest after fusion, or of one site's index."""
        return self._open().search(text, k, site)

    def waited_s(self) -> float:
        """Return how much earlier the last answer had been there without the members' own waits, in seconds."""
        return self._federation.waited_s() if self._federation else 0.0

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values: that of the members, and how they are fused."""
        options = self._options
        if options.members:
            fusion = describe_fusion(options.method, options.norm, options.deadline_s, options.k_each, comparable=False)
            created = {site: registry.create(setup, self._folder) for site, setup in _setups(options).items()}
            return {"engine": "federated", **fusion, "members": {site: one.describe() for site, one in created.items()}}
        member = registry.create(registry.resolve(options.engine), self._folder)
        described = member.describe()
        member.close()
        shared: dict[str, Any] = {name: described[name] for name in ("limits", "versions") if name in described}
        fusion = describe_fusion(options.method, options.norm, options.deadline_s, options.k_each, comparable=True)
        return {"engine": "federated", **fusion, "member": described, **shared}

    def close(self) -> None:
        """Close the indexes of all sites."""
        if self._federation is not None:
            self._federation.close()
            self._federation = None

    def _member(self, place: int) -> Path:
        return self._folder / "members" / f"{place:05}"

    def _open(self) -> Federation:
        if self._federation is None:
            options = self._options
            if options.members:
                members = {site: registry.create(setup, self._folder) for site, setup in _setups(options).items()}
            else:
                read_made_by(self._folder, self.describe())
                setup = registry.resolve(options.engine)
                sites = msgspec.json.decode(self._file.read_bytes(), type=list[str])
                members = {site: registry.create(setup, self._member(place)) for place, site in enumerate(sites)}
            self._federation = Federation(
                members,
                method=options.method,
                norm=options.norm,
                deadline_s=options.deadline_s,
                k_each=options.k_each,
                comparable=not options.members,
            )
        return self._federation


def _sort(documents: Iterable[Document], spool: Path) -> list[str]:
    """Write the documents of each site into a file of its own and return the sites in the order of the corpus."""
    places: dict[str, int] = {}
    held: dict[int, list[bytes]] = {}
    for number, document in enumerate(documents, 1):
        place = places.setdefault(document.site, len(places))
        held.setdefault(place, []).append(msgspec.json.encode(document))
        if number % _HELD == 0:
            _spill(held, spool)
    _spill(held, spool)
    return list(places)


def _spill(held: dict[int, list[bytes]], spool: Path) -> None:
    """Append what is held to the sites' files, one open at a time: a process may open fewer than there are."""
    for place, lines in held.items():
        with _spooled(spool, place).open("ab") as stream:
            stream.writelines(line + b"\n" for line in lines)
    held.clear()


def _spooled(spool: Path, place: int) -> Path:
    return spool / f"{place:05}.jsonl"


def _read(path: Path) -> Iterator[Document]:
    decode = msgspec.json.Decoder(Document).decode
    with path.open("rb") as stream:
        for line in stream:
            yield decode(line)

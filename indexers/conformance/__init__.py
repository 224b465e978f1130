"""The suite that every engine must pass, a third party's too.

    from indexers.conformance import CHECKS, check

    check(lambda folder: Engine(Options(), folder), tmp_path)     # all of it, in one call

or one pytest case per promise, whose docstring says what is promised:

    @pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
    def test_promise(promise, tmp_path):
        promise(lambda folder: Engine(Options(), folder), tmp_path)

A broken promise raises a `ConformanceError`. Every check gets its own empty folder. An engine that cannot do
something says so in `describe()["limits"]` and is exempt from the promises concerned:

- `min_characters: 3`: shorter queries find nothing.
- `normalizes: False`: full-width and plain forms of a character differ.
- `matches: "nearest"`: every page has a distance to every query, so that a word that no page holds finds pages, too.
- `site_order: "ranks within the site"`: what is fused by ranks counts them within the site that is searched, so that
  its pages may come in another order than among all.

One that cannot restrict its answer to a site raises `UnsupportedError` when given one, which keeps those promises.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from indexers.conformance import answers, indexes, texts
from indexers.conformance.given import CORPUS as CORPUS
from indexers.conformance.given import Make as Make
from indexers.errors import ConformanceError

CHECKS: tuple[Callable[[Make, Path], None], ...] = (
    indexes.says_what_it_is,
    indexes.constructs_without_touching_disk,
    indexes.names_a_missing_index,
    answers.finds_a_page_by_its_title,
    answers.finds_words_in_the_body,
    answers.finds_two_characters,
    answers.returns_at_most_k,
    answers.returns_known_pages_once,
    answers.ranks_by_score,
    answers.repeats_itself,
    answers.keeps_one_order_of_equals,
    answers.restricts_to_a_site,
    answers.gives_the_best_k_of_a_site,
    answers.keeps_the_order_within_a_site,
    answers.knows_sites_by_their_whole_name,
    texts.answers_nothing_with_nothing,
    answers.gives_no_hit_without_a_match,
    texts.answers_long_queries,
    texts.reads_full_width,
    texts.survives_rare_characters,
    texts.takes_text_as_text,
    indexes.survives_nul,
    indexes.indexes_thin_pages,
    indexes.indexes_nothing,
    indexes.replaces_when_building_again,
    indexes.reopens,
    indexes.closes_twice,
    indexes.refuses_an_index_of_another_version,
)


class Verdict(NamedTuple):
    """Whether an engine keeps a promise."""

    promise: str
    """Name of the check."""
    claim: str
    """What is promised."""
    broken: str
    """What was seen instead; empty where the promise is kept."""


def verdicts(make: Make, folder: Path) -> Iterator[Verdict]:
    """Run one check after the other below `folder`, and say of each what came of it."""
    for promise in CHECKS:
        place = folder / promise.__name__
        place.mkdir(parents=True)
        seen = ""
        try:
            promise(make, place)
        except ConformanceError as error:
            seen = str(error)
        except Exception as error:
            seen = f"{type(error).__name__}: {error}"
        yield Verdict(promise.__name__, (promise.__doc__ or "").strip(), seen)


def check(make: Make, folder: Path) -> None:
    """Run all checks below `folder`; raises one `ConformanceError` that names every broken promise."""
    broken = [verdict for verdict in verdicts(make, folder) if verdict.broken]
    if broken:
        lines = [f"{verdict.promise} ({verdict.claim}) {verdict.broken}" for verdict in broken]
        raise ConformanceError(f"{len(broken)} of {len(CHECKS)} promises broken:\n" + "\n".join(lines))

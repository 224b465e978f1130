"""Extraction holds its floors on real pages: the shared data folder beside the project, where there is one."""

import hashlib
import re
from pathlib import Path

import pytest

from corpora.extract import Extracted, extract

PAGES = Path(__file__).parent.parent.parent / "shared" / "data" / "pages"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not PAGES.is_dir(), reason="the shared data folder is not beside the project"),
]

DATA = "ed3ba5fa3772d55177b0b4493a7629e0eb0d389b64b30c45bfa4b9d700372902"
"""SHA-256 over the pages that the floors below hold for."""

WITHOUT_A_DAY = 4
"""Pages that show their day of publication nowhere but in the tag; the day of writing stands in for it."""


def contents() -> list[bytes]:
    return [path.read_bytes() for path in sorted(PAGES.glob("*.html"))]


def squeezed(text: str) -> str:
    return "".join(text.split())


def without_tags(page: bytes) -> bytes:
    return re.sub(rb"<meta(?![^>]*charset)[^>]*>", b"", page)


@pytest.fixture(scope="module")
def tagged() -> list[Extracted]:
    return [extract(page, url="") for page in contents()]


@pytest.fixture(scope="module")
def bare() -> list[Extracted]:
    return [extract(without_tags(page), url="") for page in contents()]


def test_these_are_the_pages_that_the_floors_hold_for() -> None:
    digest = hashlib.sha256()
    for page in contents():
        digest.update(page)
    assert (len(contents()), digest.hexdigest()) == (23, DATA)


def test_what_the_tags_say_is_said(tagged: list[Extracted]) -> None:
    """Title, column, source and day, on every page that has the tag."""
    for page in tagged:
        for tag, value in {"ArticleTitle": page.title, "ColumnName": page.column, "ContentSource": page.source}.items():
            assert squeezed(value) == squeezed(page.meta.get(tag, value))
        assert page.published == page.meta.get("PubDate", page.published)[:10]
        assert page.title
        assert page.published
        assert not page.is_list


def test_without_tags_titles_are_still_right(tagged: list[Extracted], bare: list[Extracted]) -> None:
    right = sum(squeezed(a.title) == squeezed(b.title) for a, b in zip(tagged, bare, strict=True))
    assert right / len(bare) >= 0.95


def test_without_tags_days_are_right_wherever_the_page_shows_one(
    tagged: list[Extracted], bare: list[Extracted]
) -> None:
    """Where it shows none, the day of writing comes with a problem that says so."""
    wrong = [b for a, b in zip(tagged, bare, strict=True) if a.published != b.published]
    assert len(wrong) <= WITHOUT_A_DAY
    assert all(("guessed", "published") in {(found.kind, found.subject) for found in page.problems} for page in wrong)


def test_bodies_do_not_depend_on_the_names_of_boxes(tagged: list[Extracted]) -> None:
    """The names that content management systems give help; the shape of the page must do without them."""
    for page, named in zip(contents(), tagged, strict=True):
        nameless = re.sub(rb"""\s(?:id|class)=("[^"]*"|'[^']*')""", b"", page)
        lines = extract(nameless, url="").body.split("\n")
        common = set(lines) & set(named.body.split("\n"))
        kept = sum(map(len, common))
        assert kept >= 0.95 * len("".join(set(named.body.split("\n"))))
        assert kept >= 0.9 * len("".join(set(lines)))


def test_bodies_lose_menus_and_footers(tagged: list[Extracted]) -> None:
    for page in tagged:
        assert len(page.body) > 300
        assert not re.search(r"版权所有|ICP备|网站标识码|公网安备|当前位置|浏览字号|上一篇|网站地图", page.body)

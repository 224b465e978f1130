"""The parts of portal searches that need no portal: paths, dates, titles, links, templates, what is hidden."""

import doctest
import importlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexers.errors import BlockedError, OptionsError, SearchError
from indexers.hidden import Hidden, address_parts, revealed
from indexers.pages import unmapped_id
from indexers.portal.dates import day
from indexers.portal.paths import select
from indexers.portal.preset import load_preset, preset_names
from indexers.portal.reading import clean, read_json
from indexers.portal.signs import Answer, page_of
from indexers.portal.template import fill

IGS = load_preset("trs-igs")


@pytest.mark.parametrize(
    "module", ["indexers.pages", "indexers.portal.dates", "indexers.portal.paths", "indexers.portal.reading"]
)
def test_examples_in_docstrings_run(module: str) -> None:
    """What docstrings show is so."""
    assert doctest.testmod(importlib.import_module(module)).failed == 0


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b", [1]),
        ("list[].n", [1, 2]),
        ("table.*.list[]", [3, 4, 5]),
        ("one[]", [{"n": 9}]),  # a single result without its list
        ("nothing[].n", []),
        ("nothing.deeper", []),
        ("missing", None),
        ("a.missing", None),
    ],
)
def test_paths_lead_to_values(path: str, expected: list[Any] | None) -> None:
    """Null leads nowhere, what is missing is told apart from it."""
    value = {
        "a": {"b": 1},
        "list": [{"n": 1}, {"n": 2}],
        "table": {"x": {"list": [3]}, "y": {"list": [4, 5]}, "z": {"list": None}},
        "one": {"n": 9},
        "nothing": None,
    }
    assert select(value, path) == expected


@pytest.mark.parametrize(
    ("written", "formats", "expected"),
    [
        ("2025-03-01T09:30:00", ("iso",), "2025-03-01"),
        ("时间：2025年3月1日 09:30", ("iso", "cn"), "2025-03-01"),
        ("2025.03.01", ("dots",), "2025-03-01"),
        ("2025/3/1", ("slashes",), "2025-03-01"),
        ("20250301", ("digits",), "2025-03-01"),
        (1740758400000, ("ms",), "2025-03-01"),  # midnight in Beijing, the day before in London
        ("1740758400", ("s",), "2025-03-01"),
        ("2025-02-30", ("iso",), ""),
        (None, ("iso",), ""),
        ("昨天", ("iso", "cn"), ""),
        (10**30, ("ms",), ""),
    ],
)
def test_dates_become_days(written: Any, formats: tuple[str, ...], expected: str) -> None:
    """Days are those of Chinese time; what is no date is none."""
    assert day(written, formats) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("<em>公积金</em>提取", "公积金提取"),
        ("<font color='red'>公积金</font>&nbsp;提取", "公积金 提取"),
        ("1 < 2 且 3 > 2", "1 < 2 且 3 > 2"),
        (["公积金", "<em>提取</em>"], "公积金提取"),
        ({"length": 5, "text": "公积金<em>提取</em>"}, "公积金提取"),
        (None, ""),
        ([], ""),
        ({}, ""),
    ],
)
def test_titles_become_plain(written: Any, expected: str) -> None:
    """Highlights and entities go, comparisons stay; lists and tables give their text."""
    assert clean(written) == expected


@given(st.text(), st.text())
def test_what_was_typed_is_never_a_template(query: str, page: str) -> None:
    """Braces in a query stay braces."""
    assert fill({"q": "{query}", "p": ["{page}"]}, {"query": query, "page": page}) == {"q": query, "p": [page]}


def test_numbers_in_templates_are_numbers() -> None:
    """`{page:int}` is a number, and what is none is told."""
    assert fill({"page": "{page:int}"}, {"page": "3"}) == {"page": 3}
    with pytest.raises(OptionsError, match="page:int"):
        fill("{page:int}", {"page": "x"})


SECRET = st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=6)


@given(SECRET, st.text(), st.text())
def test_a_secret_is_in_no_text(secret: str, before: str, after: str) -> None:
    """However a text goes on around it, the secret is not left in it."""
    assert secret not in Hidden([secret])(before.replace(secret, "") + secret + after)


def test_an_address_is_hidden_in_all_its_forms() -> None:
    """Host, host with port, and the host as canonical URLs have it are hidden; that of a public address is not."""
    hide = Hidden(address_parts("https://user:pass1234@www.inner.gov.example:8443/search/"))
    for text in ("https://www.inner.gov.example:8443/x", "WWW.INNER.GOV.EXAMPLE", "https://inner.gov.example/a"):
        assert "inner" not in hide(text).lower()
    assert "pass1234" not in hide("pass1234")
    public = Hidden(address_parts("https://www.inner.gov.example", "http://inner.gov.example/"))
    assert public("https://www.inner.gov.example/a.html") == "https://www.inner.gov.example/a.html"


def test_an_address_of_any_scheme_is_hidden() -> None:
    """A database's address is hidden like a page's, and the usual one is not."""
    parts = address_parts("postgresql://user:pass1234@db.inner.gov.example:5433/x", "postgresql://127.0.0.1:5432/x")
    assert Hidden(parts)("host db.inner.gov.example, port 5433, pass1234") == "host ***, port 5433, ***"
    usual = Hidden(address_parts("postgresql://127.0.0.1:54321/x", "postgresql://127.0.0.1:5432/x"))
    assert usual("no answer from 127.0.0.1") == "no answer from 127.0.0.1"


def test_the_environment_is_named_not_shown() -> None:
    """`env:NAME` is read from the environment; without it the message names the variable."""
    assert revealed("env:A", "url", {"A": "x"}) == "x"
    assert revealed("plain", "url", {}) == "plain"
    with pytest.raises(OptionsError, match="'url' is taken from the environment variable 'A'"):
        revealed("env:A", "url", {})


@given(st.text(), st.text())
def test_ids_of_unmapped_hits_fit_trec_files(url: str, title: str) -> None:
    """Whatever a portal gives for a link, the id holds no white space."""
    assert len(unmapped_id(url, title).split()) == 1


def answered(text: str, **changes: Any) -> Answer:
    return Answer(**{"status": 200, "body": text.encode(), "url": "https://www.linlan.gov.example/"} | changes)


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ('{"page": {"content": [], "total": 0}}', 0),
        ('{"page": {"content": null, "total": 0}}', 0),
        ('{"page": {"total": 0}}', 0),
        ('{"page": null}', None),
    ],
)
def test_empty_answers_come_in_several_shapes(text: str, total: int | None) -> None:
    """An empty list, a null, or a total alone are answers without results."""
    page = page_of(answered(text), IGS, "公积金", "https://www.linlan.gov.example/")
    assert (page.results, page.total) == ((), total)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"data": {}}', SearchError),
        ("[]", SearchError),
        ("null and void", SearchError),
        ('{"msg": "访问过于频繁，请稍后再试"}', BlockedError),
        ("<html>请输入验证码</html>", BlockedError),
        ('{"code": 401, "msg": "请先登录"}', BlockedError),
    ],
)
def test_other_shapes_are_no_answers(text: str, error: type[Exception]) -> None:
    """What has neither results nor a total is broken, or a refusal where it says so."""
    with pytest.raises(SearchError) as caught:
        page_of(answered(text), IGS, "公积金", "https://www.linlan.gov.example/")
    assert type(caught.value) is error


def test_words_of_refusal_in_results_refuse_nothing() -> None:
    """Who searches for 验证码 finds pages about it."""
    text = '{"page": {"content": [{"title": "收不到验证码怎么办，访问过于频繁", "url": "/a.html"}], "total": 1}}'
    page = page_of(answered(text), IGS, "验证码", "https://www.linlan.gov.example/s")
    assert [result.url for result in page.results] == ["https://www.linlan.gov.example/a.html"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["page", "content", "title", "url", "trs_time", "total", "x"]), inner)
        ),
    )
)
def test_no_json_breaks_the_reading(document: Any) -> None:
    """Whatever JSON comes back, it is read as some page."""
    read_json(document, IGS.results, "https://www.linlan.gov.example/")


@given(st.sampled_from(preset_names()), st.binary(max_size=200), st.sampled_from(["", "utf-8", "gbk", "no-such"]))
def test_whatever_comes_back_is_a_page_or_no_answer(preset: str, body: bytes, charset: str) -> None:
    """No bytes make the reading fail otherwise than by saying that they are no answer."""
    answer = Answer(status=200, body=body, url="https://www.linlan.gov.example/", charset=charset)
    with suppress(SearchError):
        page_of(answer, load_preset(preset), "公积金", "https://www.linlan.gov.example/")


@given(st.sampled_from(["hunan", "trs-was5"]), st.text(alphabet="<>/=' \"aiold&#;htvus公\0\x0b", max_size=80))
def test_no_html_breaks_the_reading(preset: str, inside: str) -> None:
    """The same for pages that have the results' container."""
    text = f"<div id='hits'><table><tr><td class='searchresult'><ol><li>{inside}</li></ol></td></tr></table></div>"
    with suppress(SearchError):
        page_of(answered(text), load_preset(preset), "公积金", "https://www.linlan.gov.example/")

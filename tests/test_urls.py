"""URLs that name one page have one form, and URLs that name two pages have two."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corpora.errors import CorpusError, InvalidURLError
from corpora.urls import canonical, same_page

PAGE = "https://www.linlan.gov.example/zwgk/gjj/123.html"

TWINS = [
    ("scheme", "http://www.linlan.gov.example/zwgk/gjj/123.html"),
    ("host case", "HTTPS://WWW.Linlan.GOV.example/zwgk/gjj/123.html"),
    ("bare host", "https://linlan.gov.example/zwgk/gjj/123.html"),
    ("mobile host", "http://m.linlan.gov.example/zwgk/gjj/123.html"),
    ("final dot of the host", "https://www.linlan.gov.example./zwgk/gjj/123.html"),
    ("default port", "http://www.linlan.gov.example:80/zwgk/gjj/123.html"),
    ("dot segments", "https://www.linlan.gov.example/a/../zwgk/./gjj/123.html"),
    ("encoded dot segments", "https://www.linlan.gov.example/a/%2e%2e/zwgk/gjj/123.html"),
    ("slashes", "https://www.linlan.gov.example//zwgk///gjj/123.html"),
    ("unreserved characters encoded", "https://www.linlan.gov.example/zwgk/%67jj/123%2Ehtml"),
    ("session in the path", PAGE + ";jsessionid=0A1B2C"),
    ("session parameter", PAGE + "?JSESSIONID=0A1B"),
    ("campaign", PAGE + "?utm_source=wx&utm_medium=x&spm=a.b"),
    ("shared from an app", PAGE + "?from=singlemessage&isappinstalled=0"),
    ("moment", PAGE + "?_t=1714960000000"),
    ("moment under a short name", PAGE + "?t=1714960000"),
    ("empty query and fragment", PAGE + "?#"),
    ("fragment", PAGE + "#zoom"),
    ("white space around it", f"  {PAGE}\n"),
]


@pytest.mark.parametrize(("what", "url"), TWINS, ids=[what for what, _ in TWINS])
def test_twins_of_a_page_have_its_form(what: str, url: str) -> None:
    assert same_page(url, PAGE)
    assert canonical(url) == "https://linlan.gov.example/zwgk/gjj/123.html"


@pytest.mark.parametrize("index", ["", "/", "index.html", "index.htm", "index.shtml", "default.aspx", "Index.JSP"])
def test_index_pages_are_their_folder(index: str) -> None:
    folder = "https://www.linlan.gov.example/gjj"
    assert canonical(f"{folder}/{index}".removesuffix("//")) == "https://linlan.gov.example/gjj"


@pytest.mark.parametrize(
    "other",
    [
        "https://gjj.linlan.gov.example/zwgk/gjj/123.html",
        "https://www.linlan.gov.example:8080/zwgk/gjj/123.html",
        "https://www.linlan.gov.example/zwgk/GJJ/123.html",
        "https://www.linlan.gov.example/zwgk/gjj/123.htm",
        "https://www.linlan.gov.example/zwgk%2Fgjj/123.html",
        PAGE + "?id=7",
        PAGE + "?t=gongjijin",
        PAGE + "?from=2024-01-01&to=2024-02-01",
        PAGE + "#!/list/2",
        PAGE + "#/list/2",
    ],
)
def test_different_pages_keep_different_forms(other: str) -> None:
    assert not same_page(other, PAGE)


def test_later_index_pages_are_not_the_first() -> None:
    """`index_1.html` is the second page of a list."""
    assert not same_page("http://linlan.gov.example/a/index_1.html", "http://linlan.gov.example/a/")


def test_parameters_have_one_order_and_keep_their_repetitions() -> None:
    assert canonical(PAGE + "?b=2&a=2&a=1") == canonical(PAGE + "?a=1&b=2&a=2")
    assert canonical(PAGE + "?a=1&a=1") != canonical(PAGE + "?a=1")


def test_percent_encoding_in_gbk_is_kept() -> None:
    """`%b9%ab` is 公 in GBK and no UTF-8: decoding it would lose the search word."""
    assert canonical("http://linlan.gov.example/s?q=%b9%ab") == "https://linlan.gov.example/s?q=%B9%AB"


def test_chinese_characters_and_their_utf8_encoding_are_one() -> None:
    assert same_page(
        "http://linlan.gov.example/公积金?q=提取",
        "http://linlan.gov.example/%E5%85%AC%e7%a7%af%E9%87%91?q=%E6%8F%90%E5%8F%96",
    )


def test_a_chinese_host_and_its_ascii_form_are_one() -> None:
    assert same_page("http://临澜.政务.example/", "http://" + "临澜.政务.example".encode("idna").decode() + "/")


def test_the_portal_of_a_short_domain_keeps_two_labels() -> None:
    """Only a prefix goes: what is left must still be a host."""
    assert canonical("http://www.gov.example") == "https://gov.example/"
    assert canonical("http://m.example") == "https://m.example/"


@pytest.mark.parametrize(
    "text",
    ["", "公积金", "/zwgk/1.html", "//linlan.gov.example/", "ftp://linlan.gov.example/", "javascript:void(0)", "http://",
     "http:///x", "http://[::1/", "http://h:99999/", "http://a b/", "http://a..b/", "mailto:a@b.example"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused_with_one_line(text: str) -> None:
    with pytest.raises(InvalidURLError) as caught:
        canonical(text)
    assert isinstance(caught.value, CorpusError)
    assert "\n" not in str(caught.value)


def test_redirects_are_followed_from_the_asked_and_from_the_canonical_form() -> None:
    """A move from http to https leaves the form as it was and is not the end of the way."""
    redirects = {
        "http://www.linlan.gov.example/old/1.html": "https://www.linlan.gov.example/old/1.html",
        "https://www.linlan.gov.example/old/1.html": "http://www.linlan.gov.example/mid?spm=1",
        "https://linlan.gov.example/mid": PAGE,
    }
    assert canonical("http://www.linlan.gov.example/old/1.html", redirects) == canonical(PAGE)
    assert same_page("http://m.linlan.gov.example/mid/", PAGE, redirects)


def test_a_loop_of_redirects_ends_and_its_members_are_one_page() -> None:
    """A page that redirects to set a cookie and back is still one page."""
    a, b, c = (f"https://linlan.gov.example/{name}" for name in "abc")
    loop = {a: b, b: c, c: a, "https://linlan.gov.example/start": b}
    assert {canonical(url, loop) for url in (*loop, a)} == {a}
    assert canonical(a, {a: a}) == a


HOSTS = st.sampled_from(["linlan.gov.example", "www.linlan.gov.example", "m.www.linlan.gov.example", "临澜.example"])
WORDS = st.text(st.sampled_from("ab./;=%&?2公~ +index.htmlé\\"), max_size=12)
URLS = st.builds(
    lambda scheme, host, port, path, query, fragment: f"{scheme}://{host}{port}/{path}?{query}#{fragment}",
    st.sampled_from(["http", "HTTPS"]),
    HOSTS,
    st.sampled_from(["", ":80", ":443", ":8080"]),
    WORDS,
    WORDS,
    st.one_of(st.just(""), WORDS, WORDS.map("!/".__add__)),
)


@given(URLS)
@example("http://linlan.gov.example/index.html/index.html")
@example("http://linlan.gov.example/a;jsessionid=1/index.html")
@example("http://linlan.gov.example/%252e%252e/a")
def test_the_form_is_its_own_form(url: str) -> None:
    assert canonical(canonical(url)) == canonical(url)


@given(URLS, st.sampled_from(["utm_source=a", "spm=1.2", "_t=1714960000000", "jsessionid=9"]))
def test_tracking_never_makes_another_page(url: str, extra: str) -> None:
    before, mark, fragment = url.partition("#")
    assert same_page(url, f"{before}&{extra}{mark}{fragment}")


@given(st.text(max_size=40))
@example(".")
def test_any_text_has_a_form_or_the_one_error(text: str) -> None:
    for url in (text, "http://" + text, "http://linlan.gov.example/" + text):
        try:
            form = canonical(url)
        except InvalidURLError:
            continue
        assert canonical(form) == form


@given(st.dictionaries(st.sampled_from("abcd"), st.sampled_from("abcd")), st.sampled_from("abcd"))
def test_following_redirects_ends_where_it_stays(moves: dict[str, str], start: str) -> None:
    def address(name: str) -> str:
        return f"https://linlan.gov.example/{name}"

    redirects = {address(old): address(new) for old, new in moves.items()}
    end = canonical(address(start), redirects)
    assert canonical(end, redirects) == end

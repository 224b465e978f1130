"""What pages say is read from tags, lines and weaker signs, and what is wrong with them is named."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpora.extract import Extracted, extract
from tests.portal_pages import (
    ARTICLE,
    FOOTER,
    NUMBER,
    SIGNED,
    SITE,
    TITLE,
    URL,
    disclosure,
    listing,
    nameless,
    paragraphs,
    plain,
    tags,
)

FURNITURE = ("政务公开", "分享到", "版权所有", "ICP备", "一图读懂", "浏览次数", "发布时间", "脚本", "打印", "当前")


def read(page: str | bytes, url: str = URL, **more: str) -> Extracted:
    return extract(page.encode() if isinstance(page, str) else page, url=url, **more)


def met(page: Extracted) -> set[tuple[str, str]]:
    return {(problem.kind, problem.subject) for problem in page.problems}


def test_a_tidy_page_gives_every_field_and_no_problem() -> None:
    page = read(plain(tags()))
    assert (page.title, page.column, page.kind, page.site_name) == (TITLE, "规范性文件", "政策文件", SITE)
    assert (page.source, page.agency, page.region) == ("临澜市人民政府办公室", "临澜市人民政府办公室", "临澜市")
    assert (page.published, page.doc_number, page.charset) == ("2025-06-20", NUMBER, "utf-8")
    assert (page.effective, page.expires, page.repealed, page.is_list) == ("2025-07-01", "2028-07-01", False, False)
    assert page.body.split("\n") == [NUMBER, *ARTICLE, *SIGNED]
    assert page.problems == ()


@pytest.mark.parametrize("page", [plain(), nameless(), disclosure()], ids=["plain", "nameless", "disclosure"])
def test_without_tags_the_lines_say_it(page: str) -> None:
    """Three layouts, none of which has a standard tag."""
    found = read(page, url="https://www.linlan.gov.example/1.html")
    assert (found.title, found.published, found.agency) == (TITLE, "2025-06-20", "临澜市人民政府办公室")
    assert (found.doc_number, found.effective, found.expires) == (NUMBER, "2025-07-01", "2028-07-01")
    assert ("missing", "ArticleTitle") in met(found)


@pytest.mark.parametrize(
    "page", [plain(tags()), plain(), nameless(), disclosure()], ids=["tags", "plain", "nameless", "disclosure"]
)
def test_the_body_is_the_article_without_menu_and_footer(page: str) -> None:
    body = read(page).body
    assert [line for line in body.split("\n") if line in (*ARTICLE, *SIGNED)] == [*ARTICLE, *SIGNED]
    assert not [word for word in FURNITURE if word in body]


def test_the_column_comes_from_the_breadcrumbs_when_no_tag_names_it() -> None:
    for page in (plain(), plain(tags(ColumnName="null")), nameless()):
        assert read(page).column == "规范性文件"


@pytest.mark.parametrize("value", ["null", "NULL", " undefined ", "", "${column}", "无"])
def test_fillers_in_tags_say_nothing_and_are_reported(value: str) -> None:
    page = read(plain(tags(ColumnName=value)))
    assert page.column == "规范性文件"
    assert met(page) & {("dirty", "ColumnName"), ("missing", "ColumnName")}
    assert ("guessed", "column") in met(page)


def test_tag_names_are_read_in_any_case_and_the_first_that_says_something_counts() -> None:
    head = (
        '<META NAME="articletitle" CONTENT=""><Meta content="住房公积金提取" name="ARTICLETITLE">'
        '<meta name="ArticleTitle" content="别的">'
    )
    page = read(f"<html><head>{head}</head><body><p>正文。</p></body></html>")
    assert page.title == page.meta["ArticleTitle"] == "住房公积金提取"


def test_tags_outside_the_standard_stand_in_for_missing_ones() -> None:
    head = tags(PubDate=None, ContentSource="null", ColumnName=None) + (
        '<meta name="firstpublishedtime" content="2025-06-21-17:01:00"><meta name="source" content="市民政局">'
        '<meta name="lanmu" content="政策">'
    )
    page = read(plain(head))
    assert (page.published, page.source, page.column) == ("2025-06-21", "市民政局", "政策")
    assert {("repaired", "PubDate"), ("dirty", "ContentSource"), ("repaired", "ColumnName")} <= met(page)


@pytest.mark.parametrize(
    ("written", "day", "tidy"),
    [
        ("2025-06-20", "2025-06-20", True),
        ("2025-06-20 09:30:15", "2025-06-20", True),
        ("2025/6/20 9:30", "2025-06-20", False),
        ("2025年6月20日", "2025-06-20", False),
        ("2025.06.20", "2025-06-20", False),
        ("20250620093015", "2025-06-20", False),
        ("1750383000000", "2025-06-20", False),
        ("Fri Jun 20 09:30:00 CST 2025", "2025-06-20", False),
        ("二〇二五年六月二十日", "2025-06-20", False),
    ],
)  # fmt: skip
def test_publication_dates_are_read_in_the_shapes_that_portals_write(written: str, day: str, tidy: bool) -> None:
    page = read(plain(tags(PubDate=written)))
    assert page.published == day
    assert (("repaired", "PubDate") in met(page)) is not tidy


@pytest.mark.parametrize("written", ["0000-00-00", "2025-13-45", "昨天", "null"])
def test_a_tag_without_a_real_date_gives_way_to_the_visible_line(written: str) -> None:
    page = read(plain(tags(PubDate=written)))
    assert page.published == "2025-06-20"
    assert ("dirty", "PubDate") in met(page)


@pytest.mark.parametrize(
    ("tag", "value"),
    [("SiteDomain", "https://www.linlan.gov.example/"), ("SiteIDCode", "990100000123"), ("SiteIDCode", "99-01")],
)
def test_site_tags_of_the_wrong_shape_are_reported_and_kept(tag: str, value: str) -> None:
    page = read(plain(tags(**{tag: value})))
    assert ("dirty", tag) in met(page)
    assert page.meta[tag] == value


@pytest.mark.parametrize(
    ("source", "agency"), [("本网", "临澜市人民政府办公室"), ("本网市住房公积金管理中心", "市住房公积金管理中心")]
)
def test_own_site_as_the_source_is_no_agency(source: str, agency: str) -> None:
    """The words stay in `source`; the agency is the rest of them, or whoever issued the document."""
    page = read(plain(tags(ContentSource=source)))
    assert (page.source, page.agency) == (source, agency)


def test_a_date_in_the_address_is_better_than_none() -> None:
    bare = f"<html><head><title>{TITLE}</title></head><body><div>{paragraphs(ARTICLE[:3])}</div></body></html>"
    assert read(bare, url="https://www.linlan.gov.example/zwgk/202506/t20250620_1.html").published == "2025-06-20"
    assert read(bare, url="https://www.linlan.gov.example/art/2025/6/20/art_1_2.html").published == "2025-06-20"


def test_the_day_of_writing_stands_in_for_publication_and_says_so() -> None:
    page = read(f"<html><head><title>{TITLE}</title></head><body><div>{paragraphs()}</div></body></html>", url="")
    assert page.published == "2025-06-18"
    assert ("guessed", "published") in met(page)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("临政规〔2025〕3号", "临政规〔2025〕3号"),
        ("临政规[2025]3号", "临政规〔2025〕3号"),
        ("临政规［2025］ 3 号", "临政规〔2025〕3号"),
        ("临政规（2025）3号", "临政规〔2025〕3号"),
        ("临政规【2025】第3号", "临政规〔2025〕第3号"),
        ("云川省人民政府令第217号", "云川省人民政府令第217号"),
        ("第217号", "第217号"),
        ("公告2025年第3号", "公告2025年第3号"),
        ("2025年 第12号", "2025年第12号"),
    ],
)  # fmt: skip
def test_document_numbers_are_read_with_any_brackets(written: str, number: str) -> None:
    assert read(plain(tags(), article=paragraphs((written, *ARTICLE)))).doc_number == number


def test_numbers_of_cited_documents_are_not_the_pages_own() -> None:
    """The last article repeals 临政办规〔2019〕6号."""
    assert read(plain(tags(), article=paragraphs(ARTICLE))).doc_number == ""


@pytest.mark.parametrize(
    ("sentence", "effective", "expires"),
    [
        ("本通知自2025年7月1日起施行，有效期至2027年12月31日。", "2025-07-01", "2028-01-01"),
        ("本规定自2025年7月1日起实施，有效期为五年。", "2025-07-01", "2030-07-01"),
        ("本办法自印发之日起执行，有效期2年。", "2025-06-18", "2027-06-18"),
        ("本公告自2024年2月29日起生效。本公告有效期1年。", "2024-02-29", "2025-03-01"),
        ("原办法自2019年1月1日起施行的部分，继续有效。", "", ""),
        ("居住证有效期1年，逾期应当签注。", "", ""),
    ],
)  # fmt: skip
def test_validity_is_read_from_what_the_document_says_of_itself(sentence: str, effective: str, expires: str) -> None:
    page = read(plain(tags(), article=paragraphs((*ARTICLE[:4], sentence, *SIGNED))))
    assert (page.effective, page.expires) == (effective, expires)


def test_a_page_that_calls_itself_repealed_is_repealed() -> None:
    """What the document repeals in its text does not count."""
    assert read(plain(tags(ArticleTitle=TITLE + "（已废止）"))).repealed
    assert read(disclosure().replace("<td>有效</td>", "<td>已废止</td>")).repealed
    assert not read(disclosure()).repealed


def test_the_title_element_loses_the_name_of_the_site() -> None:
    for separator in ("-", " - ", "_", " | ", "——"):
        html = f"<title>住房公积金提取办事指南{separator}{SITE}</title><body><p>{ARTICLE[2]}</p>"
        assert read(html).title == "住房公积金提取办事指南"
    for end in (f"_通知公告_{SITE}", "-通知公告-云川省卫生健康部"):
        assert (
            read(f"<title>一周要闻（4.10-4.16）{end}</title><body><p>{ARTICLE[2]}</p>").title == "一周要闻（4.10-4.16）"
        )
    assert read(f"<title>2024-2025年度公积金年报</title><body><p>{ARTICLE[2]}</p>").title == "2024-2025年度公积金年报"


def test_a_heading_completes_a_title_element_that_is_cut_or_names_only_the_site() -> None:
    assert read(plain(title=TITLE[:18] + "...")).title == TITLE
    assert read(plain(title=SITE)).title == TITLE
    assert read(plain(title="")).title == TITLE
    assert read(plain(title="通知公告")).title == TITLE
    assert read(plain(title=f"{SITE} > 规范性文件 > {TITLE}")).title == TITLE


def test_the_line_above_date_and_source_is_the_title_when_nothing_else_is() -> None:
    assert read(nameless(title=SITE)).title == TITLE
    assert read(nameless(title="")).title == TITLE


@pytest.mark.parametrize(
    "stamp",
    [
        "2025-06-20 09:30 来源：临澜市人民政府办公室 浏览次数：12",
        "2025年6月20日",
        "[ 发布日期 ]：2025-06-20",
        "日　期：2025/06/20 来 源：临澜市人民政府办公室",
        "来源：临澜市人民政府办公室 2025-06-20 09:30",
    ],
)
def test_stamps_are_read_in_many_orders(stamp: str) -> None:
    page = read(nameless().replace("来源：临澜市人民政府办公室 日期：2025年6月20日 点击：", stamp))
    assert page.published == "2025-06-20"


def test_lines_of_an_article_that_sound_like_a_tool_or_a_stamp_stay() -> None:
    lines = (
        "办理时间：工作日上午九点到十二点",
        "资金来源：市级财政",
        "主办单位：临澜市民政局",
        "无障碍设施由街道办事处改造，住户提出申请。",
        "分享会在青岚区图书馆举行，市民可以凭身份证入场。",
        "打印机由申请人自备。",
    )
    assert read(plain(tags(), article=paragraphs(lines + ARTICLE))).body.split("\n")[:6] == list(lines)


def test_scripts_and_markup_in_titles_stay_text() -> None:
    page = read("<title><script>alert(1)</script>公积金 &lt;b&gt;提取&lt;/b&gt;</title><body><p>正文。</p>")
    assert page.title == "<script>alert(1)</script>公积金 <b>提取</b>"
    tagged = read(plain(tags(ArticleTitle="&lt;script&gt;alert(1)&lt;/script&gt;")))
    assert tagged.title == "<script>alert(1)</script>" or ("dirty", "ArticleTitle") in met(tagged)


def test_tables_keep_their_rows() -> None:
    table = "<table><tr><th>材料</th><th>份数</th></tr><tr><td><p>身份证</p></td><td>1</td></tr></table>"
    assert "材料\t份数\n身份证\t1" in read(plain(tags(), article=paragraphs() + table)).body


def test_an_article_that_is_repeated_for_printing_comes_once() -> None:
    twice = plain(tags()).replace('<div class="share">', f'<div class="print">{paragraphs()}</div><div class="share">')
    assert read(twice).body.count(ARTICLE[2]) == 1


def test_a_page_without_boxes_gives_its_text_without_tools_and_footer() -> None:
    """Nothing sets the article apart, so that the library is asked; what tools and footers say is left out after it."""
    bare = f"<title>{TITLE}</title><body><p>打印 关闭</p>{paragraphs(ARTICLE)}{FOOTER}</body>"
    body = read(bare).body
    assert [line for line in body.split("\n") if line in ARTICLE] == list(ARTICLE)
    assert "版权所有" not in body
    assert "打印" not in body


def test_a_list_page_is_no_article() -> None:
    page = read(listing(), url="https://www.linlan.gov.example/tzgg/")
    assert page.is_list
    assert page.column == "通知公告"
    assert "https://www.linlan.gov.example/tzgg/t20250601_1.html" in {link.url for link in page.links}


def test_links_are_absolute_and_attachments_keep_their_words() -> None:
    page = read(plain(tags()))
    (attachment,) = page.attachments
    assert attachment.url == "https://www.linlan.gov.example/zwgk/zcwj/content/P020250620001.docx"
    assert attachment.text == "附件：灵活就业人员缴存申请表"
    assert all(re.match(r"https?://", link.url) for link in page.links)
    based = read('<head><base href="/down/"></head><body><a href="form.PDF?v=2">表</a><a href="get.do?id=1">表.xls</a>')
    assert [link.url for link in based.attachments] == [
        "https://www.linlan.gov.example/down/form.PDF?v=2",
        "https://www.linlan.gov.example/down/get.do?id=1",
    ]


@pytest.mark.parametrize("held", ["utf-8", "gb18030", "gbk", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("declared", ["utf-8", "gb2312", "GBK", "iso-8859-1", "no-such-charset"])
def test_any_declared_charset_over_any_bytes_reads_the_same(held: str, declared: str) -> None:
    page = read(plain(tags(), charset=declared).encode(held))
    assert (page.title, page.body.split("\n")[1:]) == (TITLE, [*ARTICLE, *SIGNED])
    same = held == "utf-16" or {declared.lower()[:2], held[:2]} in ({"ut"}, {"gb"})  # ASCII cannot declare in UTF-16
    assert (("charset", "charset") in met(page)) is not same


def test_characters_beyond_gb2312_and_undeclared_encodings_are_read() -> None:
    """㛃 and 镕 are outside GB2312, and 𠮷 outside GBK: names of people and places have them."""
    for text in ("镕", "㛃", "𠮷"):
        page = read(nameless(TITLE + text).encode("gb18030"))
        assert page.charset == "gb18030"
        assert ("missing", "charset") in met(page)


def test_a_torn_utf8_page_stays_utf8() -> None:
    page = read(plain(tags(), charset="gb2312").encode() + "版".encode()[:2])
    assert (page.title, page.charset) == (TITLE, "utf-8")


def test_http_and_page_may_both_be_wrong() -> None:
    page = read(plain(tags(), charset="gbk"), content_type="text/html; charset=GB2312")
    assert page.title == TITLE
    assert sum(problem.kind == "charset" for problem in page.problems) == 2


@pytest.mark.parametrize(
    ("start", "what"), [(b"%PDF-1.7\n", "PDF"), (b"PK\x03\x04", "archive"), (b"\xd0\xcf\x11\xe0", "Office")]
)
def test_files_that_are_no_pages_are_refused(start: bytes, what: str) -> None:
    (problem,) = read(start + b"\x00" * 50).problems
    assert problem.kind == "unreadable"
    assert what in problem.detail


def test_deep_nesting_and_entity_bombs_end_in_text() -> None:
    deep = read("<title>深</title>" + "<div><table><tr><td>" * 5000 + ARTICLE[2] + "</div>" * 5000)
    assert deep.title == "深"
    spans = read(plain(tags(), article="<font>" * 900 + paragraphs() + "</font>" * 900))
    assert ARTICLE[3] in spans.body
    bomb = '<!DOCTYPE html [<!ENTITY a "笑笑笑笑"><!ENTITY b "&a;&a;&a;&a;">]><title>&b;</title><p>&b;&b;</p>'
    assert "笑" * 16 not in read(bomb).body


PAGES = [
    page.encode(code) for page in (plain(tags()), nameless(), disclosure(), listing()) for code in ("utf-8", "gb18030")
]


@given(st.binary(max_size=400), st.text(max_size=30), st.text(max_size=20))
@example(b"", "", "")
@example(b"\x00" * 50, "http://[", "\x00")
@example(b"<", "//", "utf-7")
@example(b"<!--", "", "hex")
@example(b"<meta charset='unicode_escape'>\\ud800\xff", "", "")
def test_no_bytes_raise(content: bytes, url: str, charset: str) -> None:
    page = extract(content, url=url, content_type=f"text/html; charset={charset}", http_charset=charset)
    assert page.url == url


@settings(max_examples=150)
@given(st.sampled_from(PAGES), st.data())
def test_no_damaged_page_raises(page: bytes, data: st.DataObject) -> None:
    """Bytes replaced, cut out and doubled."""
    content = bytearray(page)
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(content)))
        match data.draw(st.sampled_from("rdc")):
            case "r":
                content[at : at + 3] = data.draw(st.binary(max_size=4))
            case "d":
                content[at:at] = content[at : at + 500]
            case _:
                del content[at : at + data.draw(st.integers(1, 300))]
    extract(bytes(content), url=URL)


@given(st.recursive(st.text("公积金<>&;，。 2025年6月日", max_size=8), lambda inner: st.builds(
    lambda tag, children: f"<{tag} class='content'>" + "".join(children) + (f"</{tag}>" if len(children) % 2 else ""),
    st.sampled_from(["div", "p", "table", "tr", "td", "a href=x", "title", "script", "br", "svg", "textarea"]),
    st.lists(inner, max_size=4),
), max_leaves=25))  # fmt: skip
def test_no_tag_soup_raises(soup: str) -> None:
    extract(soup.encode(), url=URL)

"""The audit finds what is wrong in small corpora worked out by hand, and stays silent where nothing is."""

from pathlib import Path

import msgspec
import pytest

from corpora.audit.columns import column_class, newest_date, stale_columns
from corpora.audit.contradictions import contradictions
from corpora.audit.copies import CopyFinder
from corpora.audit.dead import Visited, dead_links, read_visited
from corpora.audit.encoding import encoding_finding, mojibake
from corpora.audit.findings import Finding
from corpora.audit.items import item_name
from corpora.audit.meta import iso_date, meta_findings
from corpora.audit.telling import amounts, durations, told
from corpora.errors import CorpusFormatError
from corpora.model import Document
from corpora.problems import Problem, read_problems

LINLAN = "www.linlan.gov.example"
PROVINCE = "www.yunchuan.gov.example"


def document(doc_id: str, title: str, body: str = "", **fields: str) -> Document:
    facts = {"site": LINLAN, "region": "云川省/临澜市", "agency": "临澜市公安局", "published": "2026-05-01"}
    return msgspec.convert(
        {"id": doc_id, "title": title, "body": body, "column": "办事指南", **facts, **fields}, Document
    )


GUIDE = document(
    "guide",
    "居民户口簿补领办事指南",
    "本事项由临澜市公安局办理。户口簿遗失或者损坏的，户主可以到户籍地派出所申请补领。\n"
    "四、时限与费用\n2个工作日。收费标准：每本15元。\n五、咨询\n户籍地派出所，电话0999-5550201。",
    kind="办事指南",
)
OTHER_GUIDE = document(
    "other",
    "犬只登记办事指南",
    "本事项由临澜市公安局办理。养犬人携带犬只免疫证明申请登记，登记点植入芯片。办理时限：4个工作日。收费：每只200元。",
    kind="办事指南",
)
ASKED = "户口簿丢了怎么补领？"


def question(body: str, **fields: str) -> Document:
    return document("faq", ASKED, f"户主带身份证到户籍地派出所补领户口簿。{body}", column="常见问题", **fields)


def facts(*documents: Document) -> list[Finding]:
    return list(contradictions([GUIDE, OTHER_GUIDE, *documents]))


@pytest.mark.parametrize(
    ("sentence", "code", "there", "here"),
    [
        ("费用方面：每本20元。", "fee", "15元", "20元"),
        ("补领一般5个工作日。", "days", "2个工作日", "5个工作日"),
        ("承办单位为临澜市户籍管理局。", "office", "临澜市公安局", "临澜市户籍管理局"),
        ("咨询电话：0999-5550299。", "tel", "09995550201", "09995550299"),
    ],
)
def test_another_fact_than_the_guides_is_found_with_both_sentences(
    sentence: str, code: str, there: str, here: str
) -> None:
    """Fee, time limit, agency and telephone are compared, and both pages show the words that tell them."""
    (finding,) = facts(question(sentence))
    guide, page = finding.pages
    assert (finding.code, finding.subject) == (code, "居民户口簿补领")
    assert (guide.doc_id, guide.value, page.doc_id, page.value) == ("guide", there, "faq", here)
    assert page.said in sentence
    assert there[:2] in guide.said or "0999-5550201" in guide.said


@pytest.mark.parametrize(
    "sentence",
    [
        "费用方面：每本15元，二个工作日办结。",
        "体检费自理约160元。",
        "三日内答复投诉，举报电话0999-5550299。",
        "由临澜市公安局受理。",
        "收费：每本15元，邮寄另付20元。",
    ],
)
def test_the_same_fact_in_other_words_is_none(sentence: str) -> None:
    """Chinese numerals, other matters, and more detail beside the same fee are no contradictions."""
    assert facts(question(sentence)) == []


def test_a_branch_of_the_agency_is_no_other_agency() -> None:
    assert facts(question("承办单位为临澜市公安局江汀分局。")) == []


def test_another_place_may_charge_another_fee() -> None:
    """What differs between regions is no fault, and pages on other matters are not compared with the item."""
    elsewhere = question("费用方面：每本20元。", region="云川省/青岚市")
    unrelated = document("news", "春季植树", "市民义务植树两千株。费用20元。", column="咨询投诉")
    assert facts(elsewhere, unrelated) == []


def test_news_and_policies_are_not_held_against_the_guide() -> None:
    """A policy or notice speaks of its own day; only pages that explain the item are compared."""
    notice = question("收费标准：每本20元。")
    assert facts(msgspec.structs.replace(notice, column="通知公告")) == []
    assert len(facts(notice)) == 1


def test_two_guides_of_a_place_are_compared() -> None:
    """The item's id joins guides of two portals of the same region whatever their titles."""
    first = msgspec.structs.replace(GUIDE, extra={"item": "hukoubu"})
    second = document("second", "户口簿补换", "时限：2个工作日；收费：每本10元。", site=PROVINCE)
    second = msgspec.structs.replace(second, extra={"item": "hukoubu"})
    (finding,) = contradictions([first, second])
    assert [(page.doc_id, page.value) for page in finding.pages] == [("guide", "15元"), ("second", "10元")]


def test_amounts_and_lengths_of_time_are_read() -> None:
    """Wide digits, Chinese numerals and 万元 are numbers; dates and clock times are no lengths of time."""
    assert amounts("工本费１０元，保证金0.5万元") == ("10元", "5000元")
    assert durations("十五个工作日，急件当场办结，最长三个月") == ("15个工作日", "3个月", "即时")
    assert durations("2026年6月12日18时起，7月30日前，七八个月") == ()
    assert [one.fact for one in told("费用：免收工本费。时限：即时办结。")] == ["fee", "days"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("居民户口簿补领办事指南", "居民户口簿补领"),
        ("食品经营许可核发（区级）", "食品经营许可核发"),
        ("养犬登记 服务指南（2026版）", "养犬登记"),
        ("办理", "办理"),
    ],
)
def test_the_name_of_an_item_is_in_the_title(title: str, name: str) -> None:
    """Endings that portals add to the official name are left out, and never the whole title."""
    assert item_name(title) == name


NOTICE = "为规范犬只管理，现将登记办法公布如下：养犬人应当携带免疫证明到登记点办理登记，植入芯片，领取犬牌。"


def copies(*documents: Document) -> CopyFinder:
    finder = CopyFinder()
    for one in documents:
        finder.add(one)
    return finder


def test_a_copy_is_grouped_with_its_original_first() -> None:
    """Earliest date, then the page that names no source, comes first; another date of a copy is a finding."""
    late = document("copy", "犬只登记办法", NOTICE + "\n（来源：临澜市公安局）", site=PROVINCE, published="2026-05-09")
    same_day = document("again", "犬只登记办法", NOTICE + "\n（来源：临澜市公安局）", site="a.gov.example")
    finder = copies(late, same_day, document("original", "犬只登记办法", NOTICE))
    ((group, _),) = finder.groups()
    assert (group.kind, group.doc_ids) == ("exact", ("original", "again", "copy"))
    dates = [one for one in finder.findings() if one.kind == "dates"]
    assert [[page.value for page in one.pages] for one in dates] == [["2026-05-01", "2026-05-09"]]


def test_the_next_town_and_the_next_year_are_no_copies() -> None:
    """Nearly the same text with another region, number or title is a page of its own; so is a repealed version."""
    first = document("first", "犬只登记办法", NOTICE, expires="")
    town = document("town", "犬只登记办法", NOTICE, region="云川省/青岚市", site="www.qinglan.gov.example")
    titled = document("titled", "犬只免疫通告", NOTICE)
    repealed = document("repealed", "犬只登记办法", NOTICE, expires="2025-01-01")
    assert copies(first, town).groups() == []
    assert copies(first, titled).groups() == []
    assert copies(first, repealed).groups() == []
    numbered = [msgspec.structs.replace(first, id=n, extra={"doc_number": f"临公〔2026〕{n}号"}) for n in "12"]
    assert copies(*numbered).groups() == []


def test_a_document_number_joins_what_texts_do_not() -> None:
    """The same number and title is the same document, even where one page only forwards the text."""
    number = "临公〔2026〕7号"
    whole = document("whole", "犬只登记办法", f"{number}\n{NOTICE}")
    forwarded = document("forwarded", "犬只登记办法", "全文见附件。", site=PROVINCE, published="2026-06-01")
    forwarded = msgspec.structs.replace(forwarded, extra={"doc_number": "临公[2026]7号"})
    ((group, _),) = copies(whole, forwarded).groups()
    assert (group.kind, group.doc_ids) == ("near", ("whole", "forwarded"))


def test_one_title_for_several_pages_of_a_site_is_found() -> None:
    """Pages of one site that share a title are told, those of different sites and short look-alikes are not."""
    pages = [
        document("a", "公示", "拟录用名单见附件。"),
        document("b", "公示", "拟撤销资质名单见附件。"),
        document("c", "公示", "名单", site=PROVINCE),
    ]
    (finding,) = copies(*pages).findings()
    assert (finding.kind, [page.doc_id for page in finding.pages]) == ("title", ["a", "b"])


def test_columns_go_stale_by_what_they_hold() -> None:
    """News after two weeks, policies and notices after half a year, other columns never."""
    pages = [
        document("n1", "一", column="要闻动态", published="2026-06-15"),
        document("n2", "二", column="部门动态", published="2026-06-16"),
        document("p1", "三", column="政策文件", published="2025-12-28"),
        document("p2", "四", column="通知公告", published="2025-12-29"),
        document("o1", "五", column="机构职能", published="2020-01-01"),
    ]
    stale = list(stale_columns(pages, "2026-06-30"))
    assert [(one.subject, one.code, one.detail) for one in stale] == [
        ("政策文件", "policy", "184"),
        ("要闻动态", "news", "15"),
    ]
    assert list(stale_columns(pages, "2026-06-30", news_days=15, policy_days=184)) == []
    assert [column_class(name) for name in ("政策新闻", "法规公文", "领导之窗")] == ["news", "policy", ""]


def test_one_stray_date_does_not_move_the_day() -> None:
    """The newest date is taken without those over a year after nearly all pages; without dates there is none."""
    pages = [document(str(n), "页", published="2026-06-30") for n in range(200)]
    assert newest_date([*pages, document("odd", "页", published="2099-01-01")]) == "2026-06-30"
    assert newest_date([document("none", "页", published="去年")]) == ""


def test_missing_and_dirty_facts_are_told_once() -> None:
    """What the documents show and what extraction noted come together, each code once for a page."""
    page = document("d", "", site="https://www.linlan.gov.example/", column="null", published="2031-01-01", agency=" ")
    noted = [
        Problem(doc_id="d", code="column-null", detail="ColumnName"),
        Problem(doc_id="d", code="charset-wrong", detail="gb2312"),
    ]
    found = list(meta_findings([page, document("clean", "标题")], noted, "2026-06-30"))
    assert {(one.kind, one.code) for one in found} == {
        ("meta", "title-missing"),
        ("meta", "agency-missing"),
        ("meta", "column-null"),
        ("meta", "pub-date-odd"),
        ("meta", "site-domain-url"),
        ("encoding", "charset-wrong"),
    }
    assert len(found) == 6
    assert [iso_date(text) for text in ("2026-02-29", "2024-02-29", "2024-2-9")] == ["", "2024-02-29", ""]


def test_what_a_whole_site_lacks_is_one_finding() -> None:
    """Twenty pages without a column are told once, with their number; nineteen and one with a column, page by page."""
    pages = [document(str(n), "页", column="") for n in range(20)]
    (finding,) = meta_findings(pages, (), "2026-06-30")
    assert (finding.code, finding.detail) == ("column-missing", "×20")
    assert len(list(meta_findings([*pages[1:], document("one", "页")], (), "2026-06-30"))) == 19


def test_a_broken_problems_file_is_refused_with_its_line(tmp_path: Path) -> None:
    """No file means no problems; a line that is no problem is named."""
    assert read_problems(tmp_path) == ()
    (tmp_path / "problems.jsonl").write_text('{"code": "column-null", "doc_id": "a"}\n{"doc_id": "b"}\n')
    with pytest.raises(CorpusFormatError, match=r"problems\.jsonl line 2"):
        read_problems(tmp_path)


def test_dead_links_name_the_pages_that_link_there() -> None:
    """404, 410, 5xx and circles of redirects are told once each, with sources, also those of addresses before."""
    at = "https://www.linlan.gov.example/"
    visited = [
        Visited(url=f"{at}ok", status=200, found_on=(at,)),
        Visited(url=f"{at}gone", status=410, redirected_from=(f"{at}old",)),
        Visited(url=f"{at}old", status=301, target=f"{at}gone", found_on=f"{at}list"),
        Visited(url=f"{at}a", status=302, target=f"{at}b", found_on=(f"{at}list",)),
        Visited(url=f"{at}b", status=302, target=f"{at}a"),
        Visited(url=f"{at}in", status=302, target=f"{at}a"),
        Visited(url=f"{at}busy", status=503),
        Visited(url=f"{at}shut", status=403),
    ]
    found = {one.code: one for one in dead_links(visited)}
    assert found.keys() == {"http-410", "redirect-loop", "http-503"}
    assert [page.url for page in found["http-410"].pages] == [f"{at}list"]
    assert found["redirect-loop"].subject == f"{at}a"
    assert [page.url for page in found["redirect-loop"].pages] == [f"{at}list"]


def test_the_index_of_a_crawl_is_read_with_more_than_is_needed(tmp_path: Path) -> None:
    """Unknown fields of the index do not matter; refused redirect loops count, other refusals do not."""
    (tmp_path / "pages.jsonl").write_text('{"url":"http://a/","canonical":"https://a/","status":404,"warc":"w"}\n')
    (tmp_path / "refused.jsonl").write_text(
        '{"why":"redirect loop","url":"http://a/r","source":"http://a/l"}\n{"why":"robots","url":"http://a/x"}\n'
    )
    assert [(one.code, one.subject) for one in dead_links(read_visited(tmp_path))] == [
        ("http-404", "http://a/"),
        ("redirect-loop", "http://a/r"),
    ]


CLEAN = "办理居民身份证补领，需要携带户口簿到派出所窗口申请。"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (CLEAN.encode().decode("gb18030", "ignore"), "utf8-as-gbk"),
        (CLEAN.encode("gbk").decode("utf-8", "replace"), "replacement"),
        (CLEAN.encode("gbk").decode("latin-1"), "as-latin"),
        (CLEAN.encode().decode("latin-1"), "as-latin"),
        ("关于锟斤拷锟斤拷的通知", "known"),
    ],
)
def test_text_in_the_wrong_encoding_is_recognised(text: str, code: str) -> None:
    """GBK and UTF-8 taken for each other, or for Latin-1, leave signs; what can be repaired is shown repaired."""
    finding = encoding_finding(document("d", "标题", text))
    assert finding is not None
    assert finding.code == code
    assert bool(finding.pages[0].value) == (code in ("utf8-as-gbk", "as-latin"))
    assert finding.pages[0].value in CLEAN


@pytest.mark.parametrize("text", [CLEAN, "联通公司", "\u00a0" * 40, "café · naïve — “引号”", "面积３０㎡±5℃", ""])
def test_clean_text_is_left_alone(text: str) -> None:
    """Chinese, quotation marks, accents and rows of no-break spaces are no garble."""
    assert mojibake(text) is None

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
# ruff: noqa: D401 - the docstrings of the checks are claims

import json
import math
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from corpora.model import Document
from indexers.api import Hit, Index, OnServer
from indexers.errors import ConformanceError, IndexerError, UnsupportedError
from indexers.made_by import FILE as MADE_BY

Make = Callable[[Path], Index]
"""Constructs the engine under test for an index in that folder, as often as asked."""

_TEXTS = (
    ("住房公积金提取办事指南", "职工购买、建造、翻建自住住房的，可以申请提取住房公积金。所需材料：身份证、购房合同。"),
    ("社保卡补办指南", "社会保障卡遗失后，请先电话挂失，再到社保经办窗口申请补办，五个工作日内领取社保新卡。"),
    ("居住证办理须知", "在临澜市居住半年以上的外地居民，可到派出所申领居住证，凭居住证办理子女入学。"),
    (
        "关于印发2024年高龄津贴发放办法的通知",
        "年满八十周岁的本市户籍老人，每月发放高龄津贴一百元，由民政局按季度拨付。",
    ),
    ("新生儿出生登记", "婴儿出生后一个月以内，由户主、亲属到户口所在地派出所申报出生登记。"),
    ("个体工商户营业执照申请", "申请人登录云川省政务服务网填写表单，市场监督管理局三个工作日内核发营业执照。"),
    ("医保异地就医备案", "参保人员跨省就医前，可通过手机APP办理备案，医保费用直接结算。"),
    ("义务教育阶段入学政策解读", "适龄儿童按户籍所在学区入学，随迁子女凭居住证和社保缴费证明申请。"),
    ("不动产登记收费标准", "住宅类不动产登记费每件80元，非住宅类每件550元。"),
    ("公共租赁住房申请条件", "家庭人均住房面积低于15平方米、收入低于标准的本市居民可申请公租房。"),
    ("临澜市防汛应急预案", "汛期水位超过警戒线时，启动三级响应，疏散沿江居民。"),
    ("大学生就业见习补贴", "毕业两年内未就业的高校毕业生参加见习，每人每月补贴1500元。"),
)

_SITES = ("www.linlan.gov.example", "zwfw.linlan.gov.example")

CORPUS: tuple[Document, ...] = tuple(
    Document(id=f"d{number:02}", site=site, url=f"https://{site}/{number}.html", title=title, body=body)
    for number, (site, (title, body)) in enumerate(zip(_SITES * 6, _TEXTS, strict=True), 1)
)
"""Twelve pages of Linlan, a city that does not exist: by turns of its portal and of its service hall."""

_QUESTIONS = ("住房公积金", "居住证", "营业执照", "高龄津贴", "不动产登记")


def says_what_it_is(make: Make, folder: Path) -> None:
    """`describe()` returns JSON-able values, the same before and after building."""
    with _opened(make, folder) as index:
        before = _description(index)
        index.build(iter(CORPUS))
        _require(_description(index) == before, "describe() differs before and after building")
        _require(bool(before), "describe() is empty")


def constructs_without_touching_disk(make: Make, folder: Path) -> None:
    """The constructor writes nothing, not even its folder."""
    place = folder / "not-yet"
    with _opened(make, place):
        _require(not place.exists(), "the constructor made the index folder")


def names_a_missing_index(make: Make, folder: Path) -> None:
    """Searching before building raises an `IndexerError`, not an error of the library."""
    with _opened(make, folder / "nothing") as index:
        try:
            hits = index.search("住房公积金", 10)
        except IndexerError:
            return
        _require(False, f"searching an index that was never built gave {len(hits)} hits instead of an error")


def finds_a_page_by_its_title(make: Make, folder: Path) -> None:
    """A page's own title finds that page first."""
    with _built(make, folder) as index:
        for document in CORPUS:
            found = _ids(index.search(document.title, 10))
            _require(found[:1] == [document.id], f"{document.title!r} found {found[:3]}, not {document.id} first")


def finds_words_in_the_body(make: Make, folder: Path) -> None:
    """A word that only a body holds finds its page."""
    with _built(make, folder) as index:
        for word, doc_id in (("购房合同", "d01"), ("市场监督管理局", "d06"), ("警戒线", "d11")):
            found = _ids(index.search(word, 10))
            _require(doc_id in found, f"{word!r} found {found}, not {doc_id}")


def finds_two_characters(make: Make, folder: Path) -> None:
    """Two-character words find pages: most Chinese words have two characters."""
    with _built(make, folder) as index:
        if _limit(index, "min_characters", 1) > 2:
            return
        for word, doc_id in (("社保", "d02"), ("医保", "d07"), ("入学", "d08"), ("津贴", "d04")):
            found = _ids(index.search(word, 10))
            _require(doc_id in found, f"{word!r} found {found}, not {doc_id}")


def returns_at_most_k(make: Make, folder: Path) -> None:
    """There are never more than `k` hits, and a smaller `k` is the beginning of a larger one."""
    with _built(make, folder) as index:
        whole = _ids(index.search("居住证", 100))
        for k in (0, 1, 2, 3, 1000):
            _require(_ids(index.search("居住证", k)) == whole[:k], f"k={k} is not the beginning of k=100")


def returns_known_pages_once(make: Make, folder: Path) -> None:
    """Each hit is a page of the corpus, with its url and title where given, and no page comes twice."""
    pages = {document.id: document for document in CORPUS}
    with _built(make, folder) as index:
        for text in _QUESTIONS:
            hits = index.search(text, 100)
            found = _ids(hits)
            _require(len(set(found)) == len(found), f"{text!r} found a page twice: {found}")
            _require(set(found) <= set(pages), f"{text!r} found pages outside the corpus: {set(found) - set(pages)}")
            for hit in hits:
                page = pages[hit.doc_id]
                _require(hit.url in ("", page.url), f"hit {hit.doc_id} has the url {hit.url!r}")
                _require(hit.title in ("", page.title), f"hit {hit.doc_id} has the title {hit.title!r}")


def ranks_by_score(make: Make, folder: Path) -> None:
    """Scores, where given, are finite and never rise along the list."""
    with _built(make, folder) as index:
        for text in _QUESTIONS:
            scores = [hit.score for hit in index.search(text, 100) if hit.score is not None]
            _require(all(isinstance(score, float) and math.isfinite(score) for score in scores), f"scores: {scores}")
            _require(scores == sorted(scores, reverse=True), f"{text!r}: scores rise along the list: {scores}")


def repeats_itself(make: Make, folder: Path) -> None:
    """The same query gives the same hits in the same order, again and from an index built anew elsewhere."""
    with _built(make, folder / "a") as one, _built(make, folder / "b") as two:
        for text in _QUESTIONS:
            first = one.search(text, 100)
            _require(one.search(text, 100) == first, f"{text!r} gave two answers")
            _require(_ids(two.search(text, 100)) == _ids(first), f"{text!r} differs between two builds")


def keeps_one_order_of_equals(make: Make, folder: Path) -> None:
    """Pages that are alike keep one order, whatever `k` is."""
    alike = [Document(id=f"c{number:02}", title="防汛通知", body="请沿江居民注意防汛。") for number in range(30)]
    with _opened(make, folder) as index:
        index.build(iter([*CORPUS, *alike]))
        whole = _ids(index.search("防汛通知", 100))
        _require({document.id for document in alike} <= set(whole), "not all of the pages that are alike are found")
        for k in (1, 7, 29):
            _require(_ids(index.search("防汛通知", k)) == whole[:k], f"k={k} is not the beginning of k=100")


def restricts_to_a_site(make: Make, folder: Path) -> None:
    """With a site, all hits are pages of that site; without one, of any."""
    sites = {document.id: document.site for document in CORPUS}
    with _built(make, folder) as index:
        for text in _QUESTIONS:
            for site in _SITES:
                found = _of_site(index, text, 100, site)
                _require(
                    found is None or {sites.get(doc_id) for doc_id in found} <= {site},
                    f"{text!r} on {site} found pages of other sites: {found}",
                )
        found = _ids(index.search("居住证", 100, site=""))
        _require({sites.get(doc_id) for doc_id in found} == set(_SITES), f"without a site, 居住证 found {found}")


def gives_the_best_k_of_a_site(make: Make, folder: Path) -> None:
    """The best `k` pages of a site are given even when any number of other sites' pages rank higher."""
    higher = [Document(id=f"h{n:03}", site=_SITES[0], title="防汛通知", body="防汛通知") for n in range(300)]
    body = "请沿江居民注意，已经发布防汛通知，注意收听广播，备足饮水和药品，妥善保管证件。"
    lower = [Document(id=f"l{n}", site=_SITES[1], title="安全提示", body=body) for n in range(3)]
    with _opened(make, folder) as index:
        index.build(iter([*higher, *lower, *CORPUS]))
        whole = _of_site(index, "防汛通知", 1000, _SITES[1])
        if whole is None:
            return
        _require({"l0", "l1", "l2"} <= set(whole), f"the pages of {_SITES[1]} are not found: {whole}")
        for k in (0, 1, 2, 3):
            found = _of_site(index, "防汛通知", k, _SITES[1])
            _require(found == whole[:k], f"k={k} on {_SITES[1]} found {found} instead of {whole[:k]}")


def keeps_the_order_within_a_site(make: Make, folder: Path) -> None:
    """Pages of a site come in the order that they have among the pages of all sites."""
    sites = {document.id: document.site for document in CORPUS}
    with _built(make, folder) as index:
        if _limit(index, "site_order", "") == "ranks within the site":
            return
        for text in (*_QUESTIONS, *(document.title for document in CORPUS)):
            whole = _ids(index.search(text, 100))
            for site in _SITES:
                found = _of_site(index, text, 100, site)
                expected = [doc_id for doc_id in whole if sites.get(doc_id) == site]
                _require(found in (None, expected), f"{text!r} on {site} found {found} instead of {expected}")


def knows_sites_by_their_whole_name(make: Make, folder: Path) -> None:
    """A site of which there is no page gives no hits, and neither does a part of a site's name."""
    with _built(make, folder) as index:
        for site in ("www.elsewhere.gov.example", "linlan.gov.example", "www", "*", "' OR 1=1 --"):
            found = _of_site(index, "居住证", 10, site)
            _require(not found, f"site {site!r}, which has no pages, gave {found}")


def answers_nothing_with_nothing(make: Make, folder: Path) -> None:
    """Empty and blank queries, and bare punctuation, give no hits."""
    with _built(make, folder) as index:
        for text in ("", " ", "\u3000", "\t\r\n", "\0", "？！…", "。", '"', "*", "《》"):
            _require(index.search(text, 10) == [], f"{text!r} gave hits")


def gives_no_hit_without_a_match(make: Make, folder: Path) -> None:
    """A word that no page holds gives no hits; the list is not filled up."""
    with _built(make, folder) as index:
        if _limit(index, "matches", "") == "nearest":
            return
        found = _ids(index.search("qzxwvjk", 10))
        _require(found == [], f"a word that no page holds found {found}")


def answers_long_queries(make: Make, folder: Path) -> None:
    """Queries of 4,000 characters are answered: of the same words, and of 4,000 different characters."""
    page = "".join(document.title + document.body for document in CORPUS)
    with _built(make, folder) as index:
        for text in ((page * 9)[:4000], "".join(chr(0x4E00 + n) for n in range(4000)), "住房公积金 " * 666):
            hits = index.search(text, 10)
            _require(len(hits) <= 10, f"a query of {len(text)} characters gave {len(hits)} hits for k=10")
        _require(_ids(hits[:1]) == ["d01"], "a word that is asked 666 times does not find its page")


def reads_full_width(make: Make, folder: Path) -> None:
    """Full-width digits and letters find what plain ones find."""
    with _built(make, folder) as index:
        exempt = _limit(index, "normalizes", True) is False
        for wide, plain in (("２０２４年高龄津贴", "2024年高龄津贴"), ("手机ＡＰＰ", "手机app")):
            found = _ids(index.search(wide, 10))
            _require(exempt or found == _ids(index.search(plain, 10)) != [], f"{wide!r} found {found}")


def survives_rare_characters(make: Make, folder: Path) -> None:
    """Traditional characters, rare Han, other scripts, emoji and lone surrogates are answered like any text."""
    with _built(make, folder) as index:
        for text in (
            "住房公積金",
            "𠮷𠀀",
            "ئۇيغۇرچە",
            "བོད་སྐད།",
            "ᠮᠣᠩᠭᠣᠯ",
            "👨‍👩‍👧",
            "\ud83d",
            "e\u0301",
            "\u200b\ufeff",
        ):
            _require(len(index.search(text, 10)) <= 10, f"{text!r} gave more than 10 hits")
        plain = _ids(index.search("住房公积金", 10))
        found = _ids(index.search("😀住房公积金🎉", 10))
        _require(found == plain, f"with emoji around it, a word found {found} instead of {plain}")


def takes_text_as_text(make: Make, folder: Path) -> None:
    """Whatever a citizen types is text and never query syntax."""
    word = "住房公积金"
    with _built(make, folder) as index:
        plain = _ids(index.search(word, 10))
        for mark in (
            '"{}"',
            '"{}',
            "{}*",
            "*{}",
            "-{}",
            "+{}",
            "({}",
            "{}^",
            "{}~",
            "/{}/",
            "[{}",
            "{}\\",
            "'{}",
            "{};--",
        ):
            text = mark.format(word)
            found = _ids(index.search(text, 10))
            _require(found == plain, f"{text!r} found {found} instead of {plain}")
        for text in (
            f"{word} AND",
            f"NOT {word}",
            f"AND OR NOT {word}",
            f"title:{word}",
            f"NEAR({word} 提取, 2)",
            f"{word} TO 提取",
            f"[{word} TO *]",
            f"{{title body}}: {word}",
            f"'; DROP TABLE shown; -- {word}",
            "../../etc/passwd",
            "%s %d {} {0} $1",
        ):
            _require(len(index.search(text, 10)) <= 10, f"{text!r} gave more than 10 hits")
        _require(_ids(index.search(word, 10)) == plain, "a query changed the index")


def survives_nul(make: Make, folder: Path) -> None:
    """NUL characters in documents and queries do no harm."""
    spoiled = Document(id="n1", site=_SITES[0], title="殡葬\0服务", body="殡仪馆\0预约电话")
    with _opened(make, folder) as index:
        index.build(iter([*CORPUS, spoiled]))
        found = _ids(index.search("预约电话", 10))
        _require(found[:1] == ["n1"], f"text behind a NUL character: found {found}")
        _require("d01" in _ids(index.search("住房公积金\0", 10)), "a NUL character behind a word hides its page")


def indexes_thin_pages(make: Make, folder: Path) -> None:
    """Pages without body, without title or with neither are indexed as far as they go."""
    thin = [Document(id="t1", title="公交线路调整公告"), Document(id="t2", body="图书馆闭馆公告"), Document(id="t3")]
    with _opened(make, folder) as index:
        index.build(iter(thin))
        for text, doc_id in (("公交线路调整公告", "t1"), ("图书馆闭馆公告", "t2")):
            found = _ids(index.search(text, 10))
            _require(found[:1] == [doc_id], f"{text!r} found {found}, not {doc_id} first")


def indexes_nothing(make: Make, folder: Path) -> None:
    """An empty corpus makes an index that finds nothing."""
    with _opened(make, folder) as index:
        index.build(iter(()))
        found = _ids(index.search("住房公积金", 10))
        _require(found == [], f"an index of nothing found {found}")


def replaces_when_building_again(make: Make, folder: Path) -> None:
    """Building again gives the same answers; building from other documents forgets the first ones."""
    with _opened(make, folder) as index:
        index.build(iter(CORPUS))
        first = {text: _ids(index.search(text, 100)) for text in _QUESTIONS}
        index.build(iter(CORPUS))
        for text, expected in first.items():
            found = _ids(index.search(text, 100))
            _require(found == expected, f"{text!r} found {expected}, and {found} after building again")
        index.build(iter(CORPUS[1:]))
        _require("d01" not in _ids(index.search("住房公积金", 100)), "a page is still found after a build without it")


def reopens(make: Make, folder: Path) -> None:
    """A new object on the same folder gives the same answers."""
    with _built(make, folder) as index:
        first = {text: index.search(text, 100) for text in _QUESTIONS}
        index.close()
        with closing(make(folder)) as again:
            for text, hits in first.items():
                found = again.search(text, 100)
                _require(found == hits, f"{text!r} found {_ids(hits)}, and {_ids(found)} when reopened")


def closes_twice(make: Make, folder: Path) -> None:
    """Closing twice is allowed, and so is closing what was never opened."""
    unused = make(folder / "unused")
    unused.close()
    unused.close()
    with _built(make, folder / "used") as index:
        index.search("住房公积金", 1)
        index.close()
        index.close()


def refuses_an_index_of_another_version(make: Make, folder: Path) -> None:
    """An index that another version or set-up has made is refused with an `IndexerError` that says so."""
    with _built(make, folder) as index:
        index.close()
        marks = sorted(folder.rglob(MADE_BY))
        _require(bool(marks), f"there is no {MADE_BY} in the index folder: see indexers.made_by")
        for mark in marks:
            content = json.loads(mark.read_bytes())
            content["describe"]["versions"] = {"another": "0.0"}
            mark.write_text(json.dumps(content), encoding="utf-8")
        with closing(make(folder)) as again:
            try:
                hits = again.search("住房公积金", 10)
            except IndexerError as error:
                _require("version" in str(error), f"the error does not speak of versions: {error}")
                return
        _require(False, f"an index of another version gave {len(hits)} hits instead of an error")


CHECKS: tuple[Callable[[Make, Path], None], ...] = (
    says_what_it_is,
    constructs_without_touching_disk,
    names_a_missing_index,
    finds_a_page_by_its_title,
    finds_words_in_the_body,
    finds_two_characters,
    returns_at_most_k,
    returns_known_pages_once,
    ranks_by_score,
    repeats_itself,
    keeps_one_order_of_equals,
    restricts_to_a_site,
    gives_the_best_k_of_a_site,
    keeps_the_order_within_a_site,
    knows_sites_by_their_whole_name,
    answers_nothing_with_nothing,
    gives_no_hit_without_a_match,
    answers_long_queries,
    reads_full_width,
    survives_rare_characters,
    takes_text_as_text,
    survives_nul,
    indexes_thin_pages,
    indexes_nothing,
    replaces_when_building_again,
    reopens,
    closes_twice,
    refuses_an_index_of_another_version,
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


@contextmanager
def _built(make: Make, folder: Path) -> Iterator[Index]:
    """Build an index of the fixture corpus, handed over as what can be read only once, and close it in the end."""
    with _opened(make, folder) as index:
        index.build(iter(CORPUS))
        yield index


@contextmanager
def _opened(make: Make, folder: Path) -> Iterator[Index]:
    """Construct an index and close it in the end; a server keeps nothing of it."""
    with closing(make(folder)) as index:
        try:
            yield index
        finally:
            if isinstance(index, OnServer):
                index.drop()


def _ids(hits: list[Hit]) -> list[str]:
    return [hit.doc_id for hit in hits]


def _of_site(index: Index, text: str, k: int, site: str) -> list[str] | None:
    """Return the ids of what is found on that site, or None from an engine that says it cannot restrict."""
    try:
        return _ids(index.search(text, k, site=site))
    except UnsupportedError:
        return None


def _description(index: Index) -> dict[str, Any]:
    description = index.describe()
    try:
        copy: dict[str, Any] = json.loads(json.dumps(description))
    except (TypeError, ValueError) as error:
        raise ConformanceError(f"describe() is not JSON-able: {error}") from error
    _require(copy == description, "describe() changes when written as JSON: use plain dict, list, str and numbers")
    return copy


def _limit(index: Index, name: str, default: Any) -> Any:
    return index.describe().get("limits", {}).get(name, default)


def _require(kept: bool, seen: str) -> None:
    if not kept:
        raise ConformanceError(seen)

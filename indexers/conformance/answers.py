"""Promises on what is found, and in which order."""
# ruff: noqa: D401 - the docstrings of the checks are claims

import math
from pathlib import Path

from corpora.model import Document
from indexers.conformance.given import (
    CORPUS,
    QUESTIONS,
    SITES,
    Make,
    built,
    ids,
    limit,
    of_site,
    opened,
    require,
)


def finds_a_page_by_its_title(make: Make, folder: Path) -> None:
    """A page's own title finds that page first."""
    with built(make, folder) as index:
        for document in CORPUS:
            found = ids(index.search(document.title, 10))
            require(found[:1] == [document.id], f"{document.title!r} found {found[:3]}, not {document.id} first")


def finds_words_in_the_body(make: Make, folder: Path) -> None:
    """A word that only a body holds finds its page."""
    with built(make, folder) as index:
        for word, doc_id in (("购房合同", "d01"), ("市场监督管理局", "d06"), ("警戒线", "d11")):
            found = ids(index.search(word, 10))
            require(doc_id in found, f"{word!r} found {found}, not {doc_id}")


def finds_two_characters(make: Make, folder: Path) -> None:
    """Two-character words find pages: most Chinese words have two characters."""
    with built(make, folder) as index:
        if limit(index, "min_characters", 1) > 2:
            return
        for word, doc_id in (("社保", "d02"), ("医保", "d07"), ("入学", "d08"), ("津贴", "d04")):
            found = ids(index.search(word, 10))
            require(doc_id in found, f"{word!r} found {found}, not {doc_id}")


def returns_at_most_k(make: Make, folder: Path) -> None:
    """There are never more than `k` hits, and a smaller `k` is the beginning of a larger one."""
    with built(make, folder) as index:
        whole = ids(index.search("居住证", 100))
        for k in (0, 1, 2, 3, 1000):
            require(ids(index.search("居住证", k)) == whole[:k], f"k={k} is not the beginning of k=100")


def returns_known_pages_once(make: Make, folder: Path) -> None:
    """Each hit is a page of the corpus, with its url and title where given, and no page comes twice."""
    pages = {document.id: document for document in CORPUS}
    with built(make, folder) as index:
        for text in QUESTIONS:
            hits = index.search(text, 100)
            found = ids(hits)
            require(len(set(found)) == len(found), f"{text!r} found a page twice: {found}")
            require(set(found) <= set(pages), f"{text!r} found pages outside the corpus: {set(found) - set(pages)}")
            for hit in hits:
                page = pages[hit.doc_id]
                require(hit.url in ("", page.url), f"hit {hit.doc_id} has the url {hit.url!r}")
                require(hit.title in ("", page.title), f"hit {hit.doc_id} has the title {hit.title!r}")


def ranks_by_score(make: Make, folder: Path) -> None:
    """Scores, where given, are finite and never rise along the list."""
    with built(make, folder) as index:
        for text in QUESTIONS:
            scores = [hit.score for hit in index.search(text, 100) if hit.score is not None]
            require(all(isinstance(score, float) and math.isfinite(score) for score in scores), f"scores: {scores}")
            require(scores == sorted(scores, reverse=True), f"{text!r}: scores rise along the list: {scores}")


def repeats_itself(make: Make, folder: Path) -> None:
    """The same query gives the same hits in the same order, again and from an index built anew elsewhere."""
    with built(make, folder / "a") as one, built(make, folder / "b") as two:
        for text in QUESTIONS:
            first = one.search(text, 100)
            require(one.search(text, 100) == first, f"{text!r} gave two answers")
            require(ids(two.search(text, 100)) == ids(first), f"{text!r} differs between two builds")


def keeps_one_order_of_equals(make: Make, folder: Path) -> None:
    """Pages that are alike keep one order, whatever `k` is."""
    alike = [Document(id=f"c{number:02}", title="防汛通知", body="请沿江居民注意防汛。") for number in range(30)]
    with opened(make, folder) as index:
        index.build(iter([*CORPUS, *alike]))
        whole = ids(index.search("防汛通知", 100))
        require({document.id for document in alike} <= set(whole), "not all of the pages that are alike are found")
        for k in (1, 7, 29):
            require(ids(index.search("防汛通知", k)) == whole[:k], f"k={k} is not the beginning of k=100")


def gives_no_hit_without_a_match(make: Make, folder: Path) -> None:
    """A word that no page holds gives no hits; the list is not filled up."""
    with built(make, folder) as index:
        if limit(index, "matches", "") == "nearest":
            return
        found = ids(index.search("qzxwvjk", 10))
        require(found == [], f"a word that no page holds found {found}")


def restricts_to_a_site(make: Make, folder: Path) -> None:
    """With a site, all hits are pages of that site; without one, of any."""
    sites = {document.id: document.site for document in CORPUS}
    with built(make, folder) as index:
        for text in QUESTIONS:
            for site in SITES:
                found = of_site(index, text, 100, site)
                require(
                    found is None or {sites.get(doc_id) for doc_id in found} <= {site},
                    f"{text!r} on {site} found pages of other sites: {found}",
                )
        found = ids(index.search("居住证", 100, site=""))
        require({sites.get(doc_id) for doc_id in found} == set(SITES), f"without a site, 居住证 found {found}")


def gives_the_best_k_of_a_site(make: Make, folder: Path) -> None:
    """The best `k` pages of a site are given even when any number of other sites' pages rank higher."""
    higher = [Document(id=f"h{n:03}", site=SITES[0], title="防汛通知", body="防汛通知") for n in range(300)]
    body = "请沿江居民注意，已经发布防汛通知，注意收听广播，备足饮水和药品，妥善保管证件。"
    lower = [Document(id=f"l{n}", site=SITES[1], title="安全提示", body=body) for n in range(3)]
    with opened(make, folder) as index:
        index.build(iter([*higher, *lower, *CORPUS]))
        whole = of_site(index, "防汛通知", 1000, SITES[1])
        if whole is None:
            return
        require({"l0", "l1", "l2"} <= set(whole), f"the pages of {SITES[1]} are not found: {whole}")
        for k in (0, 1, 2, 3):
            found = of_site(index, "防汛通知", k, SITES[1])
            require(found == whole[:k], f"k={k} on {SITES[1]} found {found} instead of {whole[:k]}")


def keeps_the_order_within_a_site(make: Make, folder: Path) -> None:
    """Pages of a site come in the order that they have among the pages of all sites."""
    sites = {document.id: document.site for document in CORPUS}
    with built(make, folder) as index:
        if limit(index, "site_order", "") == "ranks within the site":
            return
        for text in (*QUESTIONS, *(document.title for document in CORPUS)):
            whole = ids(index.search(text, 100))
            for site in SITES:
                found = of_site(index, text, 100, site)
                expected = [doc_id for doc_id in whole if sites.get(doc_id) == site]
                require(found in (None, expected), f"{text!r} on {site} found {found} instead of {expected}")


def knows_sites_by_their_whole_name(make: Make, folder: Path) -> None:
    """A site of which there is no page gives no hits, and neither does a part of a site's name."""
    with built(make, folder) as index:
        for site in ("www.elsewhere.gov.example", "linlan.gov.example", "www", "*", "' OR 1=1 --"):
            found = of_site(index, "居住证", 10, site)
            require(not found, f"site {site!r}, which has no pages, gave {found}")

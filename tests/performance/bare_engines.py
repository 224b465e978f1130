"""Bare library scripts, such as somebody would write who knows the library and not tongcha.

    python tests/performance/bare_engines.py build bm25s|tantivy CORPUS_FILE FOLDER
    python tests/performance/bare_engines.py search bm25s|tantivy FOLDER QUERIES ANSWERS

Each reads a corpus in BEIR's format, cuts it with rjieba as tongcha does, indexes title × 2 + body in one field, and
answers each query with the best ten pages: id, address, title and score. Nothing of tongcha is imported, nothing is
checked, and ties fall as the library lets them. `engines_vs_library.py` runs them.
"""

import gzip
import json
import os
import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import rjieba

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\ufa0e-\ufa29\U00020000-\U0003ffff"
RUNS = re.compile(f"([\u4e00-\u9fd5a-z0-9]+)|[{HAN}]|[^\\W_{HAN}]+")
K = 10


def tokens_of(text: str) -> list[str]:
    """Cut a text into words."""
    tokens: list[str] = []
    for run in RUNS.finditer(unicodedata.normalize("NFKC", text).lower()):
        if run.lastindex:
            tokens += rjieba.cut_for_search(run.group())
        else:
            tokens.append(run.group())
    return tokens


def pages(corpus: Path) -> Iterator[tuple[str, str, str, str]]:
    """Read the corpus: id, url, title and text of each page."""
    decode = msgspec.json.Decoder().decode
    with gzip.open(corpus) if corpus.suffix == ".gz" else corpus.open("rb") as lines:
        for line in lines:
            page = decode(line)
            yield page["_id"], page["metadata"].get("url", ""), page["title"], page["text"]


def build_tantivy(corpus: Path, folder: Path) -> None:
    """Index with tantivy."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    for name in ("doc_id", "url", "title"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name="spaces", index_option="freq")
    index = tantivy.Index(builder.build(), path=str(folder))
    index.register_tokenizer("spaces", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    writer = index.writer(256_000_000, 1)
    for doc_id, url, title, text in pages(corpus):
        tokens = " ".join(tokens_of(title) * 2 + tokens_of(text))
        writer.add_document(tantivy.Document(doc_id=doc_id, url=url, title=title, text=tokens))
    writer.commit()
    writer.wait_merging_threads()


def open_tantivy(folder: Path) -> Callable[[str], list[Any]]:
    """Return what answers a query from the index of `build_tantivy`."""
    import tantivy

    index = tantivy.Index.open(str(folder))
    index.register_tokenizer("spaces", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    searcher = index.searcher()

    def search(text: str) -> list[Any]:
        # parse_query takes a word that comes twice once; its boost counts it.
        counts = Counter(tokens_of(text))
        query = index.parse_query(" ".join(f"{word}^{n}" if n > 1 else word for word, n in counts.items()), ["text"])
        answer = []
        for score, address in searcher.search(query, K).hits:
            page = searcher.doc(address)
            answer.append((page.get_first("doc_id"), page.get_first("url"), page.get_first("title"), score))
        return answer

    return search


def build_bm25s(corpus: Path, folder: Path) -> None:
    """Index with bm25s."""
    import bm25s

    shown, texts = [], []
    for doc_id, url, title, text in pages(corpus):
        shown.append([doc_id, url, title])
        texts.append(tokens_of(title) * 2 + tokens_of(text))
    retriever = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    retriever.index(texts, show_progress=False)
    retriever.save(str(folder))
    (folder / "shown.json").write_bytes(msgspec.json.encode(shown))


def open_bm25s(folder: Path) -> Callable[[str], list[Any]]:
    """Return what answers a query from the index of `build_bm25s`."""
    import bm25s

    retriever = bm25s.BM25.load(str(folder), mmap=True)
    shown = msgspec.json.decode((folder / "shown.json").read_bytes())

    def search(text: str) -> list[Any]:
        rows, scores = retriever.retrieve([tokens_of(text)], k=K, show_progress=False)
        return [(*shown[row], float(score)) for row, score in zip(rows[0], scores[0], strict=True) if score > 0]

    return search


def seconds() -> tuple[float, float]:
    """Return the CPU time of this process, all its threads, and the time on the clock."""
    spent = os.times()
    return spent.user + spent.system, time.perf_counter()


def answered(search: Callable[[str], list[Any]], queries: Path, answers: Path) -> dict[str, float]:
    """Answer the queries and return what that took; the first is asked once before, which opens the index."""
    texts = msgspec.json.decode(queries.read_bytes())
    search(texts[0])
    opened, begun = seconds()
    found = [search(text) for text in texts]
    cpu, now = seconds()
    answers.write_bytes(msgspec.json.encode(found))
    return {"open_cpu": opened, "cpu": cpu - opened, "wall": now - begun}


def main(verb: str, engine: str, *places: str) -> None:
    """Build an index, or answer queries and print what that took, in seconds."""
    if verb == "build":
        {"bm25s": build_bm25s, "tantivy": build_tantivy}[engine](*map(Path, places))
    else:
        folder, queries, answers = map(Path, places)
        search = {"bm25s": open_bm25s, "tantivy": open_tantivy}[engine](folder)
        print(json.dumps(answered(search, queries, answers)))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Sixty pages of two portals, and the engine that the emulated searches ask."""

from collections.abc import Iterable
from pathlib import Path

from corpora.model import Document
from indexers.registry import create, resolve

SITES = {"1": "www.linlan.gov.example", "2": "www.qinglan.gov.example"}
"""Site code → host name; any other code searches both."""

_TOWNS = ("东江", "南浦", "西塘", "北屯", "中和", "新港", "老城", "云台", "石桥", "白沙")
_DEEDS = ("提取", "缴存", "贷款", "转移", "查询", "补缴")

DOCUMENTS = tuple(
    Document(
        id=f"p{number:02}",
        site=SITES["1" if number % 3 else "2"],
        url=f"https://{SITES['1' if number % 3 else '2']}/gjj/{number}.html",
        title=f"{_TOWNS[number % 10]}区住房公积金{_DEEDS[number // 10]}办事指南",
        body="职工申请办理住房公积金业务，" * (1 + number % 7) + f"到{_TOWNS[number % 10]}窗口提交材料。",
        published=f"2025-{1 + number % 12:02}-{1 + number % 28:02}",
    )
    for number in range(60)
)


class Backend:
    """The engine behind the emulated portals: FTS5 over the sixty pages, or over others."""

    def __init__(self, folder: Path, documents: Iterable[Document] = DOCUMENTS) -> None:
        documents = tuple(documents)
        self._by_id = {document.id: document for document in documents}
        self._index = create(resolve("fts5"), folder)
        self._index.build(documents)

    def found(self, query: str, code: str = "") -> list[Document]:
        """Return all pages that match, best first, of the site of that code or of all."""
        return [self._by_id[hit.doc_id] for hit in self._index.search(query, 1000, SITES.get(code, ""))]

    def close(self) -> None:
        self._index.close()

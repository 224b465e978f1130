"""What every check works with: twelve pages, indexes that leave nothing behind, and small questions to them."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from corpora.model import Document
from indexers.api import Hit, Index, OnServer
from indexers.errors import ConformanceError, UnsupportedError

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

SITES = ("www.linlan.gov.example", "zwfw.linlan.gov.example")
"""The hosts of a portal and of its service hall."""

CORPUS: tuple[Document, ...] = tuple(
    Document(id=f"d{number:02}", site=site, url=f"https://{site}/{number}.html", title=title, body=body)
    for number, (site, (title, body)) in enumerate(zip(SITES * 6, _TEXTS, strict=True), 1)
)
"""Twelve pages of Linlan, a city that does not exist: by turns of its portal and of its service hall."""

QUESTIONS = ("住房公积金", "居住证", "营业执照", "高龄津贴", "不动产登记")


@contextmanager
def built(make: Make, folder: Path) -> Iterator[Index]:
    """Build an index of the fixture corpus, handed over as what can be read only once, and close it in the end."""
    with opened(make, folder) as index:
        index.build(iter(CORPUS))
        yield index


@contextmanager
def opened(make: Make, folder: Path) -> Iterator[Index]:
    """Construct an index and close it in the end; a server keeps nothing of it."""
    with closing(make(folder)) as index:
        try:
            yield index
        finally:
            if isinstance(index, OnServer):
                index.drop()


def ids(hits: list[Hit]) -> list[str]:
    """Return the ids of hits in their order."""
    return [hit.doc_id for hit in hits]


def of_site(index: Index, text: str, k: int, site: str) -> list[str] | None:
    """Return the ids of what is found on that site, or None from an engine that says it cannot restrict."""
    try:
        return ids(index.search(text, k, site=site))
    except UnsupportedError:
        return None


def description(index: Index) -> dict[str, Any]:
    """Return what an engine says of itself, which must be the same when written as JSON."""
    described = index.describe()
    try:
        copy: dict[str, Any] = json.loads(json.dumps(described))
    except (TypeError, ValueError) as error:
        raise ConformanceError(f"describe() is not JSON-able: {error}") from error
    require(copy == described, "describe() changes when written as JSON: use plain dict, list, str and numbers")
    return copy


def limit(index: Index, name: str, default: Any) -> Any:
    """Return what an engine says of a limit, or `default` where it says nothing."""
    return index.describe().get("limits", {}).get(name, default)


def require(kept: bool, seen: str) -> None:
    """Raise what was seen instead where a promise is not kept."""
    if not kept:
        raise ConformanceError(seen)

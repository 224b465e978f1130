"""Index composed corpora of growing size in a cluster of three nodes, then kill a node while queries come.

    python tests/performance/opensearch_million.py [documents …]

Starts the cluster (tests/servers/opensearch.py); every size is built by the engine `opensearch` in a process of its
own, with three shards and a copy of each. Prints documents per second, the peak memory of that process and what the
nodes hold. On the last size queries are asked twice; in the second round the node that leads the cluster is killed.
Prints how many were lost (had no answer) or answered otherwise than before; ends with 1 if any was.
"""

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from corpora.model import Document  # noqa: E402 - the project may not be installed
from indexers.engines.opensearch import Engine, Options  # noqa: E402
from indexers.errors import IndexerError  # noqa: E402
from tests.servers import Running  # noqa: E402
from tests.servers.opensearch import started  # noqa: E402

SIZES = (10_000, 100_000, 1_000_000)
QUERIES = 600
OPTIONS = Options(shards=3, replicas=1)
_VARIABLE = "TONGCHA_OPENSEARCH_URL"
_WORDS = (  # noqa: SIM905
    "办理 申请 材料 规定 职工 提取 住房公积金 社会保险 缴纳 登记 证明 窗口 时限 工作日 人民政府 通知 居民 户口 "
    "身份证 居住证 营业执照 补贴 养老金 医疗保险 异地就医 备案 学区 入学 公租房 不动产 收费标准 残疾人 老年人 "
    "高龄津贴 防汛 应急预案 驾驶证 车辆 年检 税务 发票 企业 开办 注销 许可 环境 评价 公示 招标 采购 预算 决算 "
    "项目 审批 消防 验收 食品 经营 卫生 许可证 护照 出入境 婚姻 生育 失业 救助 低保 就业 培训 毕业生 人才 引进 "
    "落户 宅基地 农业 种粮 农机 林地 水利 取水 道路 占用 噪声 投诉 "
).split()
_WEIGHTS = [1 / rank for rank in range(1, len(_WORDS) + 1)]


def compose(number: int) -> Iterator[Document]:
    """Yield documents of some 100 characters: some words often, some seldom, and numbers that few share."""
    chance = random.Random(number)  # noqa: S311 - not for secrets
    for ordinal in range(number):
        site = f"www.s{ordinal % 97}.gov.example"
        body = "".join(chance.choices(_WORDS, _WEIGHTS, k=chance.randint(20, 50)))
        yield Document(
            id=f"d{ordinal}",
            url=f"https://{site}/art/{ordinal // 97}/{ordinal}.html",
            site=site,
            title=f"{''.join(chance.choices(_WORDS, k=2))}{ordinal % 5000}号",
            body=f"{body}。",
        )


def questions() -> list[tuple[str, str]]:
    """Return queries of one to four words or with a number, every third within one site."""
    chance = random.Random(QUERIES)  # noqa: S311 - not for secrets
    asked = []
    for position in range(QUERIES):
        text = "".join(chance.choices(_WORDS, k=chance.randint(1, 4))) + f" {position * 7}号" * (position % 4 == 0)
        asked.append((text, f"www.s{position % 97}.gov.example" if position % 3 == 0 else ""))
    return asked


def build(documents: int, folder: Path) -> None:
    """Build, and print what it took as JSON."""
    from bench.process_memory import peak_memory_bytes

    begun = time.perf_counter()
    with closing(Engine(OPTIONS, folder)) as engine:
        engine.build(compose(documents))
        seconds = time.perf_counter() - begun
        print(json.dumps({"seconds": seconds, "peak": peak_memory_bytes(), "stored": engine.stored_bytes()}))


def built(running: Running, documents: int, folder: Path) -> None:
    """Build in a process of its own and print the figures."""
    command = [sys.executable, __file__, "build", str(documents), str(folder)]
    environment = {**os.environ, _VARIABLE: running.url}
    told = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    figures = json.loads(told.stdout)
    print(
        f"{documents:>9,} documents  {documents / figures['seconds']:>6,.0f}/s ({figures['seconds']:.0f} s)  "
        f"peak of the client {figures['peak'] / 1e6:.1f} MB  stored {figures['stored'] / 1e6:,.1f} MB",
        flush=True,
    )


def leader(running: Running) -> int:
    """Return which node leads the cluster."""
    url = running.url.split(",")[0]
    with urllib.request.urlopen(f"{url}/_cat/cluster_manager?format=json", timeout=30) as answer:  # noqa: S310
        return int(json.load(answer)[0]["node"].removeprefix("node-"))


def replay(engine: Engine, number_then_kill: int = -1, pid: int = 0) -> tuple[list[object], list[float]]:
    """Ask all, killing a process from another thread at that position; return answers or errors, and times in ms."""
    answers: list[object] = []
    times = []
    killer = threading.Thread(target=os.kill, args=(pid, signal.SIGKILL))
    for position, (text, site) in enumerate(questions()):
        if position == number_then_kill:
            killer.start()
        begun = time.perf_counter()
        try:
            answers.append([(hit.doc_id, hit.score) for hit in engine.search(text, 10, site)])
        except IndexerError as error:
            answers.append(error)
        times.append((time.perf_counter() - begun) * 1000)
    return answers, times


def outlive(running: Running, folder: Path) -> int:
    """Ask before and while a node dies, print the difference, and return how many answers were lost or other."""
    with closing(Engine(OPTIONS, folder)) as engine:
        replay(engine)  # so that both rounds find the nodes warm
        before, times = replay(engine)
        told("all nodes", times)
        dying = leader(running)
        after, times = replay(engine, QUERIES // 3, running.pids[dying])
        told(f"node-{dying}, the leader, killed at query {QUERIES // 3}", times)
    lost = [answer for answer in after if isinstance(answer, IndexerError)]
    other = sum(one != two for one, two in zip(before, after, strict=True)) - len(lost)
    empty = sum(answer == [] for answer in before)
    print(f"{len(after)} queries ({empty} without a hit): {len(lost)} lost, {other} answered otherwise than before")
    for error in lost[:5]:
        print(f"  {error}")
    return len(lost) + other


def told(name: str, times: list[float]) -> None:
    """Print the times of a round."""
    cuts = statistics.quantiles(times, n=100)
    print(f"{name}: p50 {cuts[49]:.1f} ms  p95 {cuts[94]:.1f} ms  longest {max(times):.0f} ms", flush=True)


def main(sizes: list[int]) -> int:
    """Build each size, ask the last one, and return how many answers were lost or other."""
    with tempfile.TemporaryDirectory() as temporary:
        begun = time.perf_counter()
        with started(Path(temporary) / "nodes", heap_mb=1024, long_lived=True) as running:
            print(f"cluster of {len(running.pids)} nodes in {time.perf_counter() - begun:.0f} s", flush=True)
            os.environ[_VARIABLE] = running.url
            for size in sizes:
                folder = Path(temporary) / f"index-{size}"
                built(running, size, folder)
                if size != sizes[-1]:
                    with closing(Engine(OPTIONS, folder)) as engine:
                        engine.drop()
            return outlive(running, folder)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build", documents, folder]:
            build(int(documents), Path(folder))
        case sizes:
            sys.exit(bool(main([int(size) for size in sizes] or list(SIZES))))

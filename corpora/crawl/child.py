"""The crawler process: Scrapy runs in it once, reports on its standard output, and stops when its input ends."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec

from corpora.crawl.plan import Plan
from corpora.crawl.work import Work
from corpora.errors import CrawlError

LOG = "crawl.log"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is told in the first line of its standard input."""

    plan: Plan
    folder: str


class Word(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line that the process says on its standard output."""

    done: int = 0
    waiting: int = 0
    refused: int = 0
    mistake: str = ""
    """For the user; the crawl has ended."""
    finished: bool = False


def main() -> None:
    """Crawl what the order on standard input says, saying how far it is."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    folder = Path(order.folder)
    folder.mkdir(parents=True, exist_ok=True)
    say = _Voice()
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)  # whatever a library prints must not come between the lines that we say
    os.dup2(log, 2)
    work = Work(order.plan, folder)
    try:
        work.open()
        if not work.complete:
            _crawl(work, folder, say)
    except CrawlError as problem:
        say(Word(mistake=str(problem)))
        return
    work.finish()
    done = work.frontier.counts()[1]
    work.close()
    say(Word(done=done, refused=work.refusals, finished=True))


class _Voice:
    def __init__(self) -> None:
        self._out = os.dup(1)

    def __call__(self, word: Word) -> None:
        os.write(self._out, msgspec.json.encode(word) + b"\n")


def _crawl(work: Work, folder: Path, say: _Voice) -> None:
    from scrapy.crawler import CrawlerProcess
    from twisted.internet.task import LoopingCall

    from corpora.crawl.settings import settings
    from corpora.crawl.spider import PortalSpider

    process = CrawlerProcess(settings(work.plan, folder))
    ended: list[Any] = []

    def give_up(problem: Exception) -> None:
        # No disk, or a shared frontier that is gone; what was fetched before is safe.
        try:
            say(Word(mistake=f"the crawl cannot go on ({problem}): see {folder / LOG}; the same command goes on"))
        finally:  # whoever listened may be gone
            os._exit(1)

    process.crawl(PortalSpider, work=work, give_up=give_up).addBoth(ended.append)
    from twisted.internet import reactor  # only now: Scrapy has chosen it

    def stop() -> None:
        # Every change of the state is a whole transaction in this thread, so nothing can be half done here, and
        # waiting for answers under way would keep whoever pressed Ctrl-C; they are asked for again next time.
        try:
            work.close()
        finally:  # the shared frontier may be gone; leases end by themselves
            os._exit(0)

    def listen() -> None:
        while os.read(0, 1024):  # not through sys.stdin: its lock would be held when the interpreter ends
            pass
        reactor.callFromThread(stop)

    def tell() -> None:
        waiting, done = work.frontier.counts()
        say(Word(done=done, waiting=waiting, refused=work.refusals))

    threading.Thread(target=listen, daemon=True).start()

    def lost(failure: Any) -> None:
        give_up(failure.value)

    LoopingCall(tell).start(0.5).addErrback(lost)
    process.start(install_signal_handlers=False)
    if not ended or ended[0] is not None:
        raise CrawlError(f"the crawler ended early ({ended}): see {folder / LOG}")


if __name__ == "__main__":
    main()

"""Running an engine in its own process: start it, listen to it, end it when it hangs."""

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set signals
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class EngineDiedError(Exception):
    """The engine's process ended without a last word; the text is its exit code or signal."""


class EngineSilentError(Exception):
    """The engine's process said nothing for too long and was ended."""


class EngineProcess:
    """A spawned process that sends messages; used as a context manager, it is gone at the end of the block."""

    def __init__(self, target: Callable[[Any, Connection], None], job: Any) -> None:
        context = multiprocessing.get_context("spawn")  # fork would copy this process's memory and threads into it
        self._receiver, sender = context.Pipe(duplex=False)
        self._sender: Connection | None = sender
        self._process = context.Process(target=target, args=(job, sender), daemon=True)

    def __enter__(self) -> Self:
        with _interrupts_ignored():  # inherited: Ctrl-C is for this process, which ends the engine's
            self._process.start()
        if self._sender is not None:
            self._sender.close()  # so that the end of the process is the end of the messages
            self._sender = None
        return self

    def receive(self, within_s: float | None = None) -> tuple[Any, ...]:
        """Return the next message.

        Raises `EngineDiedError` when the process ended instead, `EngineSilentError` when nothing came `within_s`.
        """
        if within_s is not None and not self._receiver.poll(within_s):
            raise EngineSilentError
        try:
            message: tuple[Any, ...] = self._receiver.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            code = self._process.exitcode or 0
            raise EngineDiedError(f"signal {-code}" if code < 0 else f"exit code {code}") from None
        return message

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._receiver.close()

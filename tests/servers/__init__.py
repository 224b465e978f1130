"""Real search servers for tests and measurements: each on free ports of the loopback address, in a folder of its own.

One file a server, with `started(folder)`, a context manager that yields a `Running`, and `missing()`, which names what
this machine lacks to start it. `.ci/run` installs all of it.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

WAIT_S = 120.0


class Running(NamedTuple):
    """A server that answers."""

    url: str
    pids: tuple[int, ...]
    """Its processes, whose memory a measurement adds up."""


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def process(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a session of its own, its output in `server.log`; end it, and what it started, at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.log").open("ab") as log:
        started = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(20)
                break


def wait_until(ready: Callable[[], bool], running: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until a server answers; its death or silence is an error that shows the end of its log."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and running.poll() is None:
        with contextlib.suppress(Exception):
            if ready():
                return
        time.sleep(0.1)
    log = (folder / "server.log").read_text(errors="replace")[-2000:]
    raise RuntimeError(f"the server did not come up (exit code {running.poll()}):\n{log}")


def require(missing: str) -> None:
    """Skip where the machine lacks what a server needs; CI has installed it, so there it is a failure."""
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"this machine lacks {missing}")

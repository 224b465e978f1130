"""Groonga as Debian packages it, its HTTP server on a database of its own."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.servers import Running, free_port, process, wait_until


def missing() -> str:
    """Return what this machine lacks to start the server; empty when nothing is missing."""
    return "" if shutil.which("groonga") else "Groonga: apt-get install groonga-bin"


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Running]:
    """Start a Groonga with an empty database."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = ["groonga", "-s", "--protocol", "http", "--bind-address", "127.0.0.1", "-p", str(port)]
    with process([*command, "--log-path", folder / "groonga.log", "-n", folder / "db"], folder) as running:
        wait_until(lambda: httpx.get(f"{url}/d/status", trust_env=False).is_success, running, folder)
        yield Running(url, (running.pid,))

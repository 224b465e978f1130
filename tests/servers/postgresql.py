"""PostgreSQL as Debian packages it, with the extension RUM, on TCP only and with a password."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.servers import Running, free_port, process, wait_until

BINARIES = Path("/usr/lib/postgresql/15/bin")
_INITDB = ("--no-sync", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8")
RUM = Path("/usr/share/postgresql/15/extension/rum.control")
USER = "tongcha-test"
PASSWORD = "loopback-only-5f3e"  # noqa: S105 - of a server that lives as long as a test


def missing() -> str:
    """Return what this machine lacks to start the server; empty when nothing is missing."""
    if not (BINARIES / "initdb").is_file():
        return "PostgreSQL 15: apt-get install postgresql-15 postgresql-15-rum"
    if not RUM.is_file():
        return "the extension RUM: apt-get install postgresql-15-rum"
    return ""


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Running]:
    """Start an empty PostgreSQL; as the user `postgres` where we are root, which it refuses to run as."""
    become: list[str] = []
    home = folder
    if os.geteuid() == 0:
        # Folders of pytest are closed to other users.
        home = Path(tempfile.mkdtemp(prefix="tongcha-postgresql-"))
        account = pwd.getpwnam("postgres")
        os.chown(home, account.pw_uid, account.pw_gid)
        become = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    try:
        home.mkdir(parents=True, exist_ok=True)
        data, secret = home / "data", home / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        subprocess.run(
            [*become, BINARIES / "initdb", "-D", data, "-U", USER, f"--pwfile={secret}", *_INITDB],
            check=True,
            cwd=home,
            capture_output=True,
        )
        port = free_port()
        command = [*become, BINARIES / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", ""]
        address = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/postgres"
        with process(command, home) as running:
            wait_until(lambda: _answers(address), running, home)
            yield Running(address, (running.pid,))
            # At once, without waiting for clients to go; SIGTERM would.
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                running.send_signal(signal.SIGINT)
                running.wait(20)
    finally:
        if home != folder:
            shutil.rmtree(home, ignore_errors=True)


def _answers(address: str) -> bool:
    with psycopg.connect(address, connect_timeout=2) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)

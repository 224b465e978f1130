"""A real OpenSearch cluster on the loopback address, each node a process of its own that a test may kill.

Its jars come from Maven's central repository by the names in `opensearch/pom.xml`; `opensearch/OneNode.java` starts one
node. What Maven found and the compiled class are kept in the user's cache folder, the jars in Maven's own.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from tests.servers import Running, free_port, process, wait_until

FILES = Path(__file__).parent / "opensearch"
_PROGRAMS = {"mvn": "maven", "javac": "openjdk-17-jdk-headless"}


def missing() -> str:
    """Return what this machine lacks; empty when nothing."""
    lacking = [package for program, package in _PROGRAMS.items() if shutil.which(program) is None]
    return " and ".join(lacking)


@contextlib.contextmanager
def started(folder: Path, nodes: int = 3, *, heap_mb: int = 512, long_lived: bool = False) -> Iterator[Running]:
    """Start a cluster; its `url` holds the nodes' addresses in the order of `pids`, with commas between them.

    A `long_lived` one compiles what it does often, which pays after minutes only.
    """
    java = ["java", f"-Xms{heap_mb // 2}m", f"-Xmx{heap_mb}m", "-XX:+UseSerialGC", "-XX:-UsePerfData"]
    java += [] if long_lived else ["-XX:TieredStopAtLevel=1"]
    java += ["-cp", _classpath(), "OneNode"]
    ports = _free_ports(2 * nodes)
    https, transports = ports[:nodes], ports[nodes:]
    names = [f"node-{number}" for number in range(nodes)]
    shared = {
        "cluster.name": f"tongcha-{secrets.token_hex(4)}",
        "discovery.seed_hosts": ",".join(f"127.0.0.1:{port}" for port in transports),
        "cluster.initial_cluster_manager_nodes": ",".join(names),
    }
    with contextlib.ExitStack() as stack:
        running = []
        for name, http, transport in zip(names, https, transports, strict=True):
            settings = {**shared, "node.name": name, "http.port": str(http), "transport.port": str(transport)}
            given = [f"{key}={value}" for key, value in settings.items()]
            running.append(stack.enter_context(process([*java, folder / name, *given], folder / name)))
        for node, name, http in zip(running, names, https, strict=True):
            wait_until(lambda http=http: _joined(http) == nodes, node, folder / name)
        yield Running(",".join(f"http://127.0.0.1:{port}" for port in https), tuple(node.pid for node in running))


def _free_ports(number: int) -> list[int]:
    ports: set[int] = set()
    while len(ports) < number:
        ports.add(free_port())
    return list(ports)


def _joined(port: int) -> int:
    """Return how many nodes that node sees in its cluster; raises while it has none."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_cluster/health", timeout=5) as answer:
        return int(json.load(answer)["number_of_nodes"])


def _classpath() -> str:
    """Return the class path of a node, from Maven and the compiler where it is not kept yet."""
    pom, source = FILES / "pom.xml", FILES / "OneNode.java"
    key = hashlib.sha256(pom.read_bytes() + source.read_bytes()).hexdigest()[:16]
    kept = platformdirs.user_cache_path("tongcha-tests") / f"opensearch-{key}"
    written = kept / "classpath.txt"
    if written.exists():
        found = written.read_text(encoding="utf-8")
        if all(Path(part).exists() for part in found.split(os.pathsep)):
            return found
    kept.mkdir(parents=True, exist_ok=True)
    jars = kept / "jars.txt"
    _run("mvn", "-B", "-q", "-f", pom, "dependency:build-classpath", f"-Dmdep.outputFile={jars}")
    classpath = f"{kept}{os.pathsep}{jars.read_text(encoding='utf-8').strip()}"
    _run("javac", "-d", kept, "-cp", classpath, source)
    written.write_text(classpath, encoding="utf-8")  # last of all: without it the folder is not complete
    return classpath


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-2000:]}")

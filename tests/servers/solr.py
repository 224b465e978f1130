"""Solr from Maven's artifacts: its core behind Jetty, started by a launcher of ours, with a configset of ours.

Solr's own configset `_default` is in no artifact. Here it is `solr/conf`, whose fields are made like those, without the
field for `smartcn`, which the real one has not either; `tongcha` is `solr/conf` as it stands.
"""

import base64
import contextlib
import hashlib
import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from tests.servers import Running, free_port, process, wait_until

QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""What halves the processor time of a short life; it would slow down a long one."""
FILES = Path(__file__).with_name("solr")
_CLASSPATH = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"
_CLOUD = """<solr>
  <solrcloud>
    <str name="host">127.0.0.1</str>
    <int name="hostPort">${jetty.port}</int>
    <str name="hostContext">solr</str>
  </solrcloud>
</solr>
"""
_ZOOKEEPER = """tickTime=2000
initLimit=10
syncLimit=5
admin.enableServer=false
clientPortAddress=127.0.0.1
"""


def missing() -> str:
    """Return what this machine lacks to start Solr; empty when it has all."""
    return "" if shutil.which("mvn") and shutil.which("java") else "Maven and Java (maven, openjdk-17-jdk-headless)"


@contextlib.contextmanager
def started(
    folder: Path, user: str = "", password: str = "", cloud: bool = False, java: Sequence[str] = ()
) -> Iterator[Running]:
    """Run Solr in `folder`: for anybody, or for one user; by itself, or as a SolrCloud of one node."""
    home, port = folder / "home", free_port()
    conf = home / "configsets" / "_default" / "conf"
    shutil.copytree(FILES / "conf", home / "configsets" / "tongcha" / "conf")
    shutil.copytree(FILES / "conf", conf)
    lines = (FILES / "conf" / "schema.xml").read_text(encoding="utf-8").splitlines()
    (conf / "schema.xml").write_text(
        "\n".join(line for line in lines if '*_txt_smartcn"' not in line), encoding="utf-8"
    )
    (home / "solr.xml").write_text(_CLOUD if cloud else "<solr/>", encoding="utf-8")
    if user:
        (home / "security.json").write_text(_security(user, password), encoding="utf-8")
    if cloud:  # the ZooKeeper inside Solr listens on the port above by 1,000, and looks for its settings here
        (folder / "server" / "solr").mkdir(parents=True)
        (folder / "server" / "solr" / "zoo.cfg").write_text(_ZOOKEEPER, encoding="utf-8")
    command = [
        *("java", "-Xmx512m", *java, "-cp", _classpath(folder)),
        *(f"-Dsolr.solr.home={home}", f"-Dsolr.install.dir={folder}", f"-Dsolr.log.dir={folder}"),
        *(("-DzkRun", f"-Djetty.port={port}", f"-Dsolr.default.confdir={conf}", "-Dsolr.http1=true") if cloud else ()),
        *(FILES / "SolrLauncher.java", str(port)),
    ]
    url = f"http://127.0.0.1:{port}/solr"

    def answers() -> bool:
        with httpx.Client(auth=(user, password) if user else None, trust_env=False) as client:
            return client.get(f"{url}/admin/info/system").status_code == 200

    with process(command, folder) as running:
        wait_until(answers, running, folder)
        yield Running(url, (running.pid,))


def _classpath(folder: Path) -> str:
    """Return the files of `solr/pom.xml` and all they need; Maven loads what this machine does not have yet."""
    folder.mkdir(parents=True, exist_ok=True)
    found = folder / "classpath"
    maven = ["mvn", "-B", "-q", "-f", str(FILES / "pom.xml"), _CLASSPATH, f"-Dmdep.outputFile={found}"]
    if subprocess.run([*maven, "-o"], capture_output=True, timeout=120, check=False).returncode:
        subprocess.run(maven, timeout=600, check=True)
    return found.read_text(encoding="utf-8").strip()


def _security(user: str, password: str) -> str:
    """Return Solr's file of users: a password is hashed twice with its salt."""
    salt = secrets.token_bytes(32)
    hashed = hashlib.sha256(hashlib.sha256(salt + password.encode()).digest()).digest()
    kept = " ".join(base64.b64encode(part).decode() for part in (hashed, salt))
    rules = {
        "authentication": {"class": "solr.BasicAuthPlugin", "blockUnknown": True, "credentials": {user: kept}},
        "authorization": {
            "class": "solr.RuleBasedAuthorizationPlugin",
            "permissions": [{"name": "all", "role": "admin"}],
            "user-role": {user: "admin"},
        },
    }
    return json.dumps(rules)

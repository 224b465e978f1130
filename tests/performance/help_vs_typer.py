"""How long `tongcha --help` takes, as a ratio to the help of a two-command typer script.

Run: python tests/performance/help_vs_typer.py [PAIRS]
Both are whole cold processes of this interpreter, alternating; medians and the ratio of medians are printed.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = '''
import typer

app = typer.Typer()

@app.command()
def one(count: int = 1) -> None:
    """First."""

@app.command()
def two(name: str = "x") -> None:
    """Second."""

app()
'''


def seconds(command: list[str]) -> float:
    """Return the wall time of one process."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main(pairs: int) -> None:
    """Time the pairs and print the result."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "two.py"
        script.write_text(BARE)
        commands = {
            "tongcha --help": [str(Path(sys.executable).with_name("tongcha")), "--help"],
            "two-command typer script --help": [sys.executable, str(script), "--help"],
        }
        for command in commands.values():
            seconds(command)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(pairs):
            for name, command in commands.items():
                times[name].append(seconds(command))
    medians = [statistics.median(values) for values in times.values()]
    for name, median in zip(times, medians, strict=True):
        print(f"{name}: median {median * 1000:.0f} ms of {pairs}")
    print(f"ratio: {medians[0] / medians[1]:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)

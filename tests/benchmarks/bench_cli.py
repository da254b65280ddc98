"""How long the program takes to say hello, and a small scenario from exec to verdict.

Run by hand: `python -m tests.benchmarks.bench_cli`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_START = "from lab.cli.main import main; main()"
CASES = {
    "fedlab --help": (["--help"], 15),
    "fedlab --version": (["--version"], 15),
    "fedlab get -h": (["get", "-h"], 15),
    "fedlab run (new scenario)": (["run", "first.yaml"], 3),
    "fedlab get pods (newest run)": (["get", "pods", "-s", "members"], 5),
}


def measure(words: list[str], times: int, folder: Path) -> list[float]:
    """Return wall seconds of several calls, shortest first."""
    env = {**os.environ, "XDG_STATE_HOME": str(folder)}
    taken = []
    for _ in range(times):
        began_s = time.perf_counter()
        subprocess.run([sys.executable, "-c", _START, *words], check=True, cwd=folder, env=env,
                       capture_output=True)  # fmt: skip
        taken.append(time.perf_counter() - began_s)
    return sorted(taken)


def main() -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure(["scenario", "new", "first.yaml"], 1, folder)
        for title, (words, times) in CASES.items():
            taken = measure(words, times, folder)
            middle = taken[len(taken) // 2]
            print(f"{title:<32} best {taken[0] * 1e3:7.1f} ms   median {middle * 1e3:7.1f} ms")


if __name__ == "__main__":
    main()

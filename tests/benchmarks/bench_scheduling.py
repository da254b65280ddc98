"""Decisions per second of the scheduler, over the conformance cases. Run by hand.

python tests/benchmarks/bench_scheduling.py [SECONDS]
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lab.core.cluster import ClusterSnapshot
from lab.core.scheduling import schedule
from lab.core.settings import KarmadaSettings

CASES = Path(__file__).parents[1] / "conformance" / "karmada-schedule-cases.jsonl"


def measured(turn: Callable[[], int], seconds: float) -> float:
    """Return the rate of what `turn` counts, per second."""
    count, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        count += turn()
    return count / (time.perf_counter() - begin)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    settings = KarmadaSettings()
    cases = [json.loads(line) for line in CASES.read_text().splitlines()]
    known = [(case["binding"], ClusterSnapshot(case["clusters"])) for case in cases]

    def decisions() -> int:
        for binding, snapshot in known:
            schedule(binding, snapshot, settings)
        return len(known)

    def strangers() -> int:
        # Nothing is remembered about copies: every cluster and placement is read anew.
        for case in json.loads(json.dumps(cases)):
            schedule(case["binding"], case["clusters"], settings)
        return len(cases)

    def explained() -> int:
        for binding, snapshot in known:
            schedule(binding, snapshot, settings, explain=True)
        return len(known)

    for name, turn in (
        ("fleet known, decision only", decisions),
        ("fleet read anew each time", strangers),
        ("fleet known, with explanation", explained),
    ):
        print(f"{name:<32}{measured(turn, seconds):>10,.0f} per second")


if __name__ == "__main__":
    main()

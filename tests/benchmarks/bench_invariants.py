"""What watching costs: a region of 100 Deployments fails over, with all invariants on and off."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

from lab.commands.rehearsal import load_rehearsed
from lab.session import Session

SCENARIO = Path(__file__).parents[2] / "scenarios" / "failover" / "region-loss-100-bindings.yaml"


def played(laws: bool) -> tuple[float, int]:
    """Return the seconds of processor time a run took, and how many records it has."""

    scenario = load_rehearsed(SCENARIO)
    scenario = replace(scenario, expectations=(), laws=scenario.laws if laws else ())
    session = Session.open(scenario)
    session.watch.monitor.scene.reference = None  # not the second run of Q2
    began_s = time.process_time()
    session.play()
    return time.process_time() - began_s, len(session.federation.trace.records)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    off, on, records = [], [], 0
    for _ in range(options.rounds):
        off.append(played(False)[0])
        seconds, records = played(True)
        on.append(seconds)
    print(f"{records} records; off {min(off):.2f} s, on {min(on):.2f} s")
    print(f"all invariants: {100 * (min(on) / min(off) - 1):.1f} % more")


if __name__ == "__main__":
    main()

"""No invariant is broken while the recorded runs of a real control plane are played: the laws know
what Karmada rightly does, in failures too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.core.invariants import Monitor
from lab.drivers.observing import FederationObjects, observe
from tests.conformance.live_play import Player

FILE = Path(__file__).with_name("karmada-live-scenarios.jsonl")


def scenarios() -> Iterator[Any]:
    for line in FILE.read_text(encoding="utf-8").splitlines():
        scenario = json.loads(line)
        yield pytest.param(scenario, id=scenario["id"])


@pytest.mark.parametrize("scenario", scenarios())
def test_no_law_is_broken(scenario: dict[str, Any]) -> None:
    player = Player(scenario)
    federation = player.federation
    monitor = Monitor(FederationObjects(federation), federation.settings.karmada)
    observe(federation, [monitor])
    for step in scenario["steps"]:
        player.play(step)
        federation.run_until_quiet(5.0, 120.0)
    federation.run_until(federation.now_s + 60.0)
    monitor.finish(federation.now_s)
    assert [each.line() for each in monitor.violations] == []
    judged = {law for law in monitor.on if not any(law in note for note in monitor.notes)}
    assert {"S1", "Q3", "Q5"} <= judged

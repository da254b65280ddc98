"""End states of recorded runs of a real control plane with three members hold in the simulation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.live_play import Player, differences, state_of

FILE = Path(__file__).with_name("karmada-live-scenarios.jsonl")
NEEDS_FAILURE = {"killApiServer", "restoreApiServer", "pauseNodes"}
"""Steps of the runs that `test_karmada_live_failure` plays."""


def scenarios() -> Iterator[Any]:
    for line in FILE.read_text(encoding="utf-8").splitlines():
        scenario = json.loads(line)
        if not NEEDS_FAILURE & {step["do"] for step in scenario["steps"]}:
            yield pytest.param(scenario, id=scenario["id"])


@pytest.mark.parametrize("scenario", scenarios())
def test_end_states(scenario: dict[str, Any]) -> None:
    player = Player(scenario)
    checkpoints = {each["after_step"]: each for each in scenario["checkpoints"]}
    for index, step in enumerate(scenario["steps"]):
        player.play(step)
        if index not in checkpoints:
            continue
        began_s = player.federation.now_s
        assert player.federation.run_until_quiet(5.0, 120.0), "it never settles"
        wait_s = began_s + float(checkpoints[index].get("waited_s") or 0.0)
        player.federation.run_until(max(player.federation.now_s, wait_s))
        wrong = differences(checkpoints[index]["state"], state_of(player.federation))
        assert not wrong, f"after step {index} ({step['do']}):\n" + "\n".join(wrong)

"""Recorded failures of a member's API server: end states hold exactly, phases within their limits.

A phase is right within one probe period of the recorded one, or within 10 %.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.conformance.live_phases import phases
from tests.conformance.live_play import Player, differences, state_of
from tests.conformance.test_karmada_live import FILE

KILLS = {"killApiServer"}
PROBE_PERIOD_S = 10.0


@cache
def recorded() -> dict[str, dict[str, Any]]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    found = (json.loads(line) for line in lines)
    return {each["id"]: each for each in found if KILLS & {step["do"] for step in each["steps"]}}


@cache
def played(name: str) -> tuple[dict[int, list[str]], dict[str, float]]:
    """Play a run once: what is wrong after each checkpoint, and how long the phases took."""
    scenario = recorded()[name]
    player = Player(scenario)
    federation = player.federation
    checkpoints = {each["after_step"]: each for each in scenario["checkpoints"]}
    wrong: dict[int, list[str]] = {}
    lost: list[str] = []
    for index, step in enumerate(scenario["steps"]):
        player.play(step)
        if step["do"] in KILLS:
            lost.append(step["target"]["cluster"])
        began_s = federation.now_s
        wait_s = began_s + float(checkpoints[index].get("waited_s") or 0.0)
        assert federation.run_until_quiet(5.0, 120.0), "it never settles"
        federation.run_until(max(federation.now_s, wait_s))
        wrong[index] = differences(checkpoints[index]["state"], state_of(federation), lost)
    return wrong, phases(federation.trace.records, scenario["steps"])


def checkpoints() -> Iterator[Any]:
    for name, scenario in recorded().items():
        for index, step in enumerate(scenario["steps"]):
            yield pytest.param(name, index, id=f"{name}: {index} {step['do']}")


@pytest.mark.parametrize(("name", "index"), checkpoints())
def test_states(name: str, index: int) -> None:
    wrong, _ = played(name)
    assert not wrong[index], "\n".join(wrong[index])


def durations() -> Iterator[Any]:
    for name, scenario in recorded().items():
        for phase, seconds in scenario["durations"].items():
            yield pytest.param(name, phase, float(seconds), id=f"{name}: {phase}")


@pytest.mark.parametrize(("name", "phase", "seconds"), durations())
def test_phases(name: str, phase: str, seconds: float) -> None:
    _, took = played(name)
    assert phase in took, "the phase never came"
    assert abs(took[phase] - seconds) <= max(PROBE_PERIOD_S, 0.1 * seconds), took[phase]

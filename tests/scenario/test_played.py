"""The shipped scenarios play on the real engine and simulated members; equal seeds, equal runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from lab.drivers.federation import Federation, Settings
from lab.scenario.load import load_scenario
from lab.scenario.runner import CheckResult, StepResult, run_scenario
from lab.scenario.world import Federated, FederationWorld

SCENARIOS = Path(__file__).parents[2] / "scenarios"
WITHOUT_COMMANDS = ["drift.yaml", "dependencies.yaml", "region-spread.yaml", "seeds/karmada-nginx"]


def played(path: str) -> tuple[bool, list[Any]]:
    scenario = load_scenario(SCENARIOS / path)
    settings = Settings(scenario.karmada, scenario.members)
    federation = Federation(scenario.fleet, settings, seed=scenario.seed)
    told: list[Any] = []

    def note(item: Any) -> None:
        if isinstance(item, StepResult):
            told.append((item.step.name, item.time_s, item.output, item.error))
        elif isinstance(item, CheckResult):
            told.append((item.expectation.name, item.time_s, item.passed, item.message))

    verdict = run_scenario(scenario, FederationWorld(cast(Federated, federation)), note)
    return verdict.passed, told


@pytest.mark.parametrize("path", WITHOUT_COMMANDS)
def test_shipped_scenario_passes(path: str) -> None:
    passed, told = played(path)
    assert passed, told


def test_twice_is_the_same() -> None:
    assert played("drift.yaml") == played("drift.yaml")

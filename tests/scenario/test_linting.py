"""Findings stand at the line they are about."""

from __future__ import annotations

from pathlib import Path

from lab.scenario.linting import lint_manifests, lint_scenario
from lab.scenario.load import load_scenario
from lab.scenario.source import parse_manifests

SCENARIOS = Path(__file__).parents[2] / "scenarios"
POLICY = """apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {name: web}
spec:
  resourceSelectors:
  - {apiVersion: apps/v1, kind: Deployment}
  placement:
    spreadConstraints:
    - spreadByField: cluster
"""


def test_a_finding_has_its_place() -> None:
    found = lint_manifests(parse_manifests(POLICY, "p.yaml"))
    (trap,) = [each for each in found if each.finding.code == "max-groups-unset"]
    assert str(trap) == (
        "p.yaml:9:7: error: the cluster constraint has no maxGroups [max-groups-unset]"
    )


def test_a_scenario_is_judged_with_its_fleet_and_steps() -> None:
    found = lint_scenario(load_scenario(SCENARIOS / "region-spread.yaml"))
    codes = {(each.finding.key.name, each.finding.code) for each in found}
    assert ("zones-only", "zone-alone") in codes
    assert not any(name == "web" and code == "unknown-cluster" for name, code in codes)


def test_the_articles_example_has_four_idle_overrides() -> None:
    found = lint_scenario(load_scenario(SCENARIOS / "seeds" / "karmada-nginx"))
    idle = [str(each.location) for each in found if each.finding.code == "override-no-effect"]
    assert [place.rsplit(":", 2)[1] for place in idle] == ["22", "25", "36", "39"]

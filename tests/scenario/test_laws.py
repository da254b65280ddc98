"""What a scenario says about invariants and targets, and what it is without its faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.core.invariants import LAWS, Bounds
from lab.core.model import Key
from lab.core.outcomes import Target
from lab.scenario.fault_free import has_faults, without_faults
from lab.scenario.laws import bound_names
from lab.scenario.load import parse_scenario
from lab.scenario.model import FaultAction, HealAction, Scenario

ALL = tuple(law.id for law in LAWS)
HEAD = """\
apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: x}
spec:
  fleet: {clusters: [{name: member1}, {name: member2}]}
"""


def loaded(more: str, tmp_path: Path) -> Scenario:
    return parse_scenario(HEAD + more, str(tmp_path / "s.yaml"))


FORMS = {
    "nothing": ("", ALL),
    "all": ("  invariants: all\n", ALL),
    "none": ("  invariants: none\n", ()),
    "off, as YAML reads it": ("  invariants: off\n", ()),
    "an empty list": ("  invariants: []\n", ()),
    "ids and names": ("  invariants: [residency, s1, S2]\n", ("S1", "S2", "S3")),
    "only": ("  invariants: {only: [Q4, no-orphans]}\n", ("Q3", "Q4")),
    "except": (
        "  invariants: {except: [S1, no-surplus]}\n",
        tuple(law for law in ALL if law not in {"S1", "S2"}),
    ),
    "bounds alone": ("  invariants: {leftover: 10s}\n", ALL),
}


@pytest.mark.parametrize(("more", "laws"), FORMS.values(), ids=FORMS.keys())
def test_which_laws_are_on(more: str, laws: tuple[str, ...], tmp_path: Path) -> None:
    assert loaded(more, tmp_path).laws == laws


def test_bounds(tmp_path: Path) -> None:
    text = "{leftover: 10s, rollout: 20, coolDown: 1m, movesPerHour: 3, settle: 5s, converge: 1h}"
    assert loaded(f"  invariants: {text}\n", tmp_path).bounds == Bounds(
        leftover_s=10, rollout_s=20, cool_down_s=60, moves_per_hour=3, settle_s=5, converge_s=3600
    )
    assert sorted(bound_names()) == sorted(
        ["leftover", "rollout", "coolDown", "movesPerHour", "settle", "converge"]
    )


WEB = Key("", "apps/v1", "Deployment", "default", "web")
TARGETS = {
    "nothing but a name": ("{app: deployment/web}", Target(WEB, declared=True)),
    "a share and limits": (
        "{app: deploy/web, ready: 90%, rto: 2m, rpo: 30s}",
        Target(WEB, 0.9, 120.0, 30.0, declared=True),
    ),
    "a count": ("{app: deployment/web, ready: 3}", Target(WEB, 3, declared=True)),
    "a namespace": (
        "{app: deployment/web, namespace: shop}",
        Target(WEB._replace(namespace="shop"), declared=True),
    ),
    "a namespace in the name": (
        "{app: deployment/shop/web}",
        Target(WEB._replace(namespace="shop"), declared=True),
    ),
    "a member's own": (
        "{app: deployment/web, cluster: member1}",
        Target(WEB._replace(cluster="member1"), declared=True),
    ),
}


@pytest.mark.parametrize(("text", "target"), TARGETS.values(), ids=TARGETS.keys())
def test_targets(text: str, target: Target, tmp_path: Path) -> None:
    assert loaded(f"  targets: [{text}]\n", tmp_path).targets == (target,)


def test_an_expected_violation_needs_no_name(tmp_path: Path) -> None:
    (found,) = loaded("  expect: [{violates: no-surplus}]\n", tmp_path).expectations
    assert (found.name, found.violates, found.mode) == ("violates no-surplus", "S2", "end")
    assert found.condition() == "a violation of S2 no-surplus"


# ── without faults ─────────────────────────────────────────────────────────────────────────────

FAULTS = """\
  steps:
  - {name: outage, at: 1m, fault: {kind: ClusterOutage, target: {clusters: [member1]}, for: 5m}}
  - {name: scale, after: outage, delay: 10s, run: kubectl scale deployment/web --replicas=3}
  - {name: late, after: outage/healed, delay: 20s, run: "kubectl get pods"}
  - {name: open, at: 8m, fault: {kind: NodeLoss, target: {clusters: [member2]}}}
  - {name: heal it, at: 9m, heal: open}
  - {name: last, after: open/healed, run: ["kubectl get pods", "fedlab inject SlowApi -C member1"]}
  targets: [{app: deployment/web}]
  expect: [{violates: S1}]
"""


def test_a_scenario_without_its_faults(tmp_path: Path) -> None:
    scenario = loaded(FAULTS, tmp_path)
    assert has_faults(scenario)
    other = without_faults(scenario)
    assert not has_faults(other)
    assert not any(isinstance(each.action, FaultAction | HealAction) for each in other.steps)
    assert [each.name for each in other.steps] == [each.name for each in scenario.steps]
    after = {each.name: (each.after, each.delay_s) for each in other.steps}
    assert after["scale"] == ("outage", 10.0)
    assert after["late"] == ("outage", 320.0)
    assert after["last"] == ("heal it", 0.0)
    assert (other.expectations, other.laws, other.targets) == ((), (), ())


def test_a_scenario_without_faults_has_none(tmp_path: Path) -> None:
    assert not has_faults(loaded("  steps: [{run: kubectl get pods}]\n", tmp_path))

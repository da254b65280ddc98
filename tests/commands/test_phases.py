"""Phases of a fault: its own answer only, in order, and service as the outcomes tell it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.commands.phases import PHASES, Anchor, anchors_of
from lab.commands.recorded import open_run
from lab.commands.reporting.series import service_samples
from lab.commands.service import targets_of
from lab.session import Session

_READY = {"conditionType": "Ready", "statusValues": ["True"]}
TAINT_POLICY = {
    "apiVersion": "policy.karmada.io/v1alpha1",
    "kind": "ClusterTaintPolicy",
    "metadata": {"name": "lost"},
    "spec": {
        "addOnConditions": [{**_READY, "operator": "NotIn"}],
        "removeOnConditions": [{**_READY, "operator": "In"}],
        "taints": [{"key": "lost", "effect": "NoExecute"}],
    },
}
WEB = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "replicas": 6,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "nginx"}]},
        },
    },
}
POLICY = {
    "apiVersion": "policy.karmada.io/v1alpha1",
    "kind": "PropagationPolicy",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment"}],
        "placement": {
            "replicaScheduling": {
                "replicaSchedulingType": "Divided",
                "replicaDivisionPreference": "Weighted",
                "weightPreference": {"dynamicWeight": "AvailableReplicas"},
            }
        },
    },
}
REBALANCER = {
    "apiVersion": "apps.karmada.io/v1alpha1",
    "kind": "WorkloadRebalancer",
    "metadata": {"name": "again"},
    "spec": {"workloads": [
        {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "default", "name": "web"}
    ]},
}  # fmt: skip
SCALE = {"name": "scale", "at": "3m", "run": "kubectl scale deployment/web --replicas=9"}


def _play(folder: Path, fault: str, *steps: dict[str, Any], **more: Any) -> Path:
    pool = {"name": "a", "nodes": 3, "cpu": "4", "memory": "16Gi"}
    lost = {
        "name": "lost",
        "at": "1m",
        "fault": {"kind": fault, "target": {"cluster": "m1"}, "for": "3m"},
    }
    spec = {
        "horizon": "10m",
        "fleet": {"clusters": [{"name": f"m{n}", "nodePools": [pool]} for n in (1, 2, 3)]},
        "settings": {"karmada": {
            "featureGates": {"Failover": True},
            "enableNoExecuteTaintEviction": True,
            "allowNoExecuteTaintPolicy": True,
        }},
        "manifests": [TAINT_POLICY, WEB, POLICY],
        "steps": [lost, *steps],
        **more,
    }  # fmt: skip
    scenario = {"apiVersion": "fedlab.dev/v1alpha1", "kind": "Scenario"}
    path, out = folder / "scenario.yaml", folder / "played.run"
    path.write_text(yaml.safe_dump({**scenario, "metadata": {"name": "p"}, "spec": spec}))
    with Session.open(path, out=out) as session:
        session.play()
    return out


def _measured(path: Path) -> tuple[Anchor, dict[str, Any]]:
    world = open_run(path)
    try:
        outcomes = world.reader.meta["outcomes"]
        samples = service_samples(world, world.reader.samples())
        (anchor,) = anchors_of(world, samples, targets_of(outcomes))
    finally:
        world.reader.close()
    return anchor, outcomes[0]


def _of_fault(outcome: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in outcome["faults"] if each["fault"] == "lost")


def test_a_later_rebalancer_is_no_phase_of_the_fault(tmp_path: Path) -> None:
    ask = {"name": "ask", "at": "7m", "apply": [REBALANCER]}
    anchor, outcome = _measured(_play(tmp_path, "ClusterOutage", ask))
    (app,) = anchor.apps
    times = [app.at_s[name] for name in PHASES]
    assert times == sorted(times)
    assert times[-1] < 180
    assert app.at_s["ready"] - app.at_s["below"] == pytest.approx(_of_fault(outcome)["rtoS"])


def test_a_scale_up_during_a_fault_is_not_below_target(tmp_path: Path) -> None:
    anchor, outcome = _measured(_play(tmp_path, "Partition", SCALE))
    (app,) = anchor.apps
    assert list(app.at_s) == ["detect", "taint", "evict", "schedule", "apply"]
    assert max(app.at_s.values()) < 180
    assert outcome["belowS"] == 0


def test_what_a_step_scheduled_is_empty_with_the_reason(tmp_path: Path) -> None:
    tolerant = {**POLICY, "spec": {**POLICY["spec"], "placement": {  # type: ignore[dict-item]
        **POLICY["spec"]["placement"],  # type: ignore[index]
        "clusterTolerations": [{"operator": "Exists"}],
    }}}  # fmt: skip
    played = _play(tmp_path, "Partition", SCALE, manifests=[TAINT_POLICY, WEB, tolerant])
    anchor, _ = _measured(played)
    (app,) = anchor.apps
    assert list(app.at_s) == ["detect", "taint"]
    assert app.why == {"schedule": "+2m0s was by step scale"}


def test_a_declared_target_is_the_one_that_counts(tmp_path: Path) -> None:
    targets = [{"app": "deployment/web", "ready": "50%"}]
    anchor, outcome = _measured(_play(tmp_path, "ClusterOutage", targets=targets))
    (app,) = anchor.apps
    assert outcome["target"] == "50%"
    assert _of_fault(outcome)["rtoS"] == 0
    assert not {"below", "ready"} & set(app.at_s)
    assert "apply" in app.at_s

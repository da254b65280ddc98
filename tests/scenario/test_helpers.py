"""How much of an object is ready, by its own status."""

from __future__ import annotations

from typing import Any

import pytest

from lab.scenario.helpers import Asked, ready_count


def condition(status: str) -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": status}]}


READY: dict[str, tuple[str, dict[str, Any], int]] = {
    "a Deployment": ("Deployment", {"replicas": 3, "readyReplicas": 2}, 2),
    "a Deployment without a status yet": ("Deployment", {}, 0),
    "a StatefulSet": ("StatefulSet", {"readyReplicas": 1, "availableReplicas": 0}, 1),
    "a DaemonSet": ("DaemonSet", {"numberReady": 4, "numberAvailable": 1}, 4),
    "a Job": ("Job", {"ready": 2, "succeeded": 1}, 2),
    "a Job that is over": ("Job", {"succeeded": 1}, 0),
    "a custom workload": ("Rollout", {"readyReplicas": 5}, 5),
    "something with a condition": ("Cluster", condition("True"), 1),
    "something that is not ready": ("Pod", condition("False"), 0),
    "something nobody knows": ("Cluster", condition("Unknown"), 0),
    "something that has no readiness": ("ConfigMap", {}, 1),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "want"), READY.values(), ids=READY.keys())
def test_ready_count(kind: str, status: dict[str, Any], want: int) -> None:
    assert ready_count({"kind": kind, "status": status}) == want


CLUSTER = {"spec": {"taints": [{"key": "down"}]}, "status": {"remedyActions": []}}
TOLD: dict[str, tuple[str, str]] = {
    "a field": (
        "size(object('cluster/a').spec.taints) == 1",
        'object(\'cluster/a\').spec.taints is [{"key": "down"}]',
    ),
    "an entry of a list": (
        "object('cluster/a').spec.taints[0].key == 'down'",
        "object('cluster/a').spec.taints[0].key is \"down\"",
    ),
    "a quoted key, and a method": (
        "object('cluster/a')['spec'].taints.exists(t, t.key == 'down')",
        "object('cluster/a')['spec'].taints is [{\"key\": \"down\"}]",
    ),
    "a field that is not there": (
        "has(object('cluster/a').spec.nothing)",
        "object('cluster/a').spec.nothing is null",
    ),
    "nothing of it": ("size(object('cluster/a')) > 0", "object('cluster/a') is {\"spec\""),
}


@pytest.mark.parametrize(("text", "want"), TOLD.values(), ids=TOLD.keys())
def test_of_an_object_the_fields_asked_for_are_told(text: str, want: str) -> None:
    asked = Asked(None, None)  # type: ignore[arg-type]
    asked.answers["object('cluster/a')"] = CLUSTER
    assert asked.found(text).startswith(want)

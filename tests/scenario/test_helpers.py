"""How much of an object is ready, by its own status."""

from __future__ import annotations

from typing import Any

import pytest

from lab.scenario.helpers import ready_count


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

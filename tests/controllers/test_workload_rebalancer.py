"""A WorkloadRebalancer on a whole control plane: one shot, results, lifetime."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.model import HUB, Key
from tests.controllers.harness import Plane
from tests.controllers.test_plane import policy, to, web

WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "default"}


def rebalancer(name: str = "again", /, *workloads: Any, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps.karmada.io/v1alpha1",
        "kind": "WorkloadRebalancer",
        "metadata": {"name": name},
        "spec": {"workloads": list(workloads or (WEB,)), **spec},
    }


def key(name: str = "again") -> Key:
    return Key(HUB, "apps.karmada.io/v1alpha1", "WorkloadRebalancer", "", name)


@pytest.fixture
def plane() -> Plane:
    """Replicas all in member1, as they were put there when member2 was tainted."""
    plane = Plane("member1", "member2")
    cluster = Key(HUB, "cluster.karmada.io/v1alpha1", "Cluster", "", "member2")
    plane.patch(cluster, {"spec": {"taints": [{"key": "x", "effect": "NoSchedule"}]}})
    divided = {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }
    plane.write(
        web(4), policy(placement={**to("member1", "member2"), "replicaScheduling": divided})
    )
    plane.run(5.0)
    plane.patch(cluster, {"spec": {"taints": None}})
    plane.run(30.0)
    assert plane.targets() == {"member1": 4}
    return plane


def status_of(plane: Plane, name: str = "again") -> dict[str, Any]:
    found = plane.get("WorkloadRebalancer", name, "")
    assert found is not None
    status: dict[str, Any] = found["status"]
    return status


def test_a_workload_is_divided_anew(plane: Plane) -> None:
    plane.write(rebalancer())
    plane.run(2.0)
    assert plane.targets() == {"member1": 2, "member2": 2}
    status = status_of(plane)
    assert status["observedWorkloads"] == [{"workload": WEB, "result": "Successful"}]
    assert status["finishTime"]
    binding = plane.get("ResourceBinding", "web-deployment")
    made = plane.get("WorkloadRebalancer", "again", "")
    assert binding is not None
    assert made is not None
    assert binding["spec"]["rescheduleTriggeredAt"] == made["metadata"]["creationTimestamp"]


def test_it_acts_once(plane: Plane) -> None:
    lost = {**WEB, "name": "lost"}
    plane.write(rebalancer("again", WEB, lost))
    plane.run(2.0)
    results = [entry["result"] for entry in status_of(plane)["observedWorkloads"]]
    assert results == ["Failed", "Successful"]
    plane.patch(Key(HUB, "apps/v1", "Deployment", "default", "web"), {"spec": {"replicas": 6}})
    plane.run(2.0)
    before = plane.get("ResourceBinding", "web-deployment")
    plane.write(rebalancer("again", WEB, lost))
    plane.patch(key(), {"metadata": {"labels": {"touched": "yes"}}})
    plane.run(60.0)
    after = plane.get("ResourceBinding", "web-deployment")
    assert before is not None
    assert after is not None
    assert before["spec"] == after["spec"]


@pytest.mark.parametrize("ttl", [0, 5])
def test_it_removes_itself_when_its_time_is_over(plane: Plane, ttl: int) -> None:
    plane.write(rebalancer("again", ttlSecondsAfterFinished=ttl))
    plane.run(ttl + 0.001)
    assert plane.get("WorkloadRebalancer", "again", "") is not None
    plane.run(1.0)
    assert plane.get("WorkloadRebalancer", "again", "") is None


def test_its_decision_tells_the_old_and_the_new_time(plane: Plane) -> None:
    plane.write(rebalancer())
    plane.run(2.0)
    (record,) = [
        each
        for each in plane.trace.records
        if each.type == "decision" and each.detail["kind"] == "rebalance"
    ]
    assert record.detail["summary"] == "1 of 1 workloads are to be divided anew"
    (told,) = record.detail["explanation"]["workloads"]
    assert told["binding"] == "ResourceBinding default/web-deployment"
    assert told["triggered"] is True

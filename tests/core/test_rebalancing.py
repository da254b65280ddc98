from __future__ import annotations

from typing import Any

import pytest

from lab.core.manifest import Manifest, timestamp
from lab.core.model import Key
from lab.core.rebalancing import binding_of, lifetime_s, rebalance

WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "default"}
ROLE = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "name": "a:b"}


def rebalancer(*workloads: dict[str, str], **status: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps.karmada.io/v1alpha1",
        "kind": "WorkloadRebalancer",
        "metadata": {"name": "r", "generation": 3, "creationTimestamp": timestamp(100.0)},
        "spec": {"workloads": list(workloads)},
        **({"status": status} if status else {}),
    }


def binding(**spec: Any) -> dict[str, Any]:
    return {"kind": "ResourceBinding", "metadata": {"name": "web-deployment"}, "spec": spec}


ASKED = {
    "never asked before": ({}, True),
    "asked earlier": ({"rescheduleTriggeredAt": timestamp(99.0)}, True),
    "asked in the same second": ({"rescheduleTriggeredAt": timestamp(100.0)}, False),
    "asked later by another": ({"rescheduleTriggeredAt": timestamp(101.0)}, False),
}


@pytest.mark.parametrize(("spec", "triggers"), ASKED.values(), ids=ASKED.keys())
def test_a_binding_is_stamped_with_the_time_of_creation(
    spec: dict[str, Any], triggers: bool
) -> None:
    done = rebalance(rebalancer(WEB), lambda _: binding(replicas=2, **spec), 107.0)
    stamps = [each["spec"]["rescheduleTriggeredAt"] for each in done.triggered]
    assert stamps == ([timestamp(100.0)] if triggers else [])
    assert all(each["spec"]["replicas"] == 2 for each in done.triggered)
    assert done.status == {
        "observedWorkloads": [{"workload": WEB, "result": "Successful"}],
        "observedGeneration": 3,
        "finishTime": timestamp(107.0),
    }


def test_a_missing_binding_fails_and_stays_failed() -> None:
    first = rebalance(rebalancer(WEB), lambda _: None, 107.0)
    entry = {"workload": WEB, "result": "Failed", "reason": "ReferencedBindingNotFound"}
    assert first.status["observedWorkloads"] == [entry]
    again = rebalance(rebalancer(WEB, **first.status), lambda _: binding(), 200.0)
    assert again.triggered == ()
    assert again.status == first.status


def test_a_cluster_scoped_workload_has_a_cluster_binding() -> None:
    asked: list[Key] = []

    def find(key: Key) -> Manifest | None:
        asked.append(key)
        return None

    rebalance(rebalancer(ROLE), find, 0.0)
    assert [str(key) for key in asked] == ["ClusterResourceBinding a.b-clusterrole"]
    assert asked == [binding_of(ROLE)]


def test_a_changed_spec_keeps_what_succeeded_and_drops_what_failed() -> None:
    failed = {**WEB, "name": "lost"}
    before = [
        {"workload": WEB, "result": "Successful"},
        {"workload": failed, "result": "Failed", "reason": "ReferencedBindingNotFound"},
    ]
    late = {**WEB, "name": "api"}
    done = rebalance(
        rebalancer(
            late, late, observedWorkloads=before, observedGeneration=2, finishTime=timestamp(1.0)
        ),
        lambda _: binding(),
        300.0,
    )
    names = [entry["workload"]["name"] for entry in done.status["observedWorkloads"]]
    assert names == ["api", "web"]
    assert len(done.triggered) == 1
    assert done.status["finishTime"] == timestamp(300.0)


def test_workloads_are_listed_by_group_kind_namespace_and_name() -> None:
    other = {**WEB, "namespace": "a", "name": "z"}
    done = rebalance(rebalancer(WEB, ROLE, other), lambda _: None, 0.0)
    kinds = [entry["workload"]["name"] for entry in done.status["observedWorkloads"]]
    assert kinds == ["z", "web", "a:b"]


def test_lifetime() -> None:
    plain = rebalancer(WEB)
    assert lifetime_s(plain) is None
    assert lifetime_s({**plain, "spec": {"ttlSecondsAfterFinished": 0}}) == 0.0

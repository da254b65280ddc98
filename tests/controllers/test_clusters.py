"""The cluster controller: surroundings of a Cluster, taints from its condition, the way out."""

from __future__ import annotations

from typing import Any

import pytest

from lab.controllers.clusters import ClusterController, condition_taints, taints_message
from lab.core.manifest import Manifest, set_in
from lab.core.model import Create, Delete, Update
from tests.controllers.fakes import (
    SETTINGS,
    changed,
    cluster,
    deployment,
    hub_key,
    keys,
    obj,
    queues,
    view_for,
    work,
)

NOT_READY = ("cluster.karmada.io/not-ready", "NoSchedule")
UNREACHABLE = ("cluster.karmada.io/unreachable", "NoSchedule")
OWN = ("mine", "NoExecute")

TAINTS = {
    "no condition yet": (None, [], [NOT_READY]),
    "Ready clears both": ("True", [NOT_READY, UNREACHABLE], []),
    "not ready swaps the taint": ("False", [UNREACHABLE], [NOT_READY]),
    "unknown swaps the taint": ("Unknown", [NOT_READY], [UNREACHABLE]),
    "others stay": ("True", [OWN, NOT_READY], [OWN]),
    "a taint that is there is not added again": ("False", [NOT_READY], [NOT_READY]),
    "only the NoSchedule taint is Karmada's": (
        "True",
        [("cluster.karmada.io/not-ready", "NoExecute")],
        [("cluster.karmada.io/not-ready", "NoExecute")],
    ),
}


def controller() -> ClusterController:
    return ClusterController(SETTINGS, queues)


def tainted(ready: str | None, taints: list[tuple[str, str]]) -> Manifest:
    entries = [{"key": key, "effect": effect} for key, effect in taints]
    return set_in(cluster("member1", ready), ("spec", "taints"), entries)


@pytest.mark.parametrize(("ready", "before", "after"), TAINTS.values(), ids=TAINTS.keys())
def test_taints_follow_the_condition(ready: Any, before: Any, after: Any) -> None:
    found = condition_taints(tainted(ready, before), 5.0)
    assert [(taint["key"], taint["effect"]) for taint in found] == after


def test_a_taint_tells_when_it_was_added() -> None:
    assert condition_taints(tainted("False", []), 65.0)[0]["timeAdded"] == "2026-01-01T00:01:05Z"


def test_joining_makes_the_namespace_then_finalizer_and_taint() -> None:
    loop = controller()
    new = cluster("member1", None, finalizers=[])
    plan = loop.reconcile(view_for(loop, new), hub_key(new), 0.0)
    create, update = plan.actions
    assert isinstance(create, Create)
    assert create.key.name == "karmada-es-member1"
    assert isinstance(update, Update)
    assert update.object["metadata"]["finalizers"] == ["karmada.io/cluster-controller"]
    assert [note.reason for note in plan.notes] == [
        "CreateExecutionSpaceSucceed",
        "TaintClusterSucceed",
    ]


def test_a_cluster_in_order_is_left_alone() -> None:
    loop = controller()
    space = obj("v1", "Namespace", "karmada-es-member1")
    view = view_for(loop, cluster(), space)
    assert loop.reconcile(view, hub_key(cluster()), 0.0).actions == []


def test_leaving_waits_for_the_namespace_then_for_the_bindings() -> None:
    loop = controller()
    leaving = cluster("member1", "True", deletionTimestamp="2026-01-01T00:00:00Z")
    space = obj("v1", "Namespace", "karmada-es-member1")
    binding = obj(
        "work.karmada.io/v1alpha2",
        "ResourceBinding",
        "web-deployment",
        "default",
        spec={"clusters": [{"name": "member1", "replicas": 1}]},
    )
    key = hub_key(leaving)
    view = view_for(loop, leaving, space, binding)
    plan = loop.reconcile(view, key, 0.0)
    assert isinstance(plan.actions[0], Delete)
    assert plan.requeue_after_s == 10.0
    changed(view, loop, None, space)
    assert loop.reconcile(view, key, 10.0).actions == ()  # the namespace controller takes 13 s
    plan = loop.reconcile(view, key, 20.0)
    assert (plan.actions, plan.requeue_after_s) == ((), 10.0)
    changed(view, loop, {**binding, "spec": {}}, binding)
    (last,) = loop.reconcile(view, key, 30.0).actions
    assert isinstance(last, Update)
    assert last.object["metadata"]["finalizers"] == []


UNREADY = {
    "a silent Pull member": ("Pull", "Unknown", ["work.karmada.io/v1alpha1", "v1"]),
    "a Pull member that is well": ("Pull", "True", ["v1"]),
    "a dead Push member": ("Push", "False", ["v1"]),
}


@pytest.mark.parametrize(("mode", "ready", "want"), UNREADY.values(), ids=UNREADY)
def test_works_nobody_will_delete_are_given_up(mode: str, ready: str, want: list[str]) -> None:
    loop = controller()
    leaving = cluster("member1", ready, deletionTimestamp="2026-01-01T00:00:00Z")
    leaving = set_in(leaving, ("spec", "syncMode"), mode)
    space = obj("v1", "Namespace", "karmada-es-member1")
    view = view_for(loop, leaving, space, work(deployment()))
    plan = loop.reconcile(view, hub_key(leaving), 0.0)
    assert [action.key.api_version for action in plan.actions] == want
    for action in plan.actions[:-1]:
        assert isinstance(action, Update)
        assert action.object["metadata"]["finalizers"] == []
    assert isinstance(plan.actions[-1], Delete)


def test_every_change_of_a_cluster_counts() -> None:
    loop = controller()
    view = view_for(loop)
    assert keys(changed(view, loop, cluster())) == ["Cluster member1"]
    assert changed(view, loop, obj("v1", "Namespace", "x")) == []


MESSAGES: dict[str, Any] = {
    "none": ([], "cluster now does not have taints"),
    "with a value": (
        [{"key": "a", "value": "b", "effect": "NoSchedule"}, {"key": "c", "effect": "NoExecute"}],
        "cluster now has taints([{Key:a,Value:b,Effect:NoSchedule},{Key:c,Effect:NoExecute}])",
    ),
}


@pytest.mark.parametrize(("taints", "want"), MESSAGES.values(), ids=MESSAGES.keys())
def test_taints_message(taints: Any, want: str) -> None:
    assert taints_message(taints) == want

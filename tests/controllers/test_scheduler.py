"""The scheduler: which events bring a binding, and what a turn writes."""

from __future__ import annotations

from typing import Any

import pytest

from lab.controllers.scheduler import Scheduler
from lab.core.manifest import Manifest, set_in
from lab.core.model import Answered, Patch
from tests.controllers.fakes import (
    SETTINGS,
    changed,
    cluster,
    hub_key,
    keys,
    obj,
    queues,
    told,
    view_for,
)

APPLIED = "policy.karmada.io/applied-placement"
CLAIM = {"propagationpolicy.karmada.io/permanent-id": "id"}


def controller() -> Scheduler:
    return Scheduler(SETTINGS, queues)


def member(name: str, **metadata: Any) -> Manifest:
    apis = [
        {"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]}
    ]
    made = cluster(name, "True", **metadata)
    return set_in(made, ("status", "apiEnablements"), apis)


def binding(name: str = "web-deployment", /, spec: Any = None, **metadata: Any) -> dict[str, Any]:
    body = {
        "resource": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "default",
            "name": "web",
        },
        "replicas": 2,
        "placement": {},
        **(spec or {}),
    }
    metadata = {"labels": CLAIM, "generation": 3, **metadata}
    return obj(
        "work.karmada.io/v1alpha2", "ResourceBinding", name, "default", spec=body, **metadata
    )


def test_first_scheduling_writes_clusters_placement_and_status() -> None:
    loop = controller()
    rb = binding()
    view = view_for(loop, rb, member("member1"), member("member2"))
    plan = loop.reconcile(view, hub_key(rb), 61.0)
    result, status = plan.actions
    assert result == Patch(
        hub_key(rb),
        {
            "metadata": {"annotations": {APPLIED: "{}"}},
            "spec": {
                "clusters": [
                    {"name": "member1", "replicas": 2},
                    {"name": "member2", "replicas": 2},
                ]
            },
        },
    )
    assert isinstance(status, Patch)
    written = status.body["status"]
    assert written["schedulerObservedGeneration"] == 3
    assert written["lastScheduledTime"] == "2026-01-01T00:01:01Z"
    assert written["conditions"][0]["reason"] == "Success"
    texts = [note.message for note in plan.notes]
    want = "Binding has been scheduled successfully. Result: {member1:2, member2:2}"
    assert texts == [want, want]
    assert plan.error is None
    assert plan.decisions[0].kind == "schedule"


def test_no_fit_clears_the_clusters_and_is_not_retried() -> None:
    loop = controller()
    affinity = {"clusterAffinity": {"clusterNames": ["nowhere"]}}
    rb = binding(spec={"placement": affinity, "clusters": [{"name": "member1", "replicas": 2}]})
    plan = loop.reconcile(view_for(loop, rb, member("member1")), hub_key(rb), 0.0)
    assert plan.error is None
    result, status = plan.actions
    assert isinstance(result, Patch)
    assert result.body["spec"] == {"clusters": None}
    assert isinstance(status, Patch)
    assert "lastScheduledTime" not in status.body["status"]
    assert status.body["status"]["conditions"][0]["reason"] == "NoClusterFit"


def test_lack_of_room_keeps_the_clusters_and_goes_to_the_unschedulable_pool() -> None:
    loop = controller()
    scheduling = {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Aggregated",
    }
    rb = binding(
        spec={
            "placement": {"replicaScheduling": scheduling},
            "replicaRequirements": {"resourceRequest": {"cpu": "1"}},
        }
    )
    plan = loop.reconcile(view_for(loop, rb, member("member1")), hub_key(rb), 0.0)
    (status,) = plan.actions
    assert isinstance(status, Patch)
    assert status.body["status"]["conditions"][0]["reason"] == "Unschedulable"
    queue = loop.make_queue()
    queue.add(changed(view_for(loop), loop, rb)[0], 0.0)
    key = queue.pop(0.0)
    assert key is not None
    queue.failed(key, plan, plan.error or "", 0.0)
    assert queue.next_due_s() == 330.0


def test_a_divided_binding_that_is_placed_only_takes_note_of_the_generation() -> None:
    loop = controller()
    placement = '{"replicaScheduling":{"replicaSchedulingType":"Divided"}}'
    rb = {
        **binding(
            spec={
                "placement": {"replicaScheduling": {"replicaSchedulingType": "Divided"}},
                "clusters": [{"name": "member1", "replicas": 2}],
            },
            annotations={APPLIED: placement},
        ),
        "status": {"schedulerObservedGeneration": 2},
    }
    view = view_for(loop, rb, member("member1"))
    (status,) = loop.reconcile(view, hub_key(rb), 0.0).actions
    assert status == Patch(
        hub_key(rb), {"status": {"schedulerObservedGeneration": 3}}, "merge", "status"
    )
    settled = {**rb, "status": {"schedulerObservedGeneration": 3}}
    changed(view, loop, settled, rb)
    assert loop.reconcile(view, hub_key(rb), 0.0).actions == ()


EVENTS = {
    "created": (None, binding(), True),
    "a new generation": (binding(generation=2), binding(), True),
    "a new status": (binding(), {**binding(), "status": {"x": 1}}, False),
    "claimed anew": (binding(labels={}), binding(), True),
    "without a policy": (None, binding(labels={}), False),
    "managed by something else": (
        None,
        binding(labels={"binding.karmada.io/managed-by": "x"}),
        True,
    ),
    "another scheduler's": (None, binding(spec={"schedulerName": "other"}), False),
    "suspended": (None, binding(spec={"suspension": {"scheduling": True}}), False),
    "gone": (binding(), None, False),
}


@pytest.mark.parametrize(("old", "new", "want"), EVENTS.values(), ids=EVENTS.keys())
def test_binding_events(old: Any, new: Any, want: bool) -> None:
    loop = controller()
    assert bool(changed(view_for(loop), loop, new, old)) is want


def test_priority_comes_with_the_key() -> None:
    loop = controller()
    urgent = binding(spec={"schedulePriority": {"priority": 7}})
    assert changed(view_for(loop), loop, urgent)[0].priority == 7


CLUSTER_EVENTS = {
    "joins": (None, member("member1"), False),
    "labels change": (member("member1"), member("member1", labels={"a": "b"}), True),
    "spec changes": (member("member1"), member("member1", generation=2), True),
    "status changes": (cluster("member1", "False"), member("member1"), False),
    "is being deleted": (member("member1"), member("member1", deletionTimestamp="t"), True),
    "another one": (member("other"), member("other", generation=2), False),
}


@pytest.mark.parametrize(("old", "new", "want"), CLUSTER_EVENTS.values(), ids=CLUSTER_EVENTS.keys())
def test_cluster_events(old: Any, new: Any, want: bool) -> None:
    loop = controller()
    rb = binding(spec={"placement": {"clusterAffinity": {"clusterNames": ["member1"]}}})
    view = view_for(loop, rb)
    found = keys(changed(view, loop, new, old))
    assert found == (["ResourceBinding default/web-deployment"] if want else [])


def test_the_plain_queue_without_the_priority_gate() -> None:
    loop = Scheduler(SETTINGS.with_gates(PriorityBasedScheduling=False), queues)
    assert type(loop.make_queue()).__name__ == "RateLimitingQueue"
    assert type(controller().make_queue()).__name__ == "SchedulingQueue"


def test_room_given_away_counts_until_healthy_with_the_gate_on() -> None:
    dynamic = {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }
    spec = {
        "placement": {"replicaScheduling": dynamic},
        "replicaRequirements": {"resourceRequest": {"cpu": "1"}},
        "replicas": 3,
    }
    room = {"allocatable": {"cpu": "4", "pods": "100"}}
    fleet = [set_in(member("member1"), ("status", "resourceSummary"), room)]
    for gate, second in ((False, "Success"), (True, "Unschedulable")):
        loop = Scheduler(SETTINGS.with_gates(SchedulingOvercommitProtection=gate), queues)
        one, two = binding("one-deployment", spec=spec), binding("two-deployment", spec=spec)
        view = view_for(loop, one, two, *fleet)
        plan = loop.reconcile(view, hub_key(one), 0.0)
        told(view, loop, Answered(1, plan.actions[0]))
        assert loop.reconcile(view, hub_key(two), 1.0).decisions[0].explanation["reason"] == second
        if gate:
            healthy = [{"clusterName": "member1", "applied": True, "health": "Healthy"}]
            done = {**one, "status": {"aggregatedStatus": healthy}}
            changed(view, loop, done, one)
            plan = loop.reconcile(view, hub_key(two), 2.0)
            assert plan.decisions[0].explanation["reason"] == "Success"

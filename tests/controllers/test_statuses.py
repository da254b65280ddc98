"""Status on its way back: member object to Work, Works to binding, binding to template."""

from __future__ import annotations

from typing import Any

import pytest

from lab.controllers.binding_status import BindingStatusController, aggregated, fully_applied
from lab.controllers.lineage import BINDING, CLUSTER_BINDING
from lab.controllers.work_status import WorkStatusController
from lab.core.interpreter import native_interpreter
from lab.core.manifest import Manifest, condition
from lab.core.model import Key, Patch, Update, key_of
from tests.controllers.fakes import (
    SETTINGS,
    changed,
    deployment,
    hub_key,
    keys,
    obj,
    queues,
    view_for,
    work,
)

BACK = {
    "work.karmada.io/namespace": "karmada-es-member1",
    "work.karmada.io/name": "web-w",
    "resourcetemplate.karmada.io/generation": "1",
}
STATUS = {
    "observedGeneration": 1,
    "replicas": 2,
    "updatedReplicas": 2,
    "readyReplicas": 2,
    "availableReplicas": 2,
}
APPLIED = {"type": "Applied", "status": "True", "reason": "AppliedSuccessful", "message": "ok"}
FAILED = {"type": "Applied", "status": "False", "reason": "AppliedFailed", "message": "no"}


def reflecting() -> WorkStatusController:
    return WorkStatusController(SETTINGS, native_interpreter(SETTINGS), queues)


def in_member(**status: Any) -> dict[str, Any]:
    return {**deployment(annotations=BACK), "status": {**STATUS, **status}}


HEALTH = {
    "all replicas ready": ({}, "Healthy"),
    "fewer available": ({"availableReplicas": 1}, "Unhealthy"),
    "not observed yet": ({"observedGeneration": 0}, "Unhealthy"),
}


@pytest.mark.parametrize(("status", "health"), HEALTH.values(), ids=HEALTH.keys())
def test_status_and_health_go_into_the_work(status: dict[str, Any], health: str) -> None:
    loop = reflecting()
    found = in_member(**status)
    view = view_for(loop, work(deployment()), members={"member1": [found]})
    plan = loop.reconcile(view, key_of(found, "member1"), 0.0)
    (patch,) = plan.actions
    assert isinstance(patch, Patch)
    (entry,) = patch.body["status"]["manifestStatuses"]
    assert entry["health"] == health
    assert entry["status"]["replicas"] == 2
    assert entry["identifier"]["group"] == "apps"
    again = {**work(deployment()), "status": patch.body["status"]}
    settled = view_for(loop, again, members={"member1": [found]})
    assert loop.reconcile(settled, key_of(found, "member1"), 0.0).actions == ()


def test_a_work_being_deleted_is_left_alone() -> None:
    loop = reflecting()
    going = work(deployment(), metadata={"deletionTimestamp": "t"})
    view = view_for(loop, going, members={"member1": [in_member()]})
    assert loop.reconcile(view, key_of(in_member(), "member1"), 0.0).actions == ()


def test_which_events_reflect() -> None:
    loop = reflecting()
    view = view_for(loop)
    assert keys(changed(view, loop, in_member(), None, "member1")) == [
        "member1/Deployment default/web"
    ]
    assert changed(view, loop, deployment(), None, "member1") == []  # nobody's
    fresh = {**work(deployment()), "status": {"conditions": [APPLIED]}}
    assert keys(changed(view, loop, fresh, work(deployment()))) == [
        "member1/Deployment default/web"
    ]
    known = {**fresh, "status": {**fresh["status"], "manifestStatuses": [{"health": "Healthy"}]}}
    assert changed(view, loop, known, work(deployment())) == []


# ── Works to binding and template ──────────────────────────────────────────────────────────────


def controller(kind: tuple[str, str] = BINDING) -> BindingStatusController:
    return BindingStatusController(kind, SETTINGS, native_interpreter(SETTINGS), queues)


def reported(member: str, applied: Any = APPLIED, health: str = "Healthy", **more: Any) -> Manifest:
    identifier = {
        "ordinal": 0,
        "group": "apps",
        "version": "v1",
        "kind": "Deployment",
        "namespace": "default",
        "name": "web",
    }
    generations = {"generation": 1, "resourceTemplateGeneration": 1}
    entry = {"identifier": identifier, "status": {**STATUS, **generations}, "health": health}
    status: dict[str, Any] = {"conditions": [applied] if applied else []}
    if applied is APPLIED:
        status["manifestStatuses"] = [entry]
    return {**work(deployment(), member, **more), "status": status}


def binding(*targets: str, **status: Any) -> dict[str, Any]:
    resource = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "default",
        "name": "web",
        "resourceVersion": "10",
    }
    made = obj(
        "work.karmada.io/v1alpha2",
        "ResourceBinding",
        "web-deployment",
        "default",
        spec={"resource": resource, "clusters": [{"name": name} for name in targets]},
        labels={"resourcebinding.karmada.io/permanent-id": "rb-id"},
    )
    return {**made, "status": status} if status else made


PLACE = Key("", "apps/v1", "Deployment", "default", "web")
GOING = reported("member3", metadata={"deletionTimestamp": "t"})
ITEMS: dict[str, Any] = {
    "sorted by cluster, deleted ones left out": (
        [reported("member2"), reported("member1"), GOING],
        [("member1", True, "Healthy"), ("member2", True, "Healthy")],
    ),
    "not applied is Unknown": ([reported("member1", FAILED)], [("member1", None, "Unknown")]),
    "not tried yet": ([reported("member1", None)], [("member1", None, "Unknown")]),
    "unhealthy": ([reported("member1", health="Unhealthy")], [("member1", True, "Unhealthy")]),
}


@pytest.mark.parametrize(("works", "want"), ITEMS.values(), ids=ITEMS.keys())
def test_aggregated(works: Any, want: Any) -> None:
    items = aggregated(works, PLACE)
    assert items is not None
    assert [(i["clusterName"], i.get("applied"), i["health"]) for i in items] == want


def test_the_message_of_a_failure_is_kept() -> None:
    (item,) = aggregated([reported("member1", FAILED)], PLACE) or ()
    assert item["appliedMessage"] == "no"


ONE = [{"clusterName": "a", "applied": True}]
FULL: dict[str, Any] = {
    "all applied": (ONE, {"a"}, True),
    "one missing": (ONE, {"a", "b"}, False),
    "one too many": ([*ONE, {"clusterName": "b", "applied": True}], {"a"}, False),
    "one elsewhere": (ONE, {"b"}, False),
    "not applied": ([{"clusterName": "a"}], {"a"}, False),
    "no clusters": ([], set(), False),
}


@pytest.mark.parametrize(("items", "clusters", "want"), FULL.values(), ids=FULL.keys())
def test_fully_applied(items: Any, clusters: Any, want: bool) -> None:
    assert fully_applied(items, clusters) is want


def test_binding_first_then_template() -> None:
    loop = controller()
    rb = binding("member1", "member2")
    view = view_for(loop, deployment(), rb, reported("member1"), reported("member2"))
    plan = loop.reconcile(view, hub_key(rb), 0.0)
    first, second = plan.actions
    assert isinstance(first, Update)
    assert (condition(first.object, "FullyApplied") or {})["status"] == "True"
    assert isinstance(second, Update)
    assert second.subresource == "status"
    assert second.object["status"]["readyReplicas"] == 4
    settled = view_for(loop, second.object, first.object, reported("member1"), reported("member2"))
    again = loop.reconcile(settled, hub_key(rb), 50.0)
    assert (again.actions, again.notes) == ([], [])


SCHEDULED = {"lastScheduledTime": "t"}
MOVED = binding("member1", **SCHEDULED)
MOVED = {**MOVED, "spec": {**MOVED["spec"], "resource": {"resourceVersion": "11"}}}
EVENTS: dict[str, Any] = {
    "a Work's new status": (work(deployment()), reported("member1"), True),
    "a Work's new spec": (reported("member1"), reported("member1", spec={"x": 1}), False),
    "a Work is gone": (reported("member1"), None, True),
    "a new Work": (None, work(deployment()), False),
    "a new version of the template": (binding("member1", **SCHEDULED), MOVED, True),
    "any other change": (binding("member1", **SCHEDULED), binding("member2", **SCHEDULED), False),
    "not scheduled yet": (None, binding("member1"), False),
}


@pytest.mark.parametrize(("old", "new", "want"), EVENTS.values(), ids=EVENTS.keys())
def test_events(old: Any, new: Any, want: bool) -> None:
    loop = controller()
    found = keys(changed(view_for(loop), loop, new, old))
    assert found == (["ResourceBinding default/web-deployment"] if want else [])
    other = controller(CLUSTER_BINDING)
    assert changed(view_for(other), other, new, old) == []

"""Binding controllers: Works per target, orphans, purges, overrides that change."""

from __future__ import annotations

from typing import Any

import pytest

from lab.controllers.bindings import BindingController
from lab.controllers.lineage import BINDING
from lab.core.interpreter import native_interpreter
from lab.core.manifest import Manifest
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
)

SPACES = [obj("v1", "Namespace", f"karmada-es-member{n}") for n in (1, 2, 3)]
CLUSTERS = [cluster(f"member{n}") for n in (1, 2, 3)]
FLEET = [*SPACES, *CLUSTERS]


def controller() -> BindingController:
    return BindingController(BINDING, SETTINGS, native_interpreter(SETTINGS), queues)


def binding(*targets: str, **spec: Any) -> dict[str, Any]:
    resource = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "default",
        "name": "web",
    }
    body = {
        "resource": resource,
        "replicas": 2,
        "clusters": [{"name": name, "replicas": 1} for name in targets],
        **spec,
    }
    return obj(
        "work.karmada.io/v1alpha2",
        "ResourceBinding",
        "web-deployment",
        "default",
        spec=body,
        labels={"resourcebinding.karmada.io/permanent-id": "rb-id"},
        finalizers=["karmada.io/binding-controller"],
    )


def plan_of(*objects: Manifest, rb: Manifest, fleet: Any = FLEET) -> Any:
    loop = controller()
    view = view_for(loop, *fleet, rb, *objects)
    return loop.reconcile(view, hub_key(rb), 0.0)


def works_of(rb: Manifest) -> list[Manifest]:
    return [action.object for action in plan_of(deployment(), rb=rb).actions]


def test_one_work_per_target_with_its_replicas() -> None:
    plan = plan_of(deployment(replicas=2), rb=binding("member1", "member2"))
    assert [str(action.key) for action in plan.actions] == [
        "Work karmada-es-member1/web-7b7cc5b9ff",
        "Work karmada-es-member2/web-7b7cc5b9ff",
    ]
    assert all(isinstance(action, Create) for action in plan.actions)
    manifest = plan.actions[0].object["spec"]["workload"]["manifests"][0]
    assert manifest["spec"]["replicas"] == 1
    assert [note.reason for note in plan.notes] == ["SyncWorkSucceed", "SyncWorkSucceed"]


def test_works_in_order_are_not_written() -> None:
    rb = binding("member1", "member2")
    plan = plan_of(deployment(), *works_of(rb), rb=rb)
    assert (plan.actions, plan.notes) == ([], [])


def test_a_work_elsewhere_is_an_orphan() -> None:
    before = works_of(binding("member1", "member2"))
    plan = plan_of(deployment(), *before, rb=binding("member2", "member3"))
    assert [type(action) for action in plan.actions] == [Delete, Create]
    assert plan.actions[0].key.namespace == "karmada-es-member1"
    assert plan.actions[1].key.namespace == "karmada-es-member3"


EVICTIONS = {
    "gracefully: the old copy stays": ("Gracefully", [], None),
    "directly: it goes, and the others wait": ("Directly", ["karmada-es-member1"], 5.0),
}


@pytest.mark.parametrize(("mode", "gone", "wait_s"), EVICTIONS.values(), ids=EVICTIONS.keys())
def test_evictions(mode: str, gone: list[str], wait_s: float | None) -> None:
    before = works_of(binding("member1", "member2"))
    task = {"fromCluster": "member1", "purgeMode": mode}
    plan = plan_of(deployment(), *before, rb=binding("member2", gracefulEvictionTasks=[task]))
    assert [action.key.namespace for action in plan.actions] == gone
    assert plan.requeue_after_s == wait_s


def test_required_by_adds_targets() -> None:
    snapshot = {"namespace": "default", "name": "x", "clusters": [{"name": "member3"}]}
    plan = plan_of(deployment(), rb=binding("member1", requiredBy=[snapshot]))
    assert [action.key.namespace for action in plan.actions] == [
        "karmada-es-member1",
        "karmada-es-member3",
    ]


def test_deletion_takes_the_works_then_the_finalizer() -> None:
    before = works_of(binding("member1"))
    rb = binding("member1")
    rb["metadata"]["deletionTimestamp"] = "t"
    delete, freed = plan_of(*before, rb=rb).actions
    assert isinstance(delete, Delete)
    assert isinstance(freed, Update)
    assert freed.object["metadata"]["finalizers"] == []


def test_without_its_template_nothing_is_made() -> None:
    assert plan_of(rb=binding("member1")).actions == []


def test_a_work_being_deleted_stops_its_own_cluster_only() -> None:
    rb = binding("member1", "member2")
    stuck = works_of(binding("member1"))[0]
    stuck = {**stuck, "metadata": {**stuck["metadata"], "deletionTimestamp": "t"}}
    plan = plan_of(deployment(), stuck, rb=rb)
    assert [action.key.namespace for action in plan.actions] == ["karmada-es-member2"]
    assert plan.error == "work karmada-es-member1/web-7b7cc5b9ff is being deleted"
    assert {note.reason for note in plan.notes} == {"SyncWorkFailed"}


def test_a_missing_execution_namespace_does_not_hold_up_the_others() -> None:
    fleet = [*SPACES[1:], *CLUSTERS]
    plan = plan_of(deployment(), rb=binding("member1", "member2"), fleet=fleet)
    assert [action.key.namespace for action in plan.actions] == ["karmada-es-member2"]
    assert "karmada-es-member1" in plan.error


def override(kind: str = "OverridePolicy", **spec: Any) -> dict[str, Any]:
    namespace = "default" if kind == "OverridePolicy" else ""
    labels = [{"operator": "add", "value": {"env": "dev"}}]
    rules = [{"overriders": {"labelsOverrider": labels}}]
    body = {"overrideRules": rules, **spec}
    return obj("policy.karmada.io/v1alpha1", kind, "op", namespace, spec=body)


def test_overrides_are_rendered_and_told() -> None:
    plan = plan_of(deployment(), override(), rb=binding("member1"))
    (create,) = plan.actions
    manifest = create.object["spec"]["workload"]["manifests"][0]
    assert manifest["metadata"]["labels"]["env"] == "dev"
    assert plan.notes[0].reason == "ApplyOverridePolicySucceed"
    assert (
        plan.notes[0].message == "Apply override policy(default/op) for cluster(member1) succeed."
    )
    (decision,) = plan.decisions
    assert decision.kind == "override"
    assert decision.explanation["steps"][0]["changed"] is True


SELECTED = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}]
OTHER = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "other"}]
CHANGES: dict[str, Any] = {
    "a new one that selects it": (None, override(resourceSelectors=SELECTED), True),
    "a new one for everything": (None, override(), True),
    "one for something else": (None, override(resourceSelectors=OTHER), False),
    "one that selected it before": (
        override(resourceSelectors=SELECTED),
        {
            **override(resourceSelectors=OTHER),
            "metadata": {**override()["metadata"], "generation": 2},
        },
        True,
    ),
    "one that is gone": (override(), None, True),
    "a cluster-wide one": (None, override("ClusterOverridePolicy"), True),
}


@pytest.mark.parametrize(("old", "new", "want"), CHANGES.values(), ids=CHANGES.keys())
def test_override_changes_bring_bindings(old: Any, new: Any, want: bool) -> None:
    loop = controller()
    view = view_for(loop, deployment(), binding("member1"))
    found = keys(changed(view, loop, new, old))
    assert found == (["ResourceBinding default/web-deployment"] if want else [])

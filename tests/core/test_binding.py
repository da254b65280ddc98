"""The binding wanted for a template, and what a sync changes in one that exists."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.attached_binding import (
    build_attached_binding,
    detach_binding,
    merge_attached_binding,
    referrers_disagree,
)
from lab.core.binding import (
    BindingError,
    binding_key,
    binding_name,
    build_binding,
    depended_by_label,
    merge_binding,
    merge_suspension,
)
from lab.core.interpreter import native_interpreter
from lab.core.manifest import Manifest
from lab.core.settings import KarmadaSettings

SETTINGS = KarmadaSettings()
PLACEMENT = {"clusterAffinity": {"clusterNames": ["m1"]}}


def template(kind: str = "Deployment", uid: str = "u1", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1" if kind == "Deployment" else "v1",
        "kind": kind,
        "metadata": {"name": "web", "namespace": "shop", "uid": uid, **metadata},
        "spec": {
            "replicas": 3,
            "template": {"spec": {"containers": [{"resources": {"requests": {"cpu": "1"}}}]}},
        },
    }


def policy(kind: str = "PropagationPolicy", **spec: Any) -> dict[str, Any]:
    prefix = "" if kind == "PropagationPolicy" else "cluster"
    labels = {f"{prefix}propagationpolicy.karmada.io/permanent-id": "p-id"}
    metadata = {"name": "p", "labels": labels, **({} if prefix else {"namespace": "shop"})}
    return {"kind": kind, "metadata": metadata, "spec": {"placement": PLACEMENT, **spec}}


def build(
    obj: Manifest, owner: Manifest, settings: KarmadaSettings = SETTINGS, **extra: Any
) -> dict[str, Any]:
    return build_binding(obj, owner, native_interpreter(settings), settings, **extra)


def test_names() -> None:
    assert binding_name("ClusterRole", "system:Node") == "system.node-clusterrole"
    assert str(binding_key(template())) == "ResourceBinding shop/web-deployment"
    assert binding_key(template(namespace="")).kind == "ClusterResourceBinding"


def test_a_whole_binding() -> None:
    binding = build(template(resourceVersion="7"), policy(propagateDeps=True))
    assert binding == {
        "apiVersion": "work.karmada.io/v1alpha2",
        "kind": "ResourceBinding",
        "metadata": {
            "name": "web-deployment",
            "namespace": "shop",
            "labels": {"propagationpolicy.karmada.io/permanent-id": "p-id"},
            "annotations": {
                "propagationpolicy.karmada.io/namespace": "shop",
                "propagationpolicy.karmada.io/name": "p",
            },
            "finalizers": ["karmada.io/binding-controller"],
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "name": "web",
                    "uid": "u1",
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": {
            "resource": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "namespace": "shop",
                "name": "web",
                "uid": "u1",
                "resourceVersion": "7",
            },
            "propagateDeps": True,
            "placement": PLACEMENT,
            "replicaRequirements": {"resourceRequest": {"cpu": "1"}},
            "replicas": 3,
        },
    }


def test_a_template_that_is_no_workload_has_no_replicas() -> None:
    spec = build(template("ConfigMap"), policy())["spec"]
    assert "replicas" not in spec
    assert "replicaRequirements" not in spec


def test_priorities_come_from_the_hub_s_priority_classes() -> None:
    asking = policy(
        schedulePriority={"priorityClassSource": "KubePriorityClass", "priorityClassName": "high"}
    )
    spec = build(template(), asking, priority_of={"high": 1000}.get)["spec"]
    assert spec["schedulePriority"] == {"priority": 1000}
    with pytest.raises(BindingError, match='"high" not found'):
        build(template(), asking)
    off = SETTINGS.with_gates(PriorityBasedScheduling=False)
    assert "schedulePriority" not in build(template(), asking, off)["spec"]
    asking["spec"]["schedulePriority"]["priorityClassSource"] = "PodPriorityClass"
    with pytest.raises(BindingError, match="not supported yet"):
        build(template(), asking)


def test_affinity_groups_need_their_gate_and_the_label() -> None:
    terms = {"affinity": {"groupByLabelKey": "team"}, "antiAffinity": {"groupByLabelKey": "app"}}
    asking = policy(placement={"workloadAffinity": terms})
    gated = SETTINGS.with_gates(WorkloadAffinity=True)
    labelled = template(labels={"team": "a"})
    spec = build(labelled, asking, gated)["spec"]
    assert spec["workloadAffinityGroups"] == {"affinityGroup": "team=a"}
    assert "workloadAffinityGroups" not in build(labelled, asking)["spec"]
    assert "workloadAffinityGroups" not in build(template(), asking, gated)["spec"]


def test_the_quota_gate_adds_the_namespace() -> None:
    gated = SETTINGS.with_gates(ResourceQuotaEstimate=True)
    requirements = build(template(), policy(), gated)["spec"]["replicaRequirements"]
    assert requirements["namespace"] == "shop"


def test_a_sync_copies_and_leaves_the_scheduler_s_part() -> None:
    wanted = build(template(), policy())
    standing = {
        **wanted,
        "metadata": {**wanted["metadata"], "labels": {"own": "x"}, "uid": "b1"},
        "spec": {
            **wanted["spec"],
            "replicas": 9,
            "schedulerName": "old",
            "clusters": [{"name": "m1", "replicas": 9}],
            "suspension": {"dispatching": True, "scheduling": True},
        },
    }
    merged = merge_binding(standing, wanted, policy())
    assert merged["spec"] == {
        **wanted["spec"],
        "clusters": [{"name": "m1", "replicas": 9}],
        "suspension": {"scheduling": True},
    }
    assert merged["metadata"]["labels"] == {"own": "x", **wanted["metadata"]["labels"]}
    assert merge_binding(merged, wanted, policy()) is merged


def test_a_cluster_scoped_binding_keeps_some_fields_as_they_were() -> None:
    owner = policy("ClusterPropagationPolicy", propagateDeps=True)
    wanted = build(template(namespace=""), owner)
    standing = {**wanted, "spec": {**wanted["spec"], "propagateDeps": False}}
    assert merge_binding(standing, wanted, owner) is standing


def test_a_binding_of_an_earlier_object_is_left_to_garbage_collection() -> None:
    old = build(template(uid="old"), policy())
    with pytest.raises(BindingError, match="2090"):
        merge_binding(old, build(template(uid="new"), policy()), policy())


def test_a_policy_s_binding_loses_the_marks_of_a_cluster_policy() -> None:
    wide = build(template(), policy("ClusterPropagationPolicy"))
    merged = merge_binding(wide, build(template(), policy()), policy())
    assert list(merged["metadata"]["labels"]) == ["propagationpolicy.karmada.io/permanent-id"]


SUSPENSIONS: dict[str, tuple[Any, Any, Any]] = {
    "nothing": (None, None, None),
    "the policy's goes with it": ({"dispatching": True}, None, None),
    "scheduling stays": (
        {"scheduling": True, "dispatching": True},
        {"dispatching": False},
        {"dispatching": False, "scheduling": True},
    ),
    "an empty one is one": (None, {}, {}),
}


@pytest.mark.parametrize("case", SUSPENSIONS.values(), ids=SUSPENSIONS.keys())
def test_suspension(case: tuple[Any, Any, Any]) -> None:
    present, wanted, result = case
    assert merge_suspension(present, wanted) == result


# ── dependencies ───────────────────────────────────────────────────────────────────────────────


def referrer(name: str, *clusters: str, **spec: Any) -> dict[str, Any]:
    labels = {"resourcebinding.karmada.io/permanent-id": f"id-{name}"}
    return {
        "kind": "ResourceBinding",
        "metadata": {"name": name, "namespace": "shop", "labels": labels},
        "spec": {"clusters": [{"name": cluster} for cluster in clusters], **spec},
    }


def test_referrers_are_united_and_leave_one_by_one() -> None:
    config = template("ConfigMap")
    first = referrer("a", "m1", conflictResolution="Overwrite")
    second = referrer("b", "m2", preserveResourcesOnDeletion=True)
    known = {("shop", "a"): first, ("shop", "b"): second}

    def find(namespace: str, name: str) -> Manifest | None:
        return known.get((namespace, name))

    one = merge_attached_binding(None, build_attached_binding(first, config), find)
    assert one["spec"]["conflictResolution"] == "Overwrite"
    assert one["spec"]["preserveResourcesOnDeletion"] is False
    assert one["metadata"]["labels"] == {depended_by_label("shop", "a"): "id-a"}

    both = merge_attached_binding(one, build_attached_binding(second, config), find)
    assert [entry["name"] for entry in both["spec"]["requiredBy"]] == ["a", "b"]
    assert both["spec"]["preserveResourcesOnDeletion"] is True
    assert len(referrers_disagree(both["spec"]["requiredBy"], find)) == 2
    assert merge_attached_binding(both, build_attached_binding(second, config), find) is both

    moved = build_attached_binding(referrer("a", "m3"), config)
    again = merge_attached_binding(both, moved, find)
    assert again["spec"]["requiredBy"][0]["clusters"] == [{"name": "m3"}]

    alone = detach_binding(both, "shop", "a", find)
    assert [entry["name"] for entry in alone["spec"]["requiredBy"]] == ["b"]
    assert alone["spec"]["conflictResolution"] == "Abort"
    empty = detach_binding(alone, "shop", "b", find)
    assert set(empty["spec"]) == {"resource"}
    assert not empty["metadata"].get("labels")


def test_a_dependency_with_a_policy_of_its_own_keeps_its_choice() -> None:
    config = template("ConfigMap")
    own = build(config, policy(conflictResolution="Abort"))
    attached = build_attached_binding(referrer("a", "m1", conflictResolution="Overwrite"), config)
    merged = merge_attached_binding(own, attached, lambda namespace, name: None)
    assert merged["spec"]["conflictResolution"] == "Abort"
    assert merged["spec"]["placement"] == PLACEMENT


def test_a_referrer_that_is_gone_is_an_error() -> None:
    attached = build_attached_binding(referrer("a", "m1"), template("ConfigMap"))
    with pytest.raises(BindingError, match='"a" not found'):
        merge_attached_binding(None, attached, lambda namespace, name: None)

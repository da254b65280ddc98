"""The controllers together, over plain API stores: what a user sees happen."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.manifest import Manifest, annotations_of, labels_of
from lab.core.model import HUB, Key
from lab.core.settings import KarmadaSettings
from tests.controllers.harness import Plane

DEPLOYMENT = Key(HUB, "apps/v1", "Deployment", "default", "web")
POLICY = Key(HUB, "policy.karmada.io/v1alpha1", "PropagationPolicy", "default", "pp")
CLUSTER = Key(HUB, "cluster.karmada.io/v1alpha1", "Cluster", "", "member1")
POLICY_API = "policy.karmada.io/v1alpha1"
DIVIDED = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {
        "staticWeightList": [
            {"targetCluster": {"clusterNames": ["member1"]}, "weight": 1},
            {"targetCluster": {"clusterNames": ["member2"]}, "weight": 1},
        ]
    },
}


def web(replicas: int = 2, /, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default", "labels": {"app": "web"}, **metadata},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "nginx"}]},
            },
        },
    }


def policy(name: str = "pp", /, kind: str = "PropagationPolicy", **spec: Any) -> dict[str, Any]:
    selector = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "web",
        "namespace": "default",
    }
    metadata = {"name": name}
    if kind == "PropagationPolicy":
        metadata["namespace"] = "default"
    body = {"resourceSelectors": [selector], "placement": {}, **spec}
    return {"apiVersion": POLICY_API, "kind": kind, "metadata": metadata, "spec": body}


def to(*names: str) -> dict[str, Any]:
    return {"clusterAffinity": {"clusterNames": list(names)}}


def claimed_by(plane: Plane) -> str | None:
    notes = annotations_of(plane.get("Deployment", "web") or {})
    return notes.get("propagationpolicy.karmada.io/name") or notes.get(
        "clusterpropagationpolicy.karmada.io/name"
    )


@pytest.fixture
def plane() -> Plane:
    return Plane("member1", "member2", "member3")


def started(plane: Plane, *more: Manifest, replicas: int = 2, **spec: Any) -> Plane:
    plane.write(web(replicas), *more, policy(**spec))
    plane.run(5.0)
    return plane


def test_from_policy_to_members_and_back(plane: Plane) -> None:
    started(plane, placement={**to("member1", "member2"), "replicaScheduling": DIVIDED})
    assert plane.targets() == {"member1": 1, "member2": 1}
    assert plane.condition("ResourceBinding", "web-deployment", "Scheduled") == ("True", "Success")
    applied = plane.condition("ResourceBinding", "web-deployment", "FullyApplied")
    assert applied == ("True", "FullyAppliedSuccess")
    found = plane.member("member1", "Deployment", "web")
    assert found is not None
    assert found["spec"]["replicas"] == 1
    assert labels_of(found)["karmada.io/managed"] == "true"
    template = plane.get("Deployment", "web")
    assert template is not None
    assert template["status"]["readyReplicas"] == 2
    assert template["status"]["observedGeneration"] == template["metadata"]["generation"]
    items = (plane.get("ResourceBinding", "web-deployment") or {})["status"]["aggregatedStatus"]
    assert [(i["clusterName"], i["health"]) for i in items] == [
        ("member1", "Healthy"),
        ("member2", "Healthy"),
    ]


def test_nothing_is_written_once_all_is_well(plane: Plane) -> None:
    started(plane)
    quiet_since_s = plane.engine.last_change_s
    plane.run(120.0)
    assert plane.engine.last_change_s == quiet_since_s


def test_scaling(plane: Plane) -> None:
    started(plane, placement={**to("member1", "member2"), "replicaScheduling": DIVIDED})
    plane.patch(DEPLOYMENT, {"spec": {"replicas": 6}})
    plane.run(5.0)
    assert plane.targets() == {"member1": 3, "member2": 3}
    assert (plane.get("Deployment", "web") or {})["status"]["readyReplicas"] == 6


def test_deleting_the_template_removes_everything(plane: Plane) -> None:
    started(plane)
    plane.delete(DEPLOYMENT)
    plane.run(5.0)
    assert plane.names("ResourceBinding") == []
    assert plane.names("Work") == []
    assert plane.member("member1", "Deployment", "web") is None


def test_deleting_the_policy_leaves_everything_but_the_claim(plane: Plane) -> None:
    started(plane)
    plane.delete(POLICY)
    plane.run(5.0)
    assert plane.names("PropagationPolicy") == []
    assert claimed_by(plane) is None
    assert plane.member("member1", "Deployment", "web") is not None
    plane.patch(DEPLOYMENT, {"spec": {"replicas": 7}})
    plane.run(5.0)
    assert (plane.member("member1", "Deployment", "web") or {})["spec"]["replicas"] == 2
    plane.write(policy("again", placement=to("member2")))
    plane.run(5.0)
    assert claimed_by(plane) == "again"
    assert plane.targets() == {"member2": 7}
    assert plane.member("member1", "Deployment", "web") is None


def test_a_policy_that_no_longer_selects_lets_go(plane: Plane) -> None:
    started(plane)
    other = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "other", "namespace": "default"}
    plane.write(policy(resourceSelectors=[other]))
    plane.run(5.0)
    assert claimed_by(plane) is None
    assert plane.names("ResourceBinding") == ["web-deployment"]


def test_a_better_policy_does_not_take_over(plane: Plane) -> None:
    started(plane, placement=to("member1"))
    plane.write(policy("better", priority=9, placement=to("member2")))
    plane.run(5.0)
    assert claimed_by(plane) == "pp"
    assert plane.targets() == {"member1": 2}


def test_preemption_takes_over() -> None:
    settings = KarmadaSettings().with_gates(PropagationPolicyPreemption=True)
    plane = Plane("member1", "member2", settings=settings)
    started(plane, placement=to("member1"))
    plane.write(policy("better", priority=9, preemption="Always", placement=to("member2")))
    plane.run(5.0)
    assert claimed_by(plane) == "better"
    assert plane.targets() == {"member2": 2}


def test_a_policy_takes_from_a_cluster_policy_only_by_preemption(plane: Plane) -> None:
    plane.write(web(), policy("wide", kind="ClusterPropagationPolicy", placement=to("member1")))
    plane.run(5.0)
    assert claimed_by(plane) == "wide"
    plane.write(policy(placement=to("member2")))
    plane.run(5.0)
    assert claimed_by(plane) == "wide"


def test_lowering_a_priority_lets_a_rival_in() -> None:
    settings = KarmadaSettings().with_gates(PropagationPolicyPreemption=True)
    plane = Plane("member1", "member2", settings=settings)
    plane.write(web(), policy(priority=5, placement=to("member1")))
    plane.write(policy("rival", priority=4, preemption="Always", placement=to("member2")))
    plane.run(5.0)
    assert claimed_by(plane) == "pp"
    plane.write(policy(priority=3, placement=to("member1")))
    plane.run(5.0)
    assert claimed_by(plane) == "rival"


def test_a_lazy_policy_waits_for_the_template(plane: Plane) -> None:
    plane.write(web())
    plane.run(1.0)
    plane.write(policy(activationPreference="Lazy", placement=to("member1")))
    plane.run(3.0)
    assert plane.names("ResourceBinding") == []
    assert claimed_by(plane) == "pp"
    plane.patch(DEPLOYMENT, {"metadata": {"annotations": {"touched": "yes"}}})
    plane.run(5.0)
    assert plane.targets() == {"member1": 2}
    plane.write(policy(activationPreference="Lazy", placement=to("member2")))
    plane.run(5.0)
    assert plane.targets() == {"member1": 2}
    plane.patch(DEPLOYMENT, {"spec": {"replicas": 3}})
    plane.run(5.0)
    assert plane.targets() == {"member2": 3}


def test_a_lazy_policy_that_was_there_first_binds_at_once(plane: Plane) -> None:
    plane.write(policy(activationPreference="Lazy", placement=to("member1")))
    plane.run(1.0)
    plane.write(web())
    plane.run(5.0)
    assert plane.targets() == {"member1": 2}


def test_suspending_one_cluster_freezes_its_work_only(plane: Plane) -> None:
    started(plane, placement=to("member1", "member2"))
    suspension = {"dispatchingOnClusters": {"clusterNames": ["member1"]}}
    plane.write(policy(placement=to("member1", "member2"), suspension=suspension))
    plane.patch(DEPLOYMENT, {"spec": {"replicas": 5}})
    plane.run(5.0)
    assert (plane.member("member1", "Deployment", "web") or {})["spec"]["replicas"] == 2
    assert (plane.member("member2", "Deployment", "web") or {})["spec"]["replicas"] == 5
    applied = plane.condition("ResourceBinding", "web-deployment", "FullyApplied")
    assert applied == ("True", "FullyAppliedSuccess")
    frozen = plane.condition("Work", "web-7b7cc5b9ff", "Dispatching", "karmada-es-member1")
    assert frozen == ("False", "SuspendDispatching")


def test_preserve_on_deletion_leaves_an_unmarked_object(plane: Plane) -> None:
    started(plane, preserveResourcesOnDeletion=True)
    plane.delete(DEPLOYMENT)
    plane.run(5.0)
    assert plane.names("Work") == []
    kept = plane.member("member1", "Deployment", "web")
    assert kept is not None
    assert labels_of(kept) == {"app": "web"}
    assert set(annotations_of(kept)) <= {"work.karmada.io/conflict-resolution"}


def test_an_object_of_somebody_else_is_left_alone_until_overwrite(plane: Plane) -> None:
    own = web(1, labels={"theirs": "yes"})
    plane.members["member1"].store.create(own, plane.now_s)
    started(plane, placement=to("member1"))
    found = plane.member("member1", "Deployment", "web")
    assert found is not None
    assert found["spec"]["replicas"] == 1
    binding = plane.get("ResourceBinding", "web-deployment")
    assert binding is not None
    item = binding["status"]["aggregatedStatus"][0]
    assert "already exists in the cluster member1" in item["appliedMessage"]
    assert plane.condition("ResourceBinding", "web-deployment", "FullyApplied") == (
        "False",
        "FullyAppliedFailed",
    )
    plane.write(policy(placement=to("member1"), conflictResolution="Overwrite"))
    plane.run(10.0)
    found = plane.member("member1", "Deployment", "web")
    assert found is not None
    assert found["spec"]["replicas"] == 2
    assert labels_of(found)["theirs"] == "yes"


def test_drift_is_repaired_and_foreign_labels_stay(plane: Plane) -> None:
    started(plane)
    in_member = DEPLOYMENT._replace(cluster="member1")
    plane.patch(in_member, {"spec": {"replicas": 9}, "metadata": {"labels": {"x": "y"}}}, "member1")
    plane.run(2.0)
    found = plane.member("member1", "Deployment", "web")
    assert found is not None
    assert found["spec"]["replicas"] == 2
    assert labels_of(found)["x"] == "y"
    plane.delete(in_member, "member1")
    plane.run(3.0)
    assert plane.member("member1", "Deployment", "web") is not None


def test_a_label_taken_from_the_template_leaves_the_member(plane: Plane) -> None:
    started(plane)
    plane.patch(DEPLOYMENT, {"metadata": {"labels": {"tier": "one"}}})
    plane.run(3.0)
    assert labels_of(plane.member("member1", "Deployment", "web") or {})["tier"] == "one"
    plane.patch(DEPLOYMENT, {"metadata": {"labels": {"tier": None}}})
    plane.run(3.0)
    assert "tier" not in labels_of(plane.member("member1", "Deployment", "web") or {})


def test_a_label_change_moves_duplicated_but_not_divided() -> None:
    labels = {"member1": {"env": "prod"}, "member2": {}, "member3": {}}
    selector = {"clusterAffinity": {"labelSelector": {"matchLabels": {"env": "prod"}}}}
    divided = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted"}
    for scheduling, want in (
        ({}, {"member2": 2}),
        ({"replicaScheduling": divided}, {"member1": 2}),
    ):
        plane = Plane("member1", "member2", labels=labels)
        started(plane, placement={**selector, **scheduling})
        assert plane.targets() == {"member1": 2}
        plane.patch(CLUSTER._replace(name="member2"), {"metadata": {"labels": {"env": "prod"}}})
        plane.patch(CLUSTER, {"metadata": {"labels": {"env": None}}})
        plane.run(5.0)
        assert plane.targets() == want


def test_a_cordoned_target_still_takes_new_replicas(plane: Plane) -> None:
    placement = {**to("member1", "member2"), "replicaScheduling": DIVIDED}
    started(plane, placement=placement)
    taint = {"key": "cluster.karmada.io/unschedulable", "effect": "NoSchedule"}
    plane.patch(CLUSTER, {"spec": {"taints": [taint]}})
    plane.patch(DEPLOYMENT, {"spec": {"replicas": 6}})
    plane.run(5.0)
    assert plane.targets() == {"member1": 3, "member2": 3}


def test_unjoin_and_join_again(plane: Plane) -> None:
    started(plane)
    plane.delete(CLUSTER)
    plane.run(1.0)
    assert plane.targets() == {"member2": 2, "member3": 2}
    assert plane.get("Cluster", "member1", "") is not None
    plane.run(25.0)
    assert plane.get("Cluster", "member1", "") is None
    assert plane.get("Namespace", "karmada-es-member1", "") is None
    assert plane.member("member1", "Deployment", "web") is None
    plane.join("member1")
    plane.run(5.0)
    assert plane.targets() == {"member1": 2, "member2": 2, "member3": 2}
    assert plane.member("member1", "Deployment", "web") is not None


def test_a_dead_member_becomes_not_ready_and_is_tainted(plane: Plane) -> None:
    started(plane)
    plane.members["member1"].up = False
    plane.run(25.0)
    assert plane.condition("Cluster", "member1", "Ready", "") == ("True", "ClusterReady")
    plane.run(20.0)
    assert plane.condition("Cluster", "member1", "Ready", "") == ("False", "ClusterNotReachable")
    taints = (plane.get("Cluster", "member1", "") or {})["spec"]["taints"]
    assert [(t["key"], t["effect"]) for t in taints] == [
        ("cluster.karmada.io/not-ready", "NoSchedule")
    ]
    assert plane.targets() == {"member1": 2, "member2": 2, "member3": 2}
    plane.members["member1"].restore()
    plane.run(60.0)
    assert plane.condition("Cluster", "member1", "Ready", "") == ("True", "ClusterReady")
    assert (plane.get("Cluster", "member1", "") or {})["spec"].get("taints") in (None, [])


def test_namespaces_go_everywhere(plane: Plane) -> None:
    plane.write({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    plane.run(3.0)
    assert plane.member("member3", "Namespace", "team", "") is not None
    plane.delete(Key(HUB, "v1", "Namespace", "", "team"))
    plane.run(3.0)
    assert plane.get("Namespace", "team", "") is None
    assert plane.member("member3", "Namespace", "team", "") is None


def test_a_cluster_scoped_template_gets_a_cluster_binding(plane: Plane) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
    plane.write({**role, "metadata": {"name": "reader"}, "rules": []})
    selectors = [{**role, "name": "reader"}]
    wide = policy("wide", kind="ClusterPropagationPolicy", placement=to("member1"))
    plane.write({**wide, "spec": {**wide["spec"], "resourceSelectors": selectors}})
    plane.run(5.0)
    assert plane.names("ClusterResourceBinding") == ["reader-clusterrole"]
    assert plane.member("member1", "ClusterRole", "reader", "") is not None
    applied = plane.condition("ClusterResourceBinding", "reader-clusterrole", "FullyApplied", "")
    assert applied == ("True", "FullyAppliedSuccess")


def web_with_config() -> list[dict[str, Any]]:
    template = web()
    container = template["spec"]["template"]["spec"]["containers"][0]
    container["envFrom"] = [{"configMapRef": {"name": "conf"}}]
    metadata = {"name": "conf", "namespace": "default"}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}, "metadata": metadata},
        template,
    ]


def test_no_dependency_follows_with_the_gate_off() -> None:
    plane = Plane("member1", settings=KarmadaSettings().with_gates(PropagateDeps=False))
    plane.write(*web_with_config(), policy(placement=to("member1"), propagateDeps=True))
    plane.run(5.0)
    assert plane.names("ResourceBinding") == ["web-deployment"]
    assert plane.member("member1", "ConfigMap", "conf") is None


def test_dependencies_follow_and_stay_without_clusters(plane: Plane) -> None:
    plane.write(*web_with_config())
    plane.write(policy(placement=to("member1"), propagateDeps=True))
    plane.run(5.0)
    assert plane.member("member1", "ConfigMap", "conf") is not None
    binding = plane.get("ResourceBinding", "conf-configmap")
    assert binding is not None
    assert binding["spec"]["requiredBy"][0]["clusters"] == [{"name": "member1", "replicas": 2}]
    plane.write(policy(placement=to("member2"), propagateDeps=True))
    plane.run(5.0)
    assert plane.member("member1", "ConfigMap", "conf") is None
    assert plane.member("member2", "ConfigMap", "conf") is not None
    plane.delete(DEPLOYMENT)
    plane.run(5.0)
    left = plane.get("ResourceBinding", "conf-configmap")
    assert left is not None
    assert not left["spec"].get("requiredBy")
    assert plane.member("member2", "ConfigMap", "conf") is None


def test_a_dependency_that_comes_later_is_picked_up(plane: Plane) -> None:
    template = web()
    container = template["spec"]["template"]["spec"]["containers"][0]
    container["envFrom"] = [{"configMapRef": {"name": "late"}}]
    plane.write(template, policy(placement=to("member1"), propagateDeps=True))
    plane.run(3.0)
    metadata = {"name": "late", "namespace": "default"}
    plane.write({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {}})
    plane.run(3.0)
    assert plane.member("member1", "ConfigMap", "late") is not None


def override(name: str, *clusters: str, **overriders: Any) -> dict[str, Any]:
    selector = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    rule = {"targetCluster": {"clusterNames": list(clusters)}, "overriders": overriders}
    return {
        "apiVersion": POLICY_API,
        "kind": "OverridePolicy",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"resourceSelectors": [selector], "overrideRules": [rule]},
    }


def test_an_override_comes_and_goes(plane: Plane) -> None:
    started(plane)
    labels = [{"operator": "add", "value": {"env": "dev"}}]
    plane.write(override("op", "member2", labelsOverrider=labels))
    plane.run(3.0)
    assert labels_of(plane.member("member2", "Deployment", "web") or {})["env"] == "dev"
    assert "env" not in labels_of(plane.member("member1", "Deployment", "web") or {})
    plane.delete(Key(HUB, POLICY_API, "OverridePolicy", "default", "op"))
    plane.run(3.0)
    assert "env" not in labels_of(plane.member("member2", "Deployment", "web") or {})


def test_an_override_that_fails_stops_its_own_cluster_only(plane: Plane) -> None:
    patch = [{"path": "/spec/none", "operator": "replace", "value": 1}]
    started(plane, override("op", "member1", plaintext=patch))
    assert plane.member("member1", "Deployment", "web") is None
    assert plane.member("member2", "Deployment", "web") is not None
    assert plane.condition("ResourceBinding", "web-deployment", "FullyApplied") == (
        "False",
        "FullyAppliedFailed",
    )


def test_dependent_overrides_are_waited_for(plane: Plane) -> None:
    plane.write(web(), policy(dependentOverrides=["op"]))
    plane.run(3.0)
    assert plane.names("ResourceBinding") == []
    plane.write(override("op", "member1"))
    plane.run(20.0)
    assert plane.names("ResourceBinding") == ["web-deployment"]


def test_no_fitting_cluster_clears_and_a_new_label_brings_it_back(plane: Plane) -> None:
    selector = {"labelSelector": {"matchLabels": {"gpu": "yes"}}}
    started(plane, placement={"clusterAffinity": selector})
    assert plane.targets() == {}
    found = plane.condition("ResourceBinding", "web-deployment", "Scheduled")
    assert found == ("False", "NoClusterFit")
    plane.patch(CLUSTER, {"metadata": {"labels": {"gpu": "yes"}}})
    plane.run(3.0)
    assert plane.targets() == {"member1": 2}


def test_the_same_run_twice_leaves_the_same_trace() -> None:
    lines = []
    for _ in range(2):
        plane = Plane("member1", "member2")
        started(plane)
        plane.delete(POLICY)
        plane.run(5.0)
        lines.append([record.to_line() for record in plane.trace.records])
    assert lines[0] == lines[1]

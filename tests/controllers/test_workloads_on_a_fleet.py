"""Rebalancing and application failover end to end: real stores, simulated nodes, the webhooks."""

from __future__ import annotations

from typing import Any

from lab.core.faults import Fault
from lab.core.faults.model import Target
from lab.core.fleet import ClusterSpec, FleetSpec
from lab.core.model import HUB, Key
from lab.core.settings import karmada_settings
from lab.drivers.federation import Federation, Settings
from tests.controllers.test_pull import DEPLOYMENT

BINDING = Key(HUB, "work.karmada.io/v1alpha2", "ResourceBinding", "default", "web-deployment")
REBALANCER = Key(HUB, "apps.karmada.io/v1alpha1", "WorkloadRebalancer", "", "back")
IMAGE = "registry.example/web:1"


def template(replicas: int = 2) -> dict[str, Any]:
    container = {"name": "c", "image": IMAGE}
    spec = {**DEPLOYMENT["spec"], "replicas": replicas}
    spec["template"] = {**spec["template"], "spec": {"containers": [container]}}
    return {**DEPLOYMENT, "spec": spec}


def policy(placement: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "PropagationPolicy",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment"}],
            "placement": placement,
            **spec,
        },
    }


def started(placement: dict[str, Any], *, gates: Any = None, **spec: Any) -> Federation:
    clusters = FleetSpec((ClusterSpec("m1"), ClusterSpec("m2")))
    settings = karmada_settings({"featureGates": gates or {}})
    federation = Federation(clusters, Settings(settings, {"imagePull": False}), seed=4)
    federation.acting("user")
    federation.hub.store.create(policy(placement, **spec), federation.now_s)
    federation.hub.store.create(template(), federation.now_s)
    federation.run_until(30.0)
    return federation


def targets(federation: Federation) -> dict[str, int]:
    found = federation.hub.store.get(BINDING)
    return {t["name"]: t.get("replicas", 0) for t in found["spec"].get("clusters") or ()}


def act(federation: Federation) -> float:
    federation.acting("user")
    return federation.now_s


def groups() -> dict[str, Any]:
    """Two affinity groups: the first is m1, the second m2."""
    return {
        "clusterAffinities": [
            {"affinityName": "first", "clusterNames": ["m1"]},
            {"affinityName": "second", "clusterNames": ["m2"]},
        ]
    }


def test_a_rebalancer_brings_a_workload_back_to_its_first_group() -> None:
    """Nothing else does: affinity groups are only ever gone through forwards."""
    federation = started(groups())
    assert targets(federation) == {"m1": 2}
    cluster = Key(HUB, "cluster.karmada.io/v1alpha1", "Cluster", "", "m1")
    cordon = {"spec": {"taints": [{"key": "x", "effect": "NoSchedule"}]}}
    store = federation.hub.store
    store.patch(cluster, cordon, "merge", act(federation))
    binding = store.get(BINDING)
    moved = {**binding, "spec": {k: v for k, v in binding["spec"].items() if k != "clusters"}}
    store.update(moved, federation.now_s)
    federation.run_until(40.0)
    assert targets(federation) == {"m2": 2}
    store.patch(cluster, {"spec": {"taints": None}}, "merge", act(federation))
    federation.run_until(100.0)
    assert targets(federation) == {"m2": 2}
    workload = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    made = {
        "apiVersion": REBALANCER.api_version,
        "kind": REBALANCER.kind,
        "metadata": {"name": "back"},
        "spec": {
            "workloads": [{**workload, "namespace": "default"}, {**workload, "name": "lost"}],
            "ttlSecondsAfterFinished": 60,
        },
    }
    store.create(made, act(federation))
    federation.run_until(110.0)
    assert targets(federation) == {"m1": 2}
    assert store.get(BINDING)["status"]["schedulerObservingAffinityName"] == "first"
    results = {
        entry["workload"]["name"]: (entry["result"], entry.get("reason"))
        for entry in store.get(REBALANCER)["status"]["observedWorkloads"]
    }
    assert results == {"web": ("Successful", None), "lost": ("Failed", "ReferencedBindingNotFound")}
    federation.run_until(170.0)
    assert store.find(REBALANCER) is None


def break_image(federation: Federation, cluster: str) -> None:
    """New pods of the workload cannot start in one member, and the running ones are restarted."""
    act(federation)
    target = Target(clusters=(cluster,))
    fault = Fault("bad", "BadImage", target, {"image": IMAGE}, length_s=None)
    federation.injector.inject(fault)
    store = federation.store_of(cluster)
    for pod in store.list("v1", "Pod", "default"):
        key = Key(cluster, "v1", "Pod", "default", pod["metadata"]["name"])
        store.delete(key, federation.now_s)


def test_an_application_that_does_not_come_up_again_moves_with_its_state() -> None:
    rules = [{"aliasLabelName": "example.io/was", "jsonPath": "{.replicas}"}]
    behaviour = {
        "decisionConditions": {"tolerationSeconds": 30},
        "purgeMode": "Directly",
        "statePreservation": {"rules": rules},
    }
    one = {"spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]}
    federation = started(
        one,
        gates={"StatefulFailoverInjection": True},
        propagateDeps=True,
        failover={"application": behaviour},
    )
    (first,) = targets(federation)
    other = {"m1": "m2", "m2": "m1"}[first]
    break_image(federation, first)
    seen = []
    key = Key(other, "apps/v1", "Deployment", "default", "web")
    federation.members[other].store.listen(
        lambda change: seen.append(change.object["metadata"].get("labels") or {}),
        "apps/v1",
        "Deployment",
    )
    federation.run_until(59.0)
    assert targets(federation) == {first: 2}
    federation.run_until(90.0)
    assert targets(federation) == {other: 2}
    assert federation.members[first].store.find(key._replace(cluster=first)) is None
    assert seen[0]["example.io/was"] == "2"
    assert federation.hub.store.get(BINDING)["spec"].get("gracefulEvictionTasks") is None

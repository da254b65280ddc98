"""What people bring to a fleet in walks: workloads, what they depend on, and policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CLUSTERS = ("east", "west", "north")
PULLED = "north"
"""A Pull member: its own agent looks after it."""
ZONES = ("one", "two")
IMAGE, NEXT_IMAGE = "nginx:1.27", "nginx:1.28"
KINDS = {"a": "Deployment", "b": "Deployment", "s": "StatefulSet"}
"""The workloads of walks: name -> kind."""
WORDS = {"Deployment": "deployment", "StatefulSet": "statefulset"}
POLICY_API = "policy.karmada.io/v1alpha1"


def _divided(preference: str, **more: Any) -> dict[str, Any]:
    return {
        "replicaScheduling": {
            "replicaSchedulingType": "Divided",
            "replicaDivisionPreference": preference,
            **more,
        }
    }


_DYNAMIC = {"weightPreference": {"dynamicWeight": "AvailableReplicas"}}
_STATIC = {
    "weightPreference": {
        "staticWeightList": [
            {"targetCluster": {"clusterNames": ["east"]}, "weight": 2},
            {"targetCluster": {"clusterNames": ["west"]}, "weight": 1},
        ]
    }
}
PLACEMENTS: Mapping[str, Mapping[str, Any]] = {
    "duplicated": {"clusterAffinity": {"clusterNames": ["east", "west"]}},
    "static": _divided("Weighted", **_STATIC),
    "dynamic": {"clusterAffinity": {"clusterNames": list(CLUSTERS)},
                **_divided("Weighted", **_DYNAMIC)},
    "aggregated": _divided("Aggregated"),
    "one after the other": {
        "clusterAffinities": [
            {"affinityName": "first", "clusterNames": ["east"]},
            {"affinityName": "second", "clusterNames": ["west", "north"]},
        ],
        **_divided("Aggregated"),
    },
    "spread": {
        "spreadConstraints": [{"spreadByField": "cluster", "minGroups": 2, "maxGroups": 2}],
        **_divided("Weighted", **_DYNAMIC),
    },
    "labelled": {"clusterAffinity": {"labelSelector": {"matchLabels": {"tier": "core"}}}},
}  # fmt: skip
_PATIENCE = [
    {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 90}
    for key in ("example.com/down", "example.com/work")
]
FAILOVERS: Mapping[str, Mapping[str, Any]] = {
    "stays": {},
    "moves": {"tolerationSeconds": 30},
    "moves at once": {"tolerationSeconds": 60, "purgeMode": "Directly"},
}
SETTINGS = {
    "karmada": {
        "featureGates": {"Failover": True},
        "enableNoExecuteTaintEviction": True,
        "allowNoExecuteTaintPolicy": True,
    }
}
TAINTS_WHEN_DOWN = {
    "apiVersion": POLICY_API,
    "kind": "ClusterTaintPolicy",
    "metadata": {"name": "down"},
    "spec": {
        "addOnConditions": [
            {"conditionType": "Ready", "operator": "NotIn", "statusValues": ["True"]}
        ],
        "removeOnConditions": [
            {"conditionType": "Ready", "operator": "In", "statusValues": ["True"]}
        ],
        "taints": [{"key": "example.com/down", "effect": "NoExecute"}],
    },
}
SHARED: Mapping[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "shared", "namespace": "default"},
    "data": {"colour": "blue"},
}
"""Comes along with every workload that follows its dependencies."""


def workload(name: str, replicas: int) -> dict[str, Any]:
    """Return one of the workloads; all of them read the shared ConfigMap."""
    container = {
        "name": "main",
        "image": IMAGE,
        "resources": {"requests": {"cpu": "200m"}},
        "envFrom": [{"configMapRef": {"name": "shared"}}],
    }
    spec: dict[str, Any] = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": name}},
        "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [container]},
        },
    }
    if KINDS[name] == "StatefulSet":
        spec["serviceName"] = name
    return {
        "apiVersion": "apps/v1",
        "kind": KINDS[name],
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


def policy(
    name: str, placement: str, failover: str, patient: bool, suspended: bool = False
) -> dict[str, Any]:
    """Return the policy of a workload; a patient one stays on a tainted cluster for a while."""
    patience = {"clusterTolerations": _PATIENCE} if patient else {}
    spec: dict[str, Any] = {
        "resourceSelectors": [{"apiVersion": "apps/v1", "kind": KINDS[name], "name": name}],
        "propagateDeps": True,
        "placement": {**PLACEMENTS[placement], **patience},
    }
    given = dict(FAILOVERS[failover])
    if given:
        conditions = {"tolerationSeconds": given.pop("tolerationSeconds")}
        spec["failover"] = {"application": {"decisionConditions": conditions, **given}}
    if suspended:
        spec["suspension"] = {"dispatching": True}
    return {
        "apiVersion": POLICY_API,
        "kind": "PropagationPolicy",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


def role(placement: str) -> list[dict[str, Any]]:
    """Return an object without a namespace, and its policy."""
    given = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "reader"},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    }
    selector = {"apiVersion": given["apiVersion"], "kind": "ClusterRole", "name": "reader"}
    affinity = {
        name: each for name, each in PLACEMENTS[placement].items() if name != "replicaScheduling"
    }
    return [
        given,
        {
            "apiVersion": POLICY_API,
            "kind": "ClusterPropagationPolicy",
            "metadata": {"name": "reader"},
            "spec": {"resourceSelectors": [selector], "placement": affinity},
        },
    ]


def rebalancer(number: int, names: list[str]) -> dict[str, Any]:
    """Return what asks for a new division of workloads."""
    workloads = [
        {"apiVersion": "apps/v1", "kind": KINDS[name], "namespace": "default", "name": name}
        for name in names
    ]
    return {
        "apiVersion": "apps.karmada.io/v1alpha1",
        "kind": "WorkloadRebalancer",
        "metadata": {"name": f"again-{number}"},
        "spec": {"workloads": workloads, "ttlSecondsAfterFinished": 60},
    }


def fleet() -> dict[str, Any]:
    """Return three clusters with two small nodes each, one of them a Pull member."""
    clusters = []
    for name in CLUSTERS:
        pool = {"name": "all", "nodes": 2, "cpu": "4", "memory": "8Gi", "zones": list(ZONES)}
        given: dict[str, Any] = {"name": name, "nodePools": [pool]}
        if name == PULLED:
            given["syncMode"] = "Pull"
        else:
            given["labels"] = {"tier": "core"}
        clusters.append(given)
    return {"clusters": clusters}

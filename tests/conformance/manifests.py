"""Objects for tests on a federation, said in few words; a word is `Kind/name` or `Kind/ns/name`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.labels import BINDING_API, CLUSTER_API, POLICY_API, WORK_API
from lab.core.manifest import Manifest
from lab.core.model import HUB, Key

API_OF = {
    "Cluster": CLUSTER_API,
    "PropagationPolicy": POLICY_API,
    "ClusterPropagationPolicy": POLICY_API,
    "OverridePolicy": POLICY_API,
    "ClusterOverridePolicy": POLICY_API,
    "ResourceBinding": BINDING_API,
    "ClusterResourceBinding": BINDING_API,
    "Work": WORK_API,
    "WorkloadRebalancer": "apps.karmada.io/v1alpha1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "ClusterRole": "rbac.authorization.k8s.io/v1",
}
"""Where a kind is not of the core group."""
NOT_NAMESPACED = {
    "Cluster",
    "ClusterPropagationPolicy",
    "ClusterOverridePolicy",
    "ClusterResourceBinding",
    "WorkloadRebalancer",
    "CustomResourceDefinition",
    "ClusterRole",
    "Namespace",
    "Node",
}


def key(word: str) -> Key:
    """Return the key of `Kind/name` or `Kind/namespace/name`; the namespace is else "default"."""
    kind, *place = word.split("/")
    namespace = "" if kind in NOT_NAMESPACED else "default"
    if len(place) == 2:
        namespace = place[0]
    return Key(HUB, API_OF.get(kind, "v1"), kind, namespace, place[-1])


def thing(word: str, **body: Any) -> Manifest:
    """Return an object of that name; `labels` and `annotations` go into its metadata."""
    where = key(word)
    metadata: dict[str, Any] = {"name": where.name}
    if where.namespace:
        metadata["namespace"] = where.namespace
    for field in ("labels", "annotations", "uid"):
        if field in body:
            metadata[field] = body.pop(field)
    return {"apiVersion": where.api_version, "kind": where.kind, "metadata": metadata, **body}


def pods(name: str = "web", **more: Any) -> dict[str, Any]:
    """Return selector and pod template; `cpu` becomes a request, `image` the image."""
    container: dict[str, Any] = {"name": "web", "image": more.pop("image", "nginx:1.27")}
    if cpu := more.pop("cpu", None):
        container["resources"] = {"requests": {"cpu": cpu}}
    labels = {"app": name}
    return {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container], **more}},
    }


def deployment(replicas: int = 4, name: str = "web", cpu: str | None = None, **more: Any) -> Any:
    """Return a Deployment with a label that selectors can find."""
    word = more.pop("word", f"Deployment/{name}")
    marks = {field: more.pop(field) for field in ("labels", "annotations", "uid") if field in more}
    marks["labels"] = {"app": name, **marks.get("labels", {})}
    return thing(word, **marks, spec={"replicas": replicas, **pods(name, cpu=cpu, **more)})


def policy(
    name: str = "web",
    *,
    selects: Any = "Deployment",
    clusters: Any = None,
    placement: Mapping[str, Any] | None = None,
    kind: str = "PropagationPolicy",
    **spec: Any,
) -> Manifest:
    """Return a policy; `selects` is a kind, `Kind/name`, or a list of these or of selectors."""
    rule = dict(placement or {})
    if clusters is not None:
        rule["clusterAffinity"] = {"clusterNames": list(clusters)}
    body = {"resourceSelectors": selectors(selects), "placement": rule, **spec}
    return thing(f"{kind}/{name}", spec=body)


def cluster_policy(name: str = "web", **spec: Any) -> Manifest:
    """Return a ClusterPropagationPolicy."""
    return policy(name, kind="ClusterPropagationPolicy", **spec)


def selectors(selects: Any) -> list[Any]:
    """Return resourceSelectors of kinds, `Kind/name` words, or selectors as they are."""
    found = []
    for each in selects if isinstance(selects, list) else [selects]:
        if isinstance(each, str):
            kind, _, name = each.partition("/")
            each = {"apiVersion": API_OF.get(kind, "v1"), "kind": kind}
            if name:
                each["name"] = name
        found.append(each)
    return found


def override(name: str, *rules: Any, kind: str = "OverridePolicy", selects: Any = None) -> Manifest:
    """Return an override policy; a rule is (clusters or None, overriders)."""
    spec: dict[str, Any] = {"overrideRules": []}
    if selects is not None:
        spec["resourceSelectors"] = selectors(selects)
    for clusters, overriders in rules:
        rule: dict[str, Any] = {"overriders": overriders}
        if clusters is not None:
            rule["targetCluster"] = {"clusterNames": list(clusters)}
        spec["overrideRules"].append(rule)
    return thing(f"{kind}/{name}", spec=spec)


DIVIDED = {"replicaScheduling": {"replicaSchedulingType": "Divided"}}
AGGREGATED = {
    "replicaScheduling": {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Aggregated",
    }
}
DYNAMIC = {
    "replicaScheduling": {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }
}


def static(**weights: int) -> dict[str, Any]:
    """Return a placement that divides by static weights of clusters."""
    listed = [
        {"targetCluster": {"clusterNames": [name]}, "weight": weight}
        for name, weight in weights.items()
    ]
    return {
        "replicaScheduling": {
            "replicaSchedulingType": "Divided",
            "replicaDivisionPreference": "Weighted",
            "weightPreference": {"staticWeightList": listed},
        }
    }

"""Small builders of manifests for the tests of the scheduler."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]
APPS = [{"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]}]
DYNAMIC = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {"dynamicWeight": "AvailableReplicas"},
}
AGGREGATED = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}
STATIC = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted"}
DUPLICATED = {"replicaSchedulingType": "Duplicated"}


def cluster(name: str, pods: int | None = 10, **more: Any) -> Json:
    """A ready cluster with room for some pods; `more` goes into spec, or where it belongs."""
    metadata: Json = {"name": name, "labels": more.pop("labels", {})}
    if more.pop("deleting", False):
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    status: Json = {
        "apiEnablements": more.pop("apis", APPS),
        "conditions": [{"type": "Ready", "status": more.pop("ready", "True")}],
    }
    summary = more.pop("summary", None)
    if summary is not None or pods is not None:
        status["resourceSummary"] = summary or {"allocatable": {"pods": str(pods)}}
    return {"kind": "Cluster", "metadata": metadata, "spec": more, "status": status}


def binding(placement: Json | None, replicas: int = 0, **more: Any) -> Json:
    """A binding of Deployment default/web; `more` goes into spec, or where it belongs."""
    spec: Json = {
        "resource": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "default",
            "name": "web",
            "uid": more.pop("uid", ""),
        },
        "placement": placement,
    }
    if replicas:
        spec["replicas"] = replicas
    clusters = more.pop("clusters", None)
    if clusters is not None:
        spec["clusters"] = [
            {"name": n, **({"replicas": r} if r else {})} for n, r in clusters.items()
        ]
    metadata: Json = {"namespace": "default", "name": "web-deployment", "generation": 1}
    if "applied" in more:
        applied = more.pop("applied")
        text = applied if isinstance(applied, str) else json.dumps(applied)
        metadata["annotations"] = {"policy.karmada.io/applied-placement": text}
    metadata["labels"] = more.pop("labels", {"propagationpolicy.karmada.io/permanent-id": "1"})
    status = more.pop("status", {})
    return {
        "apiVersion": "work.karmada.io/v1alpha2",
        "kind": "ResourceBinding",
        "metadata": metadata,
        "spec": {**spec, **more},
        "status": status,
    }


def shares(targets: list[Json]) -> dict[str, int]:
    """Cluster name to replicas."""
    return {target["name"]: target.get("replicas", 0) for target in targets}

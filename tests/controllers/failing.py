"""A control plane whose members fail: the switches of failover, and short ways to write things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.core.manifest import seconds_of, spec_of, timestamp
from lab.core.model import HUB, Key
from lab.core.settings import KarmadaSettings, karmada_settings
from lab.engine.trace import TraceRecord
from tests.controllers.harness import Plane

ON: dict[str, Any] = {
    "featureGates": {"Failover": True},
    "enableNoExecuteTaintEviction": True,
    "allowNoExecuteTaintPolicy": True,
}
POLICY_API = "policy.karmada.io/v1alpha1"
DIVIDED = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {"dynamicWeight": "AvailableReplicas"},
}
ONE = {"spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]}
"""One cluster at a time: whoever leaves it comes to one that has reported nothing yet."""


def switched_on(**given: Any) -> KarmadaSettings:
    """Settings with all switches of cluster failover on, and others as given."""
    return karmada_settings({**ON, **given})


def taint_policy(name: str = "lost", effect: str = "NoExecute") -> dict[str, Any]:
    return {
        "apiVersion": POLICY_API,
        "kind": "ClusterTaintPolicy",
        "metadata": {"name": name},
        "spec": {
            "addOnConditions": [
                {"conditionType": "Ready", "operator": "NotIn", "statusValues": ["True"]}
            ],
            "removeOnConditions": [
                {"conditionType": "Ready", "operator": "In", "statusValues": ["True"]}
            ],
            "taints": [{"key": "lost", "effect": effect}],
        },
    }


def deployment(name: str, replicas: int) -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "image": "nginx"}]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def propagation(name: str, placement: Any = None, **spec: Any) -> dict[str, Any]:
    selector = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    return {
        "apiVersion": POLICY_API,
        "kind": "PropagationPolicy",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"resourceSelectors": [selector], "placement": placement or {}, **spec},
    }


def started(
    settings: KarmadaSettings | None = None,
    placement: Any = None,
    *,
    names: Sequence[str] = ("web",),
    replicas: int = 2,
    members: Sequence[str] = ("member1", "member2"),
    policy: Any = None,
    **spec: Any,
) -> Plane:
    """A plane with Deployments that have been placed, and the taint policy for lost clusters."""
    plane = Plane(*members, settings=settings or switched_on())
    plane.write(policy or taint_policy())
    for name in names:
        plane.write(deployment(name, replicas), propagation(name, placement, **spec))
    plane.run(10.0)
    return plane


def cluster_key(name: str) -> Key:
    return Key(HUB, "cluster.karmada.io/v1alpha1", "Cluster", "", name)


def taint(plane: Plane, name: str = "member1", effect: str = "NoExecute") -> None:
    """What `karmadactl taint` does; the webhook adds the time."""
    entry = {"key": "mine", "effect": effect, "timeAdded": timestamp(plane.now_s)}
    plane.patch(cluster_key(name), {"spec": {"taints": [entry]}})


def untaint(plane: Plane, name: str = "member1") -> None:
    plane.patch(cluster_key(name), {"spec": {"taints": None}})


def kill(plane: Plane, name: str = "member1") -> None:
    plane.members[name].up = False


def never_ready(plane: Plane, name: str) -> None:
    """From now on nothing becomes ready in a member."""
    setattr(plane.members[name], "_ready", lambda key: None)  # noqa: B010 — a method of a fake


def tasks(plane: Plane, name: str = "web-deployment", kind: str = "ResourceBinding") -> list[Any]:
    binding = plane.get(kind, name, "default" if kind == "ResourceBinding" else "")
    assert binding is not None
    return list(spec_of(binding).get("gracefulEvictionTasks") or ())


def decisions(plane: Plane, kind: str, name: str = "") -> list[TraceRecord]:
    return [
        record
        for record in plane.trace.records
        if record.type == "decision"
        and record.detail["kind"] == kind
        and (not name or (record.key is not None and record.key.name == name))
    ]


def summaries(plane: Plane, kind: str, name: str = "") -> list[str]:
    return [record.detail["summary"] for record in decisions(plane, kind, name)]


def works(plane: Plane, cluster: str) -> dict[str, bool]:
    """The Works of a cluster: name of what they carry to "is being deleted"."""
    found = plane.store.list("work.karmada.io/v1alpha1", "Work", f"karmada-es-{cluster}")
    return {
        each["spec"]["workload"]["manifests"][0]["metadata"]["name"]: bool(
            each["metadata"].get("deletionTimestamp")
        )
        for each in found
        if each["spec"]["workload"]["manifests"][0]["kind"] != "Namespace"
    }


def evicted_at(plane: Plane, name: str = "web-deployment") -> list[float]:
    """When the binding got each of its eviction tasks."""
    times = []
    for record in plane.trace.records:
        if record.type != "change" or record.key is None or record.key.name != name:
            continue
        before = len(spec_of(record.before or {}).get("gracefulEvictionTasks") or ())
        after = len(spec_of(record.after or {}).get("gracefulEvictionTasks") or ())
        if after > before:
            times.append(record.time_s)
    return times


def taint_time(plane: Plane, name: str = "member1") -> float:
    cluster = plane.get("Cluster", name, "")
    assert cluster is not None
    (entry,) = [t for t in spec_of(cluster)["taints"] if t["effect"] == "NoExecute"]
    return seconds_of(entry["timeAdded"])

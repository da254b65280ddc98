"""A hub and members made of plain manifests, and news of them as a run would tell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lab.core.invariants import Bounds, Monitor, Violation
from lab.core.labels import (
    APPLIED_PLACEMENT,
    BINDING_NAME,
    BINDING_NAMESPACE,
    MANAGED,
    WORK_NAME,
    WORK_NAMESPACE,
)
from lab.core.manifest import Manifest, timestamp
from lab.core.model import HUB, Key, key_of
from lab.core.policy import placement_of
from lab.core.settings import KarmadaSettings
from lab.core.work import execution_namespace, work_name

SCHEDULER = "karmada-scheduler"


@dataclass(frozen=True)
class Record:
    """A trace record."""

    number: int
    time_s: float
    type: str
    actor: str
    key: Key | None
    cause: int = 0
    before: Manifest | None = None
    after: Manifest | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


class Count(NamedTuple):
    """A count of serving pods."""

    desired: int
    ready: int
    serving: int


class Play:
    """Objects that change, and a monitor that is told.

    Args:
        laws: Ids of the laws under test.
        members: Names of the members.
    """

    def __init__(
        self,
        *laws: str,
        members: Sequence[str] = ("m1", "m2", "m3"),
        settings: KarmadaSettings | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.members = members
        self.stored: dict[Key, Manifest] = {}
        self.now_s = 0.0
        self.records = 0
        self.versions = dict.fromkeys((HUB, *members), 0)
        self.monitor = Monitor(self, settings, laws or None, bounds)

    # ── as the laws read it ────────────────────────────────────────────────────────────────────

    def find(self, key: Key) -> Manifest | None:
        return self.stored.get(key)

    def list(self, cluster: str, api_version: str, kind: str) -> Sequence[Manifest]:
        wanted = (cluster, api_version, kind)
        return [each for key, each in sorted(self.stored.items()) if key[:3] == wanted]

    def kinds(self, cluster: str) -> Iterable[tuple[str, str]]:
        return dict.fromkeys((k[1], k[2]) for k in sorted(self.stored) if k.cluster == cluster)

    def clusters(self) -> Sequence[str]:
        return self.members

    # ── what happens ───────────────────────────────────────────────────────────────────────────

    def put(self, manifest: Manifest, cluster: str = HUB, actor: str = "detector",
            cause: int = 0, version: int | None = None) -> int:  # fmt: skip
        """Write an object; return the number of its record."""
        key = key_of(manifest, cluster)
        self.versions[cluster] += 1
        meta = {
            "uid": f"uid-{key.name}",
            **manifest["metadata"],
            "resourceVersion": str(version or self.versions[cluster]),
        }
        after = {**manifest, "metadata": meta}
        before = self.stored.get(key)
        self.stored[key] = after
        return self._tell(key, before, after, actor, cause)

    def remove(self, key: Key, actor: str = "detector") -> int:
        """Delete an object."""
        return self._tell(key, self.stored.pop(key), None, actor, 0)

    def _tell(self, key: Key, before: Manifest | None, after: Manifest | None, actor: str,
              cause: int) -> int:  # fmt: skip
        if key.cluster != HUB:
            self.monitor.saw(self.now_s, key, before, after)
            return self.records
        return self.record("change", actor, key, cause=cause, before=before, after=after)

    def record(self, type: str, actor: str, key: Key | None = None, **more: Any) -> int:
        """Tell of a record of any type."""
        self.records += 1
        self.monitor.hear(Record(self.records, self.now_s, type, actor, key, **more))
        return self.records

    def action(self, actor: str, key: Key, verb: str = "update", **detail: Any) -> int:
        return self.record("action", actor, key, detail={"verb": verb, **detail})

    def fault(self, phase: str, name: str = "outage", **detail: Any) -> int:
        detail = {"fault": name, "kind": "ClusterOutage", "phase": phase, **detail}
        return self.record("fault", "fault", detail=detail)

    def wait(self, seconds: float) -> None:
        """Let time pass; something happens at its end, so that the monitor looks."""
        self.now_s += seconds
        self.record("note", "nobody")

    def served(self, cluster: str, serving: int, key: Key | None = None) -> None:
        place = (key or TEMPLATE)._replace(cluster=cluster)
        self.monitor.served(self.now_s, place, Count(serving, serving, serving))

    def end(self) -> None:
        """Let the end be quiet, and judge it."""
        self.wait(60.0)
        self.monitor.finish(self.now_s)

    # ── what was found ─────────────────────────────────────────────────────────────────────────

    @property
    def violations(self) -> Sequence[Violation]:
        return self.monitor.violations

    def told(self) -> Sequence[str]:
        return [f"{each.law} {each.key}: {each.message}" for each in self.violations]

    def remarks(self) -> Sequence[str]:
        return [f"{each.law} {each.key}: {each.message}" for each in self.monitor.remarks]


# ── objects ────────────────────────────────────────────────────────────────────────────────────

TEMPLATE = Key(HUB, "apps/v1", "Deployment", "default", "web")
BINDING = Key(HUB, "work.karmada.io/v1alpha2", "ResourceBinding", "default", "web-deployment")
DIVIDED = {"replicaScheduling": {"replicaSchedulingType": "Divided"}}


def template(replicas: int = 4, /, **status: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default", "generation": 1},
        "spec": {"replicas": replicas},
        "status": status,
    }


def cluster(
    name: str,
    *,
    ready: bool = True,
    taints: Sequence[Mapping[str, Any]] = (),
    labels: Mapping[str, str] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    return {
        "apiVersion": "cluster.karmada.io/v1alpha1",
        "kind": "Cluster",
        "metadata": {"name": name, "labels": dict(labels or {})},
        "spec": {"taints": list(taints), **spec},
        "status": {"conditions": [condition]},
    }


def binding(
    clusters: Mapping[str, int],
    replicas: int = 4,
    placement: Mapping[str, Any] | None = None,
    *,
    applied: Mapping[str, Any] | None = None,
    tasks: Sequence[Mapping[str, Any]] = (),
    generation: int = 1,
    observed: int | None = None,
    scheduled: str = "True",
    items: Sequence[Mapping[str, Any]] = (),
    **spec: Any,
) -> dict[str, Any]:
    """Return a binding as the scheduler leaves it."""
    placement = DIVIDED if placement is None else placement
    decided = placement_of(placement if applied is None else applied).text
    body: dict[str, Any] = {
        "resource": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "default",
            "name": "web",
        },
        "replicas": replicas,
        "placement": placement,
        "clusters": [{"name": name, "replicas": count} for name, count in clusters.items()],
        **spec,
    }
    if tasks:
        body["gracefulEvictionTasks"] = list(tasks)
    status: dict[str, Any] = {
        "schedulerObservedGeneration": generation if observed is None else observed,
        "conditions": [{"type": "Scheduled", "status": scheduled}],
    }
    if items:
        status["aggregatedStatus"] = list(items)
    return {
        "apiVersion": BINDING.api_version,
        "kind": BINDING.kind,
        "metadata": {
            "name": BINDING.name,
            "namespace": "default",
            "generation": generation,
            "annotations": {APPLIED_PLACEMENT: decided},
        },
        "spec": body,
        "status": status,
    }


def task(name: str, **more: Any) -> dict[str, Any]:
    return {"fromCluster": name, "reason": "TaintUntolerated", "purgeMode": "Gracefully", **more}


def stamped(name: str, now_s: float, **more: Any) -> dict[str, Any]:
    return task(name, creationTimestamp=timestamp(now_s), **more)


def work(name: str, replicas: int = 2, **spec: Any) -> dict[str, Any]:
    """Return the Work of the template in a member."""
    return {
        "apiVersion": "work.karmada.io/v1alpha1",
        "kind": "Work",
        "metadata": {
            "name": work_name("Deployment", "web", "default"),
            "namespace": execution_namespace(name),
            "annotations": {BINDING_NAMESPACE: "default", BINDING_NAME: BINDING.name},
        },
        "spec": {"workload": {"manifests": [member(name, replicas)]}, **spec},
    }


def member(name: str, replicas: int = 2, /, **status: Any) -> dict[str, Any]:
    """Return the template's object in a member."""
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "default",
            "generation": 1,
            "labels": {MANAGED: "true"},
            "annotations": {
                WORK_NAME: work_name("Deployment", "web", "default"),
                WORK_NAMESPACE: execution_namespace(name),
                "resourcetemplate.karmada.io/generation": "1",
            },
        },
        "spec": {"replicas": replicas},
    }
    return {**manifest, "status": status} if status else manifest


def pod(name: str, node: str = "", cpu: str = "1", phase: str = "Running", **meta: Any) -> Any:
    spec: dict[str, Any] = {"containers": [{"name": "a", "resources": {"requests": {"cpu": cpu}}}]}
    if node:
        spec["nodeName"] = node
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", **meta},
        "spec": spec,
        "status": {"phase": phase},
    }


def node(name: str, cpu: str = "2", pods: str = "10") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name},
        "status": {"allocatable": {"cpu": cpu, "memory": "4Gi", "pods": pods}},
    }

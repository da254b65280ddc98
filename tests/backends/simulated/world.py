"""A member with simple timings, and short ways to ask it things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import simpy

from lab.backends.simulated.member import SimulatedMember
from lab.backends.simulated.timings import parse_timings
from lab.core.fleet import ClusterSpec, NodePool
from lab.core.model import Event, Key

FIXED: Mapping[str, Any] = {
    "podStart": "1s",
    "imagePull": False,
    "termination": "500ms",
    "nodeStartsPerSecond": 0,
}
_API = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "PodDisruptionBudget": "policy/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
}


class World:
    """One member and its clock."""

    def __init__(
        self,
        timings: Mapping[str, Any] | None = None,
        pools: tuple[NodePool, ...] = (NodePool("pool", 3),),
        seed: int = 1,
        **spec: Any,
    ) -> None:
        self.env = simpy.Environment()
        self.events: list[tuple[float, Event]] = []
        spec.setdefault("name", "m")
        self.member = SimulatedMember(
            self.env,
            ClusterSpec(node_pools=pools, **spec),
            lambda event: self.events.append((round(self.env.now, 6), event)),
            seed=seed,
            timings=parse_timings({**FIXED, **(timings or {})}),
        )
        self.store = self.member.store

    def run(self, until_s: float) -> World:
        while self.env.peek() <= until_s:
            self.env.step()
        if self.env.now < until_s:
            self.env.run(until=until_s)
        return self

    def key(self, kind: str, name: str) -> Key:
        cluster_scoped = kind in {"Node", "Namespace", "PersistentVolume"}
        return Key("m", _API.get(kind, "v1"), kind, "" if cluster_scoped else "default", name)

    def create(self, manifest: Mapping[str, Any]) -> Any:
        return self.store.create(dict(manifest), self.env.now)

    def patch(self, kind: str, name: str, body: Mapping[str, Any]) -> Any:
        return self.store.patch(self.key(kind, name), body, "merge", self.env.now)

    def delete(self, kind: str, name: str) -> None:
        self.store.delete(self.key(kind, name), self.env.now)

    def get(self, kind: str, name: str) -> Any:
        return self.store.get(self.key(kind, name))

    def status(self, kind: str, name: str) -> Any:
        return self.get(kind, name).get("status") or {}

    def list(self, kind: str) -> list[Any]:
        return list(self.store.list(_API.get(kind, "v1"), kind, "default"))

    def pods(self) -> dict[str, str]:
        """Name to phase, or to why it waits."""
        result = {}
        for pod in self.list("Pod"):
            text = pod["status"]["phase"]
            for status in pod["status"].get("containerStatuses", ()):
                waiting = status["state"].get("waiting")
                if waiting and waiting["reason"] != "ContainerCreating":
                    text = waiting["reason"]
            if pod["metadata"].get("deletionTimestamp"):
                text = "Terminating"
            result[pod["metadata"]["name"]] = text
        return result

    def condition(self, kind: str, name: str, type_: str) -> Any:
        for each in self.status(kind, name).get("conditions", ()):
            if each["type"] == type_:
                return each
        return None


def template(
    app: str = "web",
    image: str = "nginx",
    requests: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "c", "image": image}
    if requests:
        container["resources"] = {"requests": dict(requests)}
    metadata: dict[str, Any] = {"labels": {"app": app}}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"metadata": metadata, "spec": {"containers": [container], **spec}}


def workload(kind: str, name: str = "web", pod: Any = None, **spec: Any) -> dict[str, Any]:
    body = {"template": pod if pod is not None else template(name), **spec}
    if kind not in ("Job",):
        body["selector"] = {"matchLabels": {"app": name}}
    return {
        "apiVersion": _API[kind],
        "kind": kind,
        "metadata": {"name": name, "namespace": "default"},
        "spec": body,
    }


def image(name: str) -> dict[str, Any]:
    """A merge patch that changes the image."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": name}]}}}}

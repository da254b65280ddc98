"""Nodes as a virtual collection: rendered when read; labels, taints and cordon go into the rows."""

from __future__ import annotations

import uuid
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np

from lab.backends.simulated.nodes import LEASE_PERIOD_S, PODS, NodeTable
from lab.backends.simulated.pod_view import node_ip
from lab.backends.simulated.workbench import Workbench
from lab.core.errors import ApiError
from lab.core.manifest import (
    Manifest,
    annotations_of,
    labels_of,
    name_of,
    spec_of,
    timestamp,
)
from lab.core.quantity import format_quantity
from lab.core.selectors import Selector
from lab.store.virtual import Announcer, FieldTerms, Row

_SPACE = uuid.UUID("3d0f56f5-0d3c-5c3f-8e16-0f6f35c1b6f0")
_CORDON = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


class NodeCollection:
    """The v1 Nodes of a member."""

    api_version = "v1"
    kind = "Node"

    def __init__(self, bench: Workbench, seed: str, version: str) -> None:
        self._bench, self._seed, self._kubelet_version = bench, seed, version
        self._nodes: NodeTable = bench.nodes
        self._announcer: Announcer | None = None
        self._versions = np.ones(len(self._nodes), dtype=np.int64)
        self._created_s = bench.agenda.now_s
        self._sorted = sorted(self._nodes.names)

    def announce_to(self, announcer: Announcer) -> None:
        """Tell an API server of changes from now on."""
        self._announcer = announcer
        if len(self._nodes):
            self._versions[:] = announcer.next_version()

    def get(self, namespace: str, name: str) -> Manifest | None:
        """Render one node."""
        row = None if namespace else self._nodes.rows.get(name)
        return None if row is None else self.render(row)

    def rows(
        self, namespace: str | None, after: Row | None, labels: Selector, fields: FieldTerms
    ) -> Iterator[Row]:
        """Yield nodes by name."""
        if namespace:
            return
        start = 0 if after is None else bisect_right(self._sorted, after[1])
        for name in self._sorted[start:]:
            if name in self._nodes.rows:
                yield "", name

    def render(self, row: int) -> Manifest:
        """Return the object of a row."""
        nodes = self._nodes
        name = nodes.names[row]
        node_class = nodes.classes[nodes.class_of[row]]
        spec: dict[str, Any] = {"providerID": f"fedlab://{self._bench.name}/{name}"}
        taints = [dict(taint) for taint in node_class.taint_maps]
        if nodes.unschedulable[row]:
            spec["unschedulable"] = True
            if not any(taint.get("key") == _CORDON["key"] for taint in taints):
                taints.append(dict(_CORDON))
        if taints:
            spec["taints"] = taints
        metadata: dict[str, Any] = {
            "name": name,
            "uid": str(uuid.uuid5(_SPACE, f"{self._seed}/{name}")),
            "resourceVersion": str(int(self._versions[row])),
            "creationTimestamp": timestamp(self._created_s),
            "labels": nodes.labels(row),
        }
        if node_class.annotations:
            metadata["annotations"] = dict(node_class.annotations)
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": metadata,
            "spec": spec,
            "status": self._status(row),
        }

    def _status(self, row: int) -> dict[str, Any]:
        nodes = self._nodes
        offered = nodes.pool_allocatable[nodes.pool_of[row]]
        quantities = {
            name: format_quantity(name, int(count))
            for name, count in zip(nodes.resources, offered, strict=True)
            if count or name in ("cpu", "memory", PODS)
        }
        ready = bool(nodes.ready[row])
        return {
            "capacity": quantities,
            "allocatable": quantities,
            "conditions": [*self._pressures(row), self._ready(row, ready=ready)],
            "addresses": [
                {"type": "InternalIP", "address": node_ip(row)},
                {"type": "Hostname", "address": nodes.names[row]},
            ],
            "nodeInfo": {
                "kubeletVersion": self._kubelet_version,
                "containerRuntimeVersion": "containerd://2.1.4",
                "osImage": "fedlab simulated node",
                "kernelVersion": "6.12.0",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        }

    def _heartbeat(self, row: int) -> str:
        """Return when the node was last heard of: computed from its lease phase."""
        phase_s = float(self._nodes.lease_phase_s[row])
        now_s = self._bench.agenda.now_s
        return timestamp(now_s - (now_s - phase_s) % LEASE_PERIOD_S)

    def _pressures(self, row: int) -> list[dict[str, Any]]:
        texts = (
            (
                "MemoryPressure",
                "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available",
            ),
            ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        )
        status = "False" if self._nodes.ready[row] else "Unknown"
        return [
            {
                "type": kind,
                "status": status,
                "reason": reason,
                "message": message,
                "lastHeartbeatTime": self._heartbeat(row),
                "lastTransitionTime": timestamp(self._created_s),
            }
            for kind, reason, message in texts
        ]

    def _ready(self, row: int, *, ready: bool) -> dict[str, Any]:
        return {
            "type": "Ready",
            "status": "True" if ready else "Unknown",
            "reason": "KubeletReady" if ready else "NodeStatusUnknown",
            "message": "kubelet is posting ready status"
            if ready
            else "Kubelet stopped posting node status.",
            "lastHeartbeatTime": self._heartbeat(row),
            "lastTransitionTime": timestamp(self._created_s),
        }

    def create(self, manifest: Manifest, now_s: float) -> Manifest:
        """Refuse: nodes come from the fleet's node pools."""
        raise ApiError(
            405,
            "MethodNotAllowed",
            "a simulated cluster's nodes come from the nodePools of the fleet; add one there",
        )

    def replace(self, old: Manifest, new: Manifest, subresource: str, now_s: float) -> Manifest:
        """Take over labels, annotations, taints and cordon; pods that wait are tried again."""
        row = self._nodes.rows.get(name_of(old))
        if row is None:
            raise ApiError(404, "NotFound", f'nodes "{name_of(old)}" not found')
        if subresource == "status":
            return self.render(row)  # a node's status is what its kubelet says
        spec = spec_of(new)
        taints = [t for t in spec.get("taints") or () if t.get("key") != _CORDON["key"]]
        self._nodes.edit(
            row,
            labels_of(new),
            annotations_of(new),
            taints,
            unschedulable=bool(spec.get("unschedulable")),
        )
        self._tell("MODIFIED", row, old)
        self._bench.node_changed(now_s)
        return self.render(row)

    def remove(
        self, namespace: str, name: str, now_s: float, grace_s: float | None
    ) -> Manifest | None:
        """Take a node out of the cluster; its pods go with it."""
        row = self._nodes.rows.get(name)
        if row is None:
            return None
        old = self.render(row)
        self._bench.lifecycle.terminate(self._bench.pods.rows_on(row), now_s, 0.0)
        self._nodes.remove(row)
        self._tell("DELETED", row, old)
        self._bench.node_changed(now_s)
        return None

    def _tell(self, change: Any, row: int, old: Manifest) -> None:
        if self._announcer is None:
            return
        version = self._announcer.next_version()
        self._versions[row] = version
        gone = change == "DELETED"
        self._announcer.changed(
            change, version, lambda: (old, old) if gone else (self.render(row), old)
        )

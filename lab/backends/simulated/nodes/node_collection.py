"""Nodes as a virtual collection: rendered when read; labels, taints and cordon go into the rows."""

from __future__ import annotations

import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.pods.nodes import (
    DISK_PRESSURE,
    MARK_TAINTS,
    NO_EXECUTE,
    PODS,
    NodeTable,
)
from lab.backends.simulated.pods.pod_view import node_ip
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
_SILENT = ("NodeStatusUnknown", "Kubelet stopped posting node status.")
_CORDON = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


Nodes = npt.NDArray[np.int64]


def _is_own(taint: Mapping[str, Any]) -> bool:
    """Tell whether a taint is one that the cluster puts on nodes and takes off itself."""
    marks = {(each.key, each.effect) for _, each in MARK_TAINTS}
    return taint.get("key") == _CORDON["key"] or (taint.get("key"), taint.get("effect")) in marks


class NodeCollection:
    """The v1 Nodes of a member."""

    api_version = "v1"
    kind = "Node"

    def __init__(self, bench: Workbench, seed: str, version: str) -> None:
        self._bench, self._seed, self._kubelet_version = bench, seed, version
        self._nodes: NodeTable = bench.nodes
        self._announcer: Announcer | None = None
        self._versions = np.ones(len(self._nodes), dtype=np.int64)
        self._created_s = np.full(len(self._nodes), bench.agenda.now_s)
        self._joined = np.zeros(len(self._nodes), dtype=np.int64)
        self._before: dict[int, Manifest] = {}
        self._sorted = sorted(self._nodes.names)
        self.on_taints: Callable[[Nodes, float], None] = lambda rows, now_s: None
        """Called with nodes whose taints somebody changed."""
        self.on_gone: Callable[[int, float], None] = lambda row, now_s: None
        """Called with a node whose object was deleted."""

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
        taints += self._own_taints(row)
        if taints:
            spec["taints"] = taints
        metadata: dict[str, Any] = {
            "name": name,
            "uid": str(uuid.uuid5(_SPACE, self._identity(row))),
            "resourceVersion": str(int(self._versions[row])),
            "creationTimestamp": timestamp(self._created_s[row]),
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

    def _identity(self, row: int) -> str:
        """Return what tells a node from all others, and from one of its name before it."""
        joined = int(self._joined[row])
        suffix = f"/{joined}" if joined else ""
        return f"{self._seed}/{self._nodes.names[row]}{suffix}"

    def _own_taints(self, row: int) -> list[dict[str, Any]]:
        """Return the taints that the cluster itself put on a node."""
        nodes, marks = self._nodes, int(self._nodes.marks[row])
        result = []
        for bit, taint in MARK_TAINTS:
            if marks & bit:
                entry: dict[str, Any] = {"key": taint.key, "effect": taint.effect}
                if bit != DISK_PRESSURE:
                    since_s = nodes.tainted_s[row] if bit == NO_EXECUTE else nodes.changed_s[row]
                    entry["timeAdded"] = timestamp(float(since_s))
                result.append(entry)
        return result

    def _status(self, row: int) -> dict[str, Any]:
        nodes = self._nodes
        offered = nodes.offered(row)
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
        nodes, api = self._nodes, self._bench.api
        phase_s = float(nodes.lease_phase_s[row])
        now_s = self._bench.agenda.now_s if api.up else api.shut_s
        last_s = now_s - (now_s - phase_s) % nodes.lease_period_s
        return timestamp(max(0.0, min(last_s, float(nodes.last_lease_s[row]))))

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
        nodes = self._nodes
        since_s = max(float(self._created_s[row]), float(nodes.changed_s[row]))
        result = []
        for kind, reason, message in texts:
            word, at_s = "False", since_s
            if not nodes.ready[row]:
                word, reason, message = "Unknown", *_SILENT
            elif kind == "DiskPressure" and nodes.marks[row] & DISK_PRESSURE:
                word, reason = "True", "KubeletHasDiskPressure"
                message, at_s = "kubelet has disk pressure", float(nodes.pressed_s[row])
            result.append(
                {
                    "type": kind,
                    "status": word,
                    "reason": reason,
                    "message": message,
                    "lastHeartbeatTime": self._heartbeat(row),
                    "lastTransitionTime": timestamp(at_s),
                }
            )
        return result

    def _ready(self, row: int, *, ready: bool) -> dict[str, Any]:
        return {
            "type": "Ready",
            "status": "True" if ready else "Unknown",
            "reason": "KubeletReady" if ready else _SILENT[0],
            "message": "kubelet is posting ready status" if ready else _SILENT[1],
            "lastHeartbeatTime": self._heartbeat(row),
            "lastTransitionTime": timestamp(
                max(float(self._created_s[row]), float(self._nodes.changed_s[row]))
            ),
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
        taints = [t for t in spec.get("taints") or () if not _is_own(t)]
        self._nodes.edit(
            row,
            labels_of(new),
            annotations_of(new),
            taints,
            unschedulable=bool(spec.get("unschedulable")),
        )
        self._tell("MODIFIED", row, old)
        self.on_taints(np.array([row], dtype=np.int64), now_s)
        self._bench.node_changed(now_s)
        return self.render(row)

    def remove(
        self, namespace: str, name: str, now_s: float, grace_s: float | None
    ) -> Manifest | None:
        """Take a node out of the cluster."""
        row = self._nodes.rows.get(name)
        if row is None:
            return None
        self.take_away(row, now_s)
        return None

    def take_away(self, row: int, now_s: float) -> None:
        """Delete the object of a node, if it is there; its pods go later, as orphans."""
        if not self._nodes.exists[row]:
            return
        old = self.render(row)
        self._nodes.remove(row)
        self._tell("DELETED", row, old)
        self.on_gone(row, now_s)
        self._bench.node_changed(now_s)

    def rejoin(self, rows: Nodes, now_s: float) -> None:
        """Machines whose objects were deleted register again."""
        for row in rows.tolist():
            self._nodes.restore(row)
            self._created_s[row] = now_s
            self._joined[row] += 1
            self._tell("ADDED", row, None)

    def before(self, rows: Nodes) -> None:
        """Remember how nodes look that are about to change, if anybody wants to know."""
        self._before.clear()
        if self._announcer is not None and self._announcer.wanted():
            self._before = {row: self.render(row) for row in rows.tolist()}

    def after(self, rows: Nodes) -> None:
        """Tell of nodes that have changed."""
        for row in rows.tolist():
            self._tell("MODIFIED", row, self._before.get(row))

    def _tell(self, change: Any, row: int, old: Manifest | None) -> None:
        if self._announcer is None:
            return
        version = self._announcer.next_version()
        self._versions[row] = version
        gone = change == "DELETED"
        self._announcer.changed(
            change, version, lambda: (old or {}, old) if gone else (self.render(row), old)
        )

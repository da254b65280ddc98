"""The nodes of a member as columns: class, liveness, lease phase, what is free.

A class is what equal nodes share (pool, labels, taints); an edit of one node moves it to a class of
its own. Rows are never reused while a member lives, so a row is a node's identity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from lab.core.fleet import ClusterSpec, NodePool
from lab.core.quantity import int_value, resource_value
from lab.core.taints import Taint, taints_of

HOSTNAME = "kubernetes.io/hostname"
PODS = "pods"
NEVER = float("inf")
_REGION = "topology.kubernetes.io/region"
_ZONE = "topology.kubernetes.io/zone"

UNREACHABLE, NO_EXECUTE, DISK_PRESSURE = 1, 2, 4
"""Bits of the column `marks`: the taints that a cluster itself puts on a node."""
MARK_TAINTS: tuple[tuple[int, Taint], ...] = (
    (UNREACHABLE, Taint("node.kubernetes.io/unreachable", "", "NoSchedule")),
    (NO_EXECUTE, Taint("node.kubernetes.io/unreachable", "", "NoExecute")),
    (DISK_PRESSURE, Taint("node.kubernetes.io/disk-pressure", "", "NoSchedule")),
)


@dataclass(frozen=True, slots=True)
class NodeClass:
    """What equal nodes share. `labels` are without the hostname, which every node adds itself."""

    pool: int
    labels: tuple[tuple[str, str], ...]
    annotations: tuple[tuple[str, str], ...]
    taint_maps: tuple[tuple[tuple[str, Any], ...], ...]

    @property
    def taints(self) -> tuple[Taint, ...]:
        """The taints, parsed."""
        return taints_of([dict(taint) for taint in self.taint_maps])


class NodeTable:
    """All nodes of a member.

    Columns, by row: `class_of`, `unschedulable`, `exists`, `free[resource, row]`; the truth:
    `alive` (the machine runs); what the cluster believes: `ready` (its condition), `changed_s`
    (since when), `marks` (taints the cluster itself put on it), `tainted_s` (since when pods are
    to leave it), `pressed_s` (since when its disk is full); and for heartbeats `lease_phase_s`
    (when within its period a lease is renewed) and `last_lease_s` (the last one of a dead node).
    """

    def __init__(
        self, spec: ClusterSpec, chance: np.random.Generator, lease_period_s: float = 10.0
    ) -> None:
        self.pools: Sequence[NodePool] = spec.node_pools
        self.names: list[str] = []
        self.classes: list[NodeClass] = []
        self._class_index: dict[NodeClass, int] = {}
        self.version = 0
        """Grows with every change that scheduling or a probe could notice."""
        classes: list[int] = []
        for index, pool in enumerate(self.pools):
            zones = pool.zones or spec.zones
            for number in range(pool.nodes):
                zone = zones[number % len(zones)] if zones else ""
                self.names.append(_name(spec.name, pool, number))
                classes.append(self._intern(_class(spec, index, pool, zone)))
        count = len(self.names)
        self.rows: dict[str, int] = {name: row for row, name in enumerate(self.names)}
        self.class_of = np.array(classes, dtype=np.int16)
        self.pool_of = np.array([self.classes[c].pool for c in classes], dtype=np.int16)
        self.exists = np.ones(count, dtype=bool)
        self.ready = np.ones(count, dtype=bool)
        self.unschedulable = np.zeros(count, dtype=bool)
        self.alive = np.ones(count, dtype=bool)
        self.changed_s = np.full(count, -NEVER)
        self.marks = np.zeros(count, dtype=np.uint8)
        self.tainted_s = np.full(count, NEVER)
        self.pressed_s = np.full(count, NEVER)
        self.lease_period_s = lease_period_s
        self.lease_phase_s = np.round(chance.random(count) * lease_period_s, 3)
        self.last_lease_s = np.full(count, NEVER)
        self.left = np.ones(count)
        """Share of its allocatable resources that a node still offers."""
        self.resources: list[str] = ["cpu", "memory", PODS]
        for pool in self.pools:
            self.resources += [name for name in pool.extended if name not in self.resources]
        self._index = {name: at for at, name in enumerate(self.resources)}
        self.pool_allocatable = np.array(
            [[_allocatable(pool, name) for name in self.resources] for pool in self.pools],
            dtype=np.int64,
        ).reshape(len(self.pools), len(self.resources))
        self.free = np.ascontiguousarray(self.pool_allocatable[self.pool_of].T)

    def __len__(self) -> int:
        return len(self.names)

    def resource_index(self, resource: str) -> int:
        """Return the row of `free` for a resource; one no node offers gets a row of zeros."""
        at = self._index.get(resource)
        if at is None:
            at = self._index[resource] = len(self.resources)
            self.resources.append(resource)
            zeros = np.zeros((1, len(self)), dtype=np.int64)
            self.free = np.ascontiguousarray(np.vstack([self.free, zeros]))
            column = np.zeros((len(self.pools), 1), dtype=np.int64)
            self.pool_allocatable = np.hstack([self.pool_allocatable, column])
        return at

    def resize(self, row: int, left: float) -> None:
        """Let a node offer a share of what it offered at first; what pods hold is not asked."""
        before = self.offered(row)
        self.left[row] = left
        self.free[:, row] += self.offered(row) - before
        self.version += 1

    def counts(self, resource: str) -> bool:
        """Tell whether a resource limits pods here.

        Local disk is only counted where a node pool says how much there is.
        """
        return resource != "ephemeral-storage" or resource in self._index

    def allocatable(self) -> npt.NDArray[np.int64]:
        """Return [resource, row], what every node offers."""
        offered: npt.NDArray[np.int64] = np.ascontiguousarray(self.pool_allocatable[self.pool_of].T)
        if self.left.min(initial=1.0) < 1.0:
            offered = np.floor(offered * self.left + 1e-6).astype(np.int64)
        return offered

    def offered(self, row: int) -> npt.NDArray[np.int64]:
        """Return what one node offers, by resource."""
        return self.offer(int(self.pool_of[row]), float(self.left[row]))

    def offer(self, pool: int, left: float) -> npt.NDArray[np.int64]:
        """Return what a node of a pool offers of which a share is left."""
        whole = self.pool_allocatable[pool]
        offered: npt.NDArray[np.int64] = np.floor(whole * left + 1e-6).astype(np.int64)
        return whole if left == 1.0 else offered

    def labels(self, row: int) -> dict[str, str]:
        """Return the labels of a node."""
        labels = dict(self.classes[self.class_of[row]].labels)
        return {HOSTNAME: self.names[row], **labels} if HOSTNAME not in labels else labels

    def taints(self, row: int) -> tuple[Taint, ...]:
        """Return all taints of a node that scheduling and eviction look at, without the cordon."""
        return (*self.classes[self.class_of[row]].taints, *marked_taints(int(self.marks[row])))

    def zone_key(self, row: int) -> tuple[str, str]:
        """Return (region, zone) of a node: what disruptions are counted by."""
        labels = dict(self.classes[self.class_of[row]].labels)
        return labels.get(_REGION, ""), labels.get(_ZONE, "")

    def zones(self) -> tuple[list[tuple[str, str]], npt.NDArray[np.int64]]:
        """Return all (region, zone), and per node the number of its own."""
        names: dict[tuple[str, str], int] = {}
        of_class = np.zeros(len(self.classes), dtype=np.int64)
        for at, each in enumerate(self.classes):
            labels = dict(each.labels)
            key = labels.get(_REGION, ""), labels.get(_ZONE, "")
            of_class[at] = names.setdefault(key, len(names))
        return list(names), of_class[self.class_of]

    def edit(
        self,
        row: int,
        labels: Mapping[str, str],
        annotations: Mapping[str, str],
        taints: Sequence[Mapping[str, Any]],
        *,
        unschedulable: bool,
    ) -> None:
        """Take over what a user may change on a node."""
        own = {key: value for key, value in labels.items() if key != HOSTNAME}
        if labels.get(HOSTNAME, self.names[row]) != self.names[row]:
            own[HOSTNAME] = labels[HOSTNAME]
        changed = NodeClass(
            self.classes[self.class_of[row]].pool,
            tuple(sorted(own.items())),
            tuple(sorted(annotations.items())),
            tuple(tuple(sorted(taint.items())) for taint in taints),
        )
        self.class_of[row] = self._intern(changed)
        self.unschedulable[row] = unschedulable
        self.version += 1

    def remove(self, row: int) -> None:
        """Take a node out of the cluster (its object was deleted)."""
        self.exists[row] = False
        self.rows.pop(self.names[row], None)
        self.version += 1

    def restore(self, row: int) -> None:
        """Let a node that was taken out join again."""
        self.exists[row] = self.ready[row] = True
        self.unschedulable[row] = False
        self.marks[row] = 0
        self.tainted_s[row] = self.pressed_s[row] = NEVER
        self.rows[self.names[row]] = row
        self.version += 1

    def _intern(self, wanted: NodeClass) -> int:
        known = self._class_index.get(wanted)
        if known is None:
            known = self._class_index[wanted] = len(self.classes)
            self.classes.append(wanted)
        return known


@lru_cache(maxsize=256)
def marked_taints(marks: int) -> tuple[Taint, ...]:
    """Return the taints that the bits of a node's `marks` stand for."""
    return tuple(taint for bit, taint in MARK_TAINTS if marks & bit)


def _name(cluster: str, pool: NodePool, number: int) -> str:
    if number < len(pool.node_names):
        return pool.node_names[number]
    return f"{cluster}-{pool.name}-{number + 1}"


def _class(spec: ClusterSpec, index: int, pool: NodePool, zone: str) -> NodeClass:
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
    }
    if spec.region:
        labels["topology.kubernetes.io/region"] = spec.region
    if zone:
        labels["topology.kubernetes.io/zone"] = zone
    labels.update(pool.labels)
    taints = tuple(tuple(sorted(taint.items())) for taint in pool.taints)
    return NodeClass(index, tuple(sorted(labels.items())), (), taints)


def _allocatable(pool: NodePool, resource: str) -> int:
    if resource == PODS:
        return pool.pods
    if resource == "cpu":
        return resource_value("cpu", pool.cpu)
    if resource == "memory":
        return int_value(pool.memory)
    return int_value(pool.extended.get(resource, "0"))

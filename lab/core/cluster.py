"""Clusters as the scheduler sees them: read once per manifest, and remembered by its identity.

A `Cluster` is frozen; what it remembers (affinity answers, estimates) depends on nothing else.
Source: Karmada v1.19 `pkg/apis/cluster/v1alpha1`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from lab.core.capacity import Capacity, capacity_of
from lab.core.manifest import (
    Manifest,
    condition,
    is_deleting,
    labels_of,
    name_of,
    spec_of,
    status_of,
)
from lab.core.reading import texts
from lab.core.taints import Taint, taints_of

_REMEMBERED = 4_096


class Cluster:
    """One member as its Cluster object tells it. Equal only to itself.

    What only scheduling asks for (APIs, capacity) is read when first asked for: the status of a
    cluster changes far more often than anybody schedules.
    """

    __slots__ = (
        "_apis",
        "_capacity",
        "deleting",
        "labels",
        "manifest",
        "matched",
        "name",
        "provider",
        "region",
        "taints",
        "zones",
    )

    def __init__(self, manifest: Manifest) -> None:
        spec = spec_of(manifest)
        self.manifest = manifest
        self.name = name_of(manifest)
        self.labels: Mapping[str, str] = labels_of(manifest)
        self.deleting = is_deleting(manifest)
        self.provider = str(spec.get("provider") or "")
        self.region = str(spec.get("region") or "")
        self.zones: tuple[str, ...] = texts(spec.get("zones"))
        self.taints: tuple[Taint, ...] = taints_of(spec.get("taints"))
        self.matched: dict[object, bool] = {}
        self._apis: frozenset[tuple[str, str]] | None = None
        self._capacity: Capacity | Literal[False] | None = False

    @property
    def capacity(self) -> Capacity | None:
        """Return the room the cluster reports; None means it reports none, so there is none."""
        if self._capacity is False:
            models = spec_of(self.manifest).get("resourceModels")
            self._capacity = capacity_of(status_of(self.manifest).get("resourceSummary"), models)
        return self._capacity

    @property
    def apis(self) -> frozenset[tuple[str, str]]:
        """Return the APIs it reports, as (groupVersion, kind)."""
        if self._apis is None:
            self._apis = _apis(status_of(self.manifest))
        return self._apis

    @property
    def apis_complete(self) -> bool:
        """Tell whether the list of APIs is known to be complete."""
        return self._condition("CompleteAPIEnablements") == "True"

    @property
    def ready(self) -> str:
        """Return the status of the Ready condition: True, False or Unknown."""
        return self._condition("Ready") or "Unknown"

    def serves(self, api_version: str, kind: str) -> bool:
        """Tell whether the cluster is known to have an API."""
        return (api_version, kind) in self.apis

    def _condition(self, kind: str) -> str:
        return str((condition(self.manifest, kind) or {}).get("status") or "")

    def __repr__(self) -> str:
        return f"Cluster({self.name})"


def _apis(status: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for group in status.get("apiEnablements") or ():
        version = str(group.get("groupVersion") or "")
        found.extend((version, str(r.get("kind") or "")) for r in group.get("resources") or ())
    return frozenset(found)


_by_identity: dict[int, tuple[Manifest, Cluster]] = {}


def cluster_of(manifest: Manifest) -> Cluster:
    """Return the parsed form of a Cluster manifest (frozen: nobody changes it afterwards)."""
    remembered = _by_identity.get(id(manifest))
    if remembered is not None and remembered[0] is manifest:
        return remembered[1]
    if len(_by_identity) >= _REMEMBERED:
        _by_identity.clear()
    cluster = Cluster(manifest)
    _by_identity[id(manifest)] = (manifest, cluster)
    return cluster


class ClusterSnapshot:
    """All clusters of a moment, in the order given. Build it once per change of the fleet."""

    __slots__ = ("_by_name", "clusters", "deleting", "serving")

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        self.clusters: tuple[Cluster, ...] = tuple(cluster_of(entry) for entry in manifests)
        self.serving: tuple[Cluster, ...] = tuple(c for c in self.clusters if not c.deleting)
        """Those not being deleted: only they are looked at for scheduling."""
        self.deleting: frozenset[str] = frozenset(c.name for c in self.clusters if c.deleting)
        self._by_name = {cluster.name: cluster for cluster in self.clusters}

    def __len__(self) -> int:
        return len(self.clusters)

    def __iter__(self) -> Iterator[Cluster]:
        return iter(self.clusters)

    def get(self, name: str) -> Cluster | None:
        """Return the cluster of a name, or None."""
        return self._by_name.get(name)


def snapshot_of(clusters: Sequence[Manifest] | ClusterSnapshot) -> ClusterSnapshot:
    """Return a snapshot of Cluster manifests, or the snapshot itself."""
    return clusters if isinstance(clusters, ClusterSnapshot) else ClusterSnapshot(clusters)

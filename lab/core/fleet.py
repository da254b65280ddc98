"""What a fleet is made of, as data: clusters, node pools, network. Backends make it real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class NodePool:
    """Equal nodes. Quantities are Kubernetes texts; nodes are spread round-robin over `zones`."""

    name: str
    nodes: int
    cpu: str = "4"
    memory: str = "16Gi"
    pods: int = 110
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Mapping[str, str], ...] = ()
    zones: tuple[str, ...] = ()
    extended: Mapping[str, str] = field(default_factory=dict)
    """Further allocatable resources, for example {"nvidia.com/gpu": "4"}."""
    node_names: tuple[str, ...] = ()
    """Names of the nodes; empty: `<cluster>-<pool>-<n>`."""


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """One member cluster of a fleet, as the scenario or fleet file describes it."""

    name: str
    provider: str = ""
    region: str = ""
    zones: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Mapping[str, Any], ...] = ()
    sync_mode: str = "Push"
    joined: bool = True
    """False: the cluster exists but is not registered until somebody joins it."""
    kubernetes_version: str = "v1.36.2"
    node_pools: tuple[NodePool, ...] = (NodePool("default", 3),)
    resource_models: tuple[Mapping[str, Any], ...] = ()
    """Empty: Karmada's default nine grades, added at registration."""
    latency_s: float = 0.005
    """One request between the hub and this cluster's API, there and back."""
    missing_apis: tuple[str, ...] = ()
    """APIs this cluster does not serve, as `group/version` or `group/version/Kind`."""
    extra_apis: tuple[Mapping[str, Any], ...] = ()
    """APIs beyond the built-in ones: {groupVersion, resources: [{name, kind}]}."""
    manifests: tuple[Mapping[str, Any], ...] = ()
    """Objects that stand in the cluster before the run begins."""
    timings: Mapping[str, Any] = field(default_factory=dict)
    """Overrides of the simulated backend's timings for this cluster."""


@dataclass(frozen=True, slots=True)
class FleetSpec:
    """All member clusters, in the order of the file."""

    clusters: tuple[ClusterSpec, ...]

    def cluster(self, name: str) -> ClusterSpec | None:
        """Return the cluster of that name, or None."""
        return next((cluster for cluster in self.clusters if cluster.name == name), None)


def nodes_of(spec: ClusterSpec) -> tuple[tuple[str, str], ...]:
    """Return name and zone ("" if none) of every node that a cluster begins with.

    Example:
        >>> nodes_of(ClusterSpec("east", zones=("a", "b"), node_pools=(NodePool("n", 2),)))
        (('east-n-1', 'a'), ('east-n-2', 'b'))
    """
    found: list[tuple[str, str]] = []
    for pool in spec.node_pools:
        zones = pool.zones or spec.zones
        for number in range(pool.nodes):
            given = number < len(pool.node_names)
            name = pool.node_names[number] if given else f"{spec.name}-{pool.name}-{number + 1}"
            found.append((name, zones[number % len(zones)] if zones else ""))
    return tuple(found)

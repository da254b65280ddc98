"""The blast of a fault: which clusters, nodes, pods and applications it would strike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lab.core.faults.kinds import KINDS
from lab.core.faults.model import Fault
from lab.core.faults.parts import parts_of, played_kind
from lab.core.faults.selection import Selection, select
from lab.core.fleet import FleetSpec, nodes_of
from lab.core.labels import BINDING_API
from lab.core.manifest import Manifest, get_in, name_of, namespace_of, spec_of
from lab.core.model import HUB


class State(Protocol):
    """The objects of the hub and of the members, as they stand."""

    def list(
        self, cluster: str, api_version: str, kind: str, namespace: str | None = None
    ) -> Sequence[Manifest]:
        """Return the objects of a kind."""


@dataclass(frozen=True, slots=True)
class StruckCluster:
    """One cluster and what of it is struck (counts)."""

    name: str
    kinds: tuple[str, ...]
    nodes: int
    of_nodes: int
    pods: int
    of_pods: int


@dataclass(frozen=True, slots=True)
class StruckApplication:
    """A template with replicas in the struck clusters.

    Attributes:
        kind: Of the template.
        namespace: Of the template.
        name: Of the template.
        replicas: Of the template in all clusters, as scheduled.
        struck: Those in the struck clusters, by cluster.
    """

    kind: str
    namespace: str
    name: str
    replicas: int
    struck: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Blast:
    """What a fault would strike.

    Attributes:
        fault: Name of the fault.
        kind: Its kind.
        pods_stop: The struck pods stop; otherwise they run on, and only the API is struck.
        hub: The hub is struck.
        clusters: In the order of the fleet.
        applications: By kind, namespace and name.
        between: The two members of a cut link.
    """

    fault: str
    kind: str
    pods_stop: bool
    hub: bool = False
    clusters: tuple[StruckCluster, ...] = ()
    applications: tuple[StruckApplication, ...] = ()
    between: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the blast as JSON-ready data."""
        return {
            "fault": self.fault,
            "kind": self.kind,
            "hub": self.hub,
            "podsStop": self.pods_stop,
            "between": list(self.between),
            "clusters": [
                {
                    "name": each.name,
                    "plays": list(each.kinds),
                    "nodes": each.nodes,
                    "ofNodes": each.of_nodes,
                    "pods": each.pods,
                    "ofPods": each.of_pods,
                }
                for each in self.clusters
            ],
            "applications": [
                {
                    "kind": each.kind,
                    "namespace": each.namespace,
                    "name": each.name,
                    "replicas": each.replicas,
                    "struck": dict(each.struck),
                }
                for each in self.applications
            ],
        }


def preview(fault: Fault, fleet: FleetSpec, state: State, seed: int = 0) -> Blast:
    """Return what a fault would strike now.

    Args:
        fault: The fault.
        fleet: The clusters.
        state: What stands in them.
        seed: Of the run, which chooses among several.

    Raises:
        TargetError: The target matches nothing.
    """
    between = tuple(fault.parameters.get("between") or ())
    selection = Selection() if between else select(fault, fleet, seed)
    kind = KINDS[played_kind(fault)]
    pods_stop = kind.harm == "pods" and fault.parameters.get("disk") != "etcd"
    if selection.hub or between:
        return Blast(fault.name, fault.kind, False, hub=selection.hub, between=between)
    kinds: dict[str, list[str]] = {}
    nodes: dict[str, frozenset[str]] = {}
    for part in parts_of(fault, selection, fleet):
        kinds.setdefault(part.cluster, []).append(part.kind)
        spec = fleet.cluster(part.cluster)
        assert spec is not None
        every = (name for name, _ in nodes_of(spec))
        nodes[part.cluster] = frozenset(part.parameters.get("nodes", every))
    clusters, pods = [], dict[str, Sequence[Manifest]]()
    for name in selection.clusters:
        spec = fleet.cluster(name)
        assert spec is not None
        every_pod = [pod for pod in state.list(name, "v1", "Pod") if _placed(pod)]
        pods[name] = [pod for pod in every_pod if spec_of(pod).get("nodeName") in nodes[name]]
        counts = len(nodes[name]), len(nodes_of(spec)), len(pods[name]), len(every_pod)
        clusters.append(StruckCluster(name, tuple(kinds[name]), *counts))
    applications = _applications(state, pods, bool(selection.nodes))
    return Blast(
        fault.name, fault.kind, pods_stop, clusters=tuple(clusters), applications=applications
    )


def _placed(pod: Manifest) -> bool:
    done = get_in(pod, ("status", "phase")) in {"Succeeded", "Failed"}
    return bool(spec_of(pod).get("nodeName")) and not done


def _applications(
    state: State, pods: Mapping[str, Sequence[Manifest]], by_pods: bool
) -> tuple[StruckApplication, ...]:
    """Return the templates with replicas in the struck clusters.

    Args:
        state: What stands in the clusters.
        pods: The struck pods by cluster.
        by_pods: Only some nodes are struck: count pods instead of scheduled replicas.
    """
    owned = {cluster: _by_owner(state, cluster, pods[cluster]) for cluster in pods}
    found = []
    for kind in ("ResourceBinding", "ClusterResourceBinding"):
        for binding in state.list(HUB, BINDING_API, kind):
            about = spec_of(binding).get("resource") or {}
            owner = str(about.get("kind")), str(about.get("namespace") or ""), str(about["name"])
            targets = {
                str(each.get("name")): int(each.get("replicas") or 0)
                for each in spec_of(binding).get("clusters") or ()
            }
            struck = {}
            for cluster in pods:
                counted = owned[cluster].get(owner, 0)  # of a DaemonSet no replicas are scheduled
                here = counted if by_pods else targets.get(cluster, 0) or counted
                if cluster in targets and here:
                    struck[cluster] = here
            if struck:
                replicas = sum(targets.values()) or sum(struck.values())
                found.append(StruckApplication(*owner, replicas, struck))
    return tuple(sorted(found, key=lambda each: (each.kind, each.namespace, each.name)))


def _by_owner(
    state: State, cluster: str, pods: Sequence[Manifest]
) -> Mapping[tuple[str, str, str], int]:
    """Return how many of the pods each top-level workload has: (kind, namespace, name) to count."""
    above = {}
    for api, kind in (("apps/v1", "ReplicaSet"), ("batch/v1", "Job")):
        for each in state.list(cluster, api, kind):
            above[kind, namespace_of(each), name_of(each)] = _controller(each)
    counts: dict[tuple[str, str, str], int] = {}
    for pod in pods:
        owner = _controller(pod)
        while owner is not None and above.get(owner) is not None:
            owner = above[owner]
        if owner is not None:
            counts[owner] = counts.get(owner, 0) + 1
    return counts


def _controller(manifest: Manifest) -> tuple[str, str, str] | None:
    for owner in get_in(manifest, ("metadata", "ownerReferences")) or ():
        if owner.get("controller"):
            return str(owner.get("kind")), namespace_of(manifest), str(owner.get("name"))
    return None

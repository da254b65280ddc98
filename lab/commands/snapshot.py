"""A federation at one moment, small and frozen: what a screen or a report needs at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab.commands.context import World
from lab.commands.explain_object import CRB, RB, WORK
from lab.commands.get import CLUSTER
from lab.core.manifest import (
    Manifest,
    condition,
    get_in,
    is_deleting,
    name_of,
    namespace_of,
    spec_of,
    status_of,
)
from lab.core.model import HUB


@dataclass(frozen=True, slots=True)
class ClusterState:
    """One registered member, as the hub knows it."""

    name: str
    ready: str
    """True, False or Unknown."""
    reason: str
    leaving: bool
    provider: str
    region: str
    taints: tuple[str, ...]
    nodes: int
    ready_nodes: int
    works: int
    applied_works: int


@dataclass(frozen=True, slots=True)
class BindingState:
    """One binding: where it is scheduled, and how far that has come."""

    kind: str
    namespace: str
    name: str
    template: str
    """`Deployment web`."""
    clusters: tuple[tuple[str, int | None], ...]
    """Name and replicas (None for what has none)."""
    scheduled: str
    reason: str
    fully_applied: str
    health: tuple[tuple[str, str], ...]
    """Cluster and Healthy, Unhealthy or Unknown."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole federation at one moment."""

    now_s: float
    clusters: tuple[ClusterState, ...]
    bindings: tuple[BindingState, ...]


def take_snapshot(world: World) -> Snapshot:
    """Return the federation as it stands in `world`."""
    works: dict[str, list[Manifest]] = {}
    for work in world.list(HUB, *WORK):
        works.setdefault(namespace_of(work), []).append(work)
    return Snapshot(
        world.now_s,
        tuple(
            _cluster(each, works.get(f"karmada-es-{name_of(each)}", []))
            for each in world.list(HUB, *CLUSTER)
        ),
        tuple(_binding(each) for kind in (RB, CRB) for each in world.list(HUB, *kind)),
    )


def _word(manifest: Manifest, kind: str, field: str = "status", default: str = "Unknown") -> str:
    return str((condition(manifest, kind) or {}).get(field) or default)


def _cluster(cluster: Manifest, works: list[Manifest]) -> ClusterState:
    spec, nodes = spec_of(cluster), status_of(cluster).get("nodeSummary") or {}
    return ClusterState(
        name=name_of(cluster),
        ready=_word(cluster, "Ready"),
        reason=_word(cluster, "Ready", "reason", ""),
        leaving=is_deleting(cluster),
        provider=str(spec.get("provider") or ""),
        region=str(spec.get("region") or ""),
        taints=tuple(_taint(each) for each in spec.get("taints") or ()),
        nodes=int(nodes.get("totalNum") or 0),
        ready_nodes=int(nodes.get("readyNum") or 0),
        works=len(works),
        applied_works=sum(_word(work, "Applied") == "True" for work in works),
    )


def _taint(taint: Any) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint.get('key')}{value}:{taint.get('effect')}"


def _binding(binding: Manifest) -> BindingState:
    about = get_in(binding, ("spec", "resource")) or {}
    return BindingState(
        kind=str(binding.get("kind")),
        namespace=namespace_of(binding),
        name=name_of(binding),
        template=f"{about.get('kind', '')} {about.get('name', '')}",
        clusters=tuple(
            (str(each.get("name")), each.get("replicas"))
            for each in spec_of(binding).get("clusters") or ()
        ),
        scheduled=_word(binding, "Scheduled"),
        reason=_word(binding, "Scheduled", "reason", ""),
        fully_applied=_word(binding, "FullyApplied"),
        health=tuple(
            (str(each.get("clusterName")), str(each.get("health") or "Unknown"))
            for each in status_of(binding).get("aggregatedStatus") or ()
        ),
    )

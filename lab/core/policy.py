"""Placements, parsed once: where a template should go and how its replicas are shared out.

`placement_of` reads leniently and remembers what it read, by the identity of the (frozen) map and
by its content, so that equal placements are one object: the scheduler compares and looks up by it.
What is wrong with a placement is told by `lab.core.admission.placement`.
Source: Karmada v1.19 `pkg/apis/policy/v1alpha1/propagation_types.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.core.affinity import ClusterAffinity, cluster_affinity
from lab.core.placement_text import CanonicalPlacement, canonical_placement
from lab.core.reading import whole
from lab.core.taints import Toleration, tolerations_of

DUPLICATED, DIVIDED = "Duplicated", "Divided"
AGGREGATED, WEIGHTED = "Aggregated", "Weighted"
CLUSTER, REGION, ZONE, PROVIDER = "cluster", "region", "zone", "provider"
_REMEMBERED = 16_384


@dataclass(frozen=True, slots=True)
class SpreadConstraint:
    """How many groups (clusters, regions…) to use; `max_groups` 0 is an unset one: none at all."""

    by_field: str
    by_label: str
    min_groups: int
    max_groups: int


@dataclass(frozen=True, slots=True, eq=False)
class StaticWeight:
    """A weight (no unit) for the clusters that match."""

    target: ClusterAffinity
    weight: int


@dataclass(frozen=True, slots=True, eq=False)
class ReplicaScheduling:
    """How replicas are shared out. `has_weights` tells a weightPreference from an absent one."""

    type: str
    division: str
    has_weights: bool
    static_weights: tuple[StaticWeight, ...]
    dynamic_weight: str


@dataclass(frozen=True, slots=True, eq=False)
class AffinityTerm:
    """One of several ordered groups of clusters, with the groups it may overflow into."""

    name: str
    affinity: ClusterAffinity
    overflow: tuple[tuple[str, ClusterAffinity], ...]
    can_overflow: bool
    """overflowAffinities is present, even if empty."""


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A parsed placement. Equal only to itself; equal maps give the same one."""

    affinity: ClusterAffinity | None
    terms: tuple[AffinityTerm, ...] | None
    tolerations: tuple[Toleration, ...]
    spread: tuple[SpreadConstraint, ...]
    replica_scheduling: ReplicaScheduling | None
    affinity_label: str
    """Template label whose value groups workloads that belong together."""
    anti_affinity_label: str
    """Template label whose value groups workloads that keep apart."""
    canonical: CanonicalPlacement

    @property
    def text(self) -> str:
        """The JSON text the scheduler stores as the applied placement."""
        return self.canonical.text

    @property
    def scheduling_type(self) -> str:
        """Duplicated or Divided; no replicaScheduling at all means Duplicated."""
        return self.replica_scheduling.type if self.replica_scheduling else DUPLICATED

    @property
    def is_duplicated(self) -> bool:
        """Tell whether every selected cluster gets all replicas."""
        return self.scheduling_type == DUPLICATED

    @property
    def strategy(self) -> str:
        """Duplicated, Aggregated, DynamicWeight or StaticWeight; empty if it is none of them."""
        scheduling = self.replica_scheduling
        if scheduling is None or scheduling.type == DUPLICATED:
            return DUPLICATED
        if scheduling.type != DIVIDED:
            return ""
        if scheduling.division == AGGREGATED:
            return AGGREGATED
        if scheduling.division != WEIGHTED:
            return ""
        return "DynamicWeight" if scheduling.dynamic_weight else "StaticWeight"

    @property
    def ignores_spread(self) -> bool:
        """Tell whether spread constraints have no say: they have none with static weights."""
        scheduling = self.replica_scheduling
        return (
            scheduling is not None
            and scheduling.type == DIVIDED
            and scheduling.division == WEIGHTED
            and (
                not scheduling.has_weights
                or (bool(scheduling.static_weights) and not scheduling.dynamic_weight)
            )
        )

    def constraint(self, field: str) -> SpreadConstraint | None:
        """Return the constraint of a field; the last one counts if there are several."""
        return next((c for c in reversed(self.spread) if c.by_field == field), None)

    def term(self, name: str) -> AffinityTerm | None:
        """Return the affinity term of a name, or None."""
        return next((term for term in self.terms or () if term.name == name), None)


_by_identity: dict[int, tuple[Mapping[str, Any], Placement]] = {}
_by_content: dict[str, Placement] = {}


def placement_of(source: Mapping[str, Any]) -> Placement:
    """Return the parsed form of a placement map (frozen: nobody changes it afterwards)."""
    remembered = _by_identity.get(id(source))
    if remembered is not None and remembered[0] is source:
        return remembered[1]
    canonical = canonical_placement(source)
    placement = _by_content.get(canonical.text)
    if placement is None:
        if len(_by_content) >= _REMEMBERED:
            _by_content.clear()
        placement = _by_content[canonical.text] = _parse(canonical.value, canonical)
    if len(_by_identity) >= _REMEMBERED:
        _by_identity.clear()
    _by_identity[id(source)] = (source, placement)
    return placement


def _parse(source: Mapping[str, Any], canonical: CanonicalPlacement) -> Placement:
    """Parse a canonical map: fields are absent or of the right type."""
    affinity, terms = source.get("clusterAffinity"), source.get("clusterAffinities")
    workload = source.get("workloadAffinity") or {}
    return Placement(
        affinity=None if affinity is None else cluster_affinity(affinity),
        terms=None if terms is None else tuple(_term(term) for term in terms),
        tolerations=tolerations_of(source.get("clusterTolerations")),
        spread=tuple(_spread(entry) for entry in source.get("spreadConstraints", ())),
        replica_scheduling=_replica_scheduling(source.get("replicaScheduling")),
        affinity_label=(workload.get("affinity") or {}).get("groupByLabelKey", ""),
        anti_affinity_label=(workload.get("antiAffinity") or {}).get("groupByLabelKey", ""),
        canonical=canonical,
    )


def _term(source: Mapping[str, Any]) -> AffinityTerm:
    overflow = source.get("overflowAffinities")
    return AffinityTerm(
        name=source["affinityName"],
        affinity=cluster_affinity(source),
        overflow=tuple((o["affinityName"], cluster_affinity(o)) for o in overflow or ()),
        can_overflow=overflow is not None,
    )


def _spread(source: Mapping[str, Any]) -> SpreadConstraint:
    return SpreadConstraint(
        by_field=source.get("spreadByField", ""),
        by_label=source.get("spreadByLabel", ""),
        min_groups=whole(source.get("minGroups")),
        max_groups=whole(source.get("maxGroups")),
    )


def _replica_scheduling(source: Mapping[str, Any] | None) -> ReplicaScheduling | None:
    if source is None:
        return None
    weights = source.get("weightPreference")
    listed = (weights or {}).get("staticWeightList", ())
    return ReplicaScheduling(
        # A block without a type gets the API's own default, which is not the absent block's.
        type=source.get("replicaSchedulingType") or DIVIDED,
        division=source.get("replicaDivisionPreference", ""),
        has_weights=weights is not None,
        static_weights=tuple(
            StaticWeight(cluster_affinity(entry["targetCluster"]), entry["weight"])
            for entry in listed
        ),
        dynamic_weight=(weights or {}).get("dynamicWeight", ""),
    )

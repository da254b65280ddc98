"""What filters and scores see and answer: a binding's request, a cluster, a verdict.

Source: Karmada v1.19 `pkg/scheduler/framework`, `pkg/apis/work/v1alpha2`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lab.core.cluster import Cluster
from lab.core.manifest import Manifest
from lab.core.policy import AffinityTerm, Placement

__all__ = ["ADMIT", "Binding", "Candidate", "Cluster", "Verdict", "admit", "reject"]


class Verdict(NamedTuple):
    """A filter's answer about one cluster: refused if there is a `reason`."""

    reason: str = ""
    note: str = ""
    """Why it was let through, or what exactly did not fit: for the explanation only."""


ADMIT = Verdict()


def admit(note: str) -> Verdict:
    """Return a verdict that lets a cluster through for a reason worth telling."""
    return Verdict("", note)


def reject(reason: str, note: str = "") -> Verdict:
    """Return a verdict that refuses a cluster; `reason` is the text Karmada gives."""
    return Verdict(reason, note)


@dataclass(slots=True)
class Component:
    """One pod template of a workload that has several."""

    name: str
    replicas: int
    requests: Mapping[str, str] | None


@dataclass(slots=True, eq=False)
class Binding:
    """A ResourceBinding's request, read once per turn. Nobody changes one."""

    name: str
    namespace: str
    api_version: str
    kind: str
    resource_namespace: str
    resource_name: str
    uid: str
    replicas: int
    has_requirements: bool
    requests: Mapping[str, str]
    """Resource requests of one replica, as quantity texts."""
    components: Sequence[Component]
    assigned: Mapping[str, int]
    """Present targets: cluster name to replicas (count), in the order of spec.clusters."""
    evicting: frozenset[str]
    placement: Placement
    observed_affinity: str
    """Name of the affinity term in force for this cycle; empty when there is none."""
    fresh: bool
    """A reschedule was asked for: forget how replicas lie now."""
    affinity_group: str
    anti_affinity_group: str
    others: Sequence[Manifest]

    @property
    def is_workload(self) -> bool:
        """Tell whether replicas mean anything here."""
        return self.replicas > 0 or self.has_requirements or bool(self.components)

    @property
    def term(self) -> AffinityTerm | None:
        """Return the affinity term in force, or None."""
        return self.placement.term(self.observed_affinity)


@dataclass(slots=True, eq=False)
class Candidate:
    """A cluster that passed the filters, as selection and assignment see it."""

    cluster: Cluster
    name: str
    score: int
    tier: int
    """0 for the main affinity, 1… for overflow groups; lower is used first."""
    allocatable: int
    """Replicas that fit in beside what is there (count)."""
    available: int
    """`allocatable` plus the replicas of this binding already there (count)."""


Filter = Callable[[Binding, Cluster], Verdict]
Score = Callable[[Binding, Cluster], int]


class FilterPlugin(NamedTuple):
    """A named filter."""

    name: str
    filter_cluster: Filter
    concerns: Callable[[Binding], bool]
    """False: it admits every cluster for this binding, so it need not be asked."""


class ScorePlugin(NamedTuple):
    """A named score."""

    name: str
    score_cluster: Score
    concerns: Callable[[Binding], bool]
    """False: it gives every cluster 0 points for this binding, so it need not be asked."""

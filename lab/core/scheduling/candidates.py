"""The list of candidates: clusters that passed the filters, scored, estimated and in order.

Source: Karmada v1.19 `pkg/scheduler/core/spreadconstraint/group_clusters.go`, `util.go`.
"""

from __future__ import annotations

from collections.abc import Iterable

from lab.core.cluster import Cluster
from lab.core.scheduling.estimation import Estimator
from lab.core.scheduling.framework import Binding, Candidate
from lab.core.scheduling.registry import scores

UNMATCHED_TIER = 1000
"""Tier of a cluster that matches no group of the term in force: it goes to the end."""


def candidates_of(
    binding: Binding, clusters: Iterable[Cluster], estimator: Estimator
) -> list[Candidate]:
    """Return candidates: tier ascending, score and room descending, name ascending."""
    asked = [plugin.score_cluster for plugin in scores() if plugin.concerns(binding)]
    tiers = binding.placement.affinity is None and binding.placement.terms is not None
    found = []
    for cluster in clusters:
        score = 0
        for score_cluster in asked:
            score += score_cluster(binding, cluster)
        allocatable = estimator.allocatable(cluster)
        found.append(
            Candidate(
                cluster,
                cluster.name,
                score,
                tier_of(binding, cluster) if tiers else 0,
                allocatable,
                allocatable + binding.assigned.get(cluster.name, 0),
            )
        )
    found.sort(key=order)
    return found


def order(candidate: Candidate) -> tuple[int, int, int, str]:
    """Return the sort key of the candidate list."""
    return candidate.tier, -candidate.score, -candidate.available, candidate.name


def tier_of(binding: Binding, cluster: Cluster) -> int:
    """Return 0 for the main affinity of the term in force, 1… for the overflow group matched."""
    term = binding.term
    if term is None:
        return UNMATCHED_TIER
    if term.affinity.matches(cluster):
        return 0
    for index, (_, overflow) in enumerate(term.overflow):
        if overflow.matches(cluster):
            return index + 1
    return UNMATCHED_TIER

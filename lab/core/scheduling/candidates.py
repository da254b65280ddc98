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
    plugins = scores()
    found = []
    for cluster in clusters:
        score = 0
        for plugin in plugins:
            score += plugin.score_cluster(binding, cluster)
        allocatable = estimator.room(cluster).replicas
        found.append(
            Candidate(
                cluster,
                cluster.name,
                score,
                tier_of(binding, cluster),
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
    """Return 0 for the main affinity, 1… for the overflow group a cluster matches first."""
    placement = binding.placement
    if placement.affinity is not None or not placement.terms:
        return 0
    term = binding.term
    if term is None:
        return UNMATCHED_TIER
    if term.affinity.matches(cluster):
        return 0
    for index, (_, overflow) in enumerate(term.overflow):
        if overflow.matches(cluster):
            return index + 1
    return UNMATCHED_TIER

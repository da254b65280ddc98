"""Groups of candidates by region, and how good each is.

Source: Karmada v1.19 `pkg/scheduler/core/spreadconstraint/group_clusters.go`. All whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab.core.policy import CLUSTER, REGION
from lab.core.scheduling.framework import Binding, Candidate

WEIGHT_UNIT = 1000
"""A replica (or a cluster that takes all) outweighs any average of scores, which is 0 to 100."""


@dataclass(frozen=True, slots=True)
class Group:
    """The candidates of one region, in the order of the list."""

    name: str
    score: int
    candidates: tuple[Candidate, ...]


def groups_by_region(binding: Binding, candidates: Sequence[Candidate]) -> list[Group]:
    """Return the regions in order of first appearance, scored."""
    members: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if candidate.cluster.region:
            members.setdefault(candidate.cluster.region, []).append(candidate)
    region, cluster = binding.placement.constraint(REGION), binding.placement.constraint(CLUSTER)
    region_min = region.min_groups if region else 0
    cluster_min = cluster.min_groups if cluster else 0
    duplicated = binding.placement.is_duplicated
    return [
        Group(
            name,
            score_duplicated(inside, binding.replicas)
            if duplicated
            else score_divided(inside, binding.replicas, region_min, cluster_min),
            tuple(inside),
        )
        for name, inside in members.items()
    ]


def score_duplicated(candidates: Sequence[Candidate], replicas: int) -> int:
    """Return 1000 for each candidate with room for all replicas, plus their average score."""
    fitting = [c.score for c in candidates if c.available >= replicas]
    if not fitting:
        return 0
    return len(fitting) * WEIGHT_UNIT + sum(fitting) // len(fitting)


def score_divided(
    candidates: Sequence[Candidate], replicas: int, region_min: int, cluster_min: int
) -> int:
    """Return 1000 for each replica of a fair share that fits, plus an average score.

    The share is replicas / region_min, rounded up. The walk stops once the share fits and enough
    clusters are counted; a group without room for it is averaged over all its clusters.
    """
    if region_min > 0:
        share = -(-replicas // region_min)
        short = share
    else:
        # Division by zero there gives the smallest integer: any room is enough, and weighs nothing.
        share, short = 0, -(2**63)
    least = max(cluster_min, region_min)
    room = points = walked = 0
    for candidate in candidates:
        room += candidate.available
        points += candidate.score
        walked += 1
        if walked >= least and room >= short:
            break
    if room < short:
        return room * WEIGHT_UNIT + points // len(candidates)
    return share * WEIGHT_UNIT + points // walked

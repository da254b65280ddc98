"""Selection: which candidates are used, by the placement's spread constraints.

Source: Karmada v1.19 `pkg/scheduler/core/spreadconstraint/select_clusters*.go`. Every step is noted
in the `Selection` when a log is asked for; nothing else differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.core.policy import CLUSTER, REGION
from lab.core.scheduling.candidates import order
from lab.core.scheduling.errors import SchedulingError
from lab.core.scheduling.framework import Binding, Candidate
from lab.core.scheduling.groups import Group, groups_by_region
from lab.core.scheduling.region_paths import Choice, best_path, feasible_paths

TOO_FEW_CLUSTERS = "the number of feasible clusters is less than spreadConstraint.MinGroups"
TOO_FEW_REGIONS = "the number of feasible region is less than spreadConstraint.MinGroups"
NO_REGIONS = "the number of clusters is less than the cluster spreadConstraint.MinGroups"
UNSUPPORTED = "just support cluster and region spread constraint"


@dataclass(slots=True)
class SelectionLog:
    """How the selection went: JSON-ready, for the explanation."""

    by: str = "all"
    steps: list[dict[str, Any]] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    paths: list[dict[str, Any]] = field(default_factory=list)


def select(
    binding: Binding,
    candidates: Sequence[Candidate],
    need: int,
    log: SelectionLog | None = None,
) -> Sequence[Candidate]:
    """Return the candidates to use.

    Args:
        binding: What is to be placed.
        candidates: In the order of the candidate list, at least one.
        need: Replicas (or component sets) the chosen clusters must have room for, all together.
        log: Filled with the steps.

    Raises:
        SchedulingError: The spread constraints cannot be met.
    """
    placement = binding.placement
    if not placement.spread or placement.ignores_spread:
        return candidates
    cluster, region = placement.constraint(CLUSTER), placement.constraint(REGION)
    if region is not None:
        most = cluster.max_groups if cluster else 0
        return _by_region(
            groups_by_region(binding, candidates),
            (region.min_groups, region.max_groups),
            (cluster.min_groups if cluster else 0, most),
            log,
        )
    if cluster is not None:
        wanted = None if placement.is_duplicated else need
        return select_by_cluster(candidates, cluster.min_groups, cluster.max_groups, wanted, log)
    raise SchedulingError(UNSUPPORTED)


def select_by_cluster(
    candidates: Sequence[Candidate],
    least: int,
    most: int,
    need: int | None,
    log: SelectionLog | None = None,
) -> Sequence[Candidate]:
    """Return the first `most` candidates, swapped for roomier ones until `need` fits.

    From the last chosen one upwards, each may be replaced once by the roomiest of the rest, if that
    has more room. `need` None (Duplicated) does not look at room. `most` 0 is unset: it takes none.

    Raises:
        SchedulingError: There are fewer candidates than `least`, or there is not enough room.
    """
    if log is not None:
        log.by = "cluster"
    if len(candidates) < least:
        raise SchedulingError(TOO_FEW_CLUSTERS)
    count = min(len(candidates), most)
    chosen, rest = list(candidates[:count]), list(candidates[count:])
    if log is not None:
        log.steps.append({"step": "take first", "count": count, "clusters": _names(chosen)})
    if need is None:
        return chosen
    room = sum(candidate.available for candidate in chosen)
    index = count - 1
    while room < need and index >= 0:
        out = chosen[index]
        best = max(range(len(rest)), key=lambda i: (rest[i].available, -i), default=-1)
        if best >= 0 and rest[best].available > out.available:
            chosen[index], rest[best] = rest[best], out
            room += chosen[index].available - out.available
            if log is not None:
                swap = {"step": "swap", "out": out.name, "in": chosen[index].name, "room": room}
                log.steps.append({**swap, "need": need})
        index -= 1
    if log is not None:
        log.steps.append({"step": "room", "room": room, "need": need, "enough": room >= need})
    if room < need or not chosen:
        raise SchedulingError(f"no enough resource when selecting {count} clusters")
    return chosen


def _by_region(
    groups: Sequence[Group],
    regions: tuple[int, int],
    clusters: tuple[int, int],
    log: SelectionLog | None,
) -> Sequence[Candidate]:
    """Take the best regions, the first cluster of each, then the best of the others.

    `regions` and `clusters` are (minGroups, maxGroups). Room is not looked at again here.
    """
    if log is not None:
        log.by = "region"
        log.groups = [
            {"region": g.name, "score": g.score, "clusters": _names(g.candidates)} for g in groups
        ]
    if len(groups) < regions[0]:
        raise SchedulingError(TOO_FEW_REGIONS)
    choices = [Choice(group.name, len(group.candidates), group.score) for group in groups]
    paths = feasible_paths(choices, regions[0], regions[1], clusters[0])
    if not paths:
        raise SchedulingError(NO_REGIONS)
    best, ranked = best_path(paths)
    if log is not None:
        log.paths = [
            {
                "regions": list(path.names),
                "weight": path.weight,
                "clusters": path.value,
                "chosen": path is best,
            }
            for path in ranked
        ]
    if not best.groups:
        raise SchedulingError(NO_REGIONS)
    by_name = {group.name: group for group in groups}
    chosen = [by_name[name].candidates[0] for name in best.names]
    rest = [c for name in best.names for c in by_name[name].candidates[1:]]
    more = min(len(chosen) + len(rest), clusters[1]) - len(chosen)
    if log is not None:
        log.steps.append({"step": "first of each region", "clusters": _names(chosen)})
    if more > 0:
        rest.sort(key=order)
        chosen += rest[:more]
        if log is not None:
            added = {"step": "fill up", "count": more, "clusters": _names(rest[:more])}
            log.steps.append(added)
    return chosen


def _names(candidates: Sequence[Candidate]) -> list[str]:
    return [candidate.name for candidate in candidates]

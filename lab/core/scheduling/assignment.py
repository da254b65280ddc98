"""Assignment: from selected clusters to spec.clusters.

Source: Karmada v1.19 `pkg/scheduler/core/common.go`, `util.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.policy import DUPLICATED
from lab.core.scheduling.division import (
    DivisionLog,
    divide_by_room,
    divide_by_weight,
    static_weights,
)
from lab.core.scheduling.errors import SchedulingError, UnschedulableError
from lab.core.scheduling.framework import Binding, Candidate

NOT_ENOUGH = "Clusters available replicas are not enough to schedule."
Target = dict[str, Any]
"""An entry of spec.clusters: name, and replicas and components where there are any."""


def assign(
    binding: Binding,
    selected: Sequence[Candidate],
    sets: bool,
    logs: list[DivisionLog] | None = None,
) -> list[Target]:
    """Return the new spec.clusters.

    Args:
        binding: What is to be placed.
        selected: The clusters to use, in order.
        sets: The workload's components are placed whole, in one cluster.
        logs: One entry is added per division.

    Raises:
        SchedulingError: Nothing was selected, or the strategy is unknown.
        UnschedulableError: The selected clusters have too little room.
    """
    if not selected:
        raise SchedulingError("no clusters available to schedule")
    divisible = (binding.replicas > 0 or binding.has_requirements) and len(binding.components) <= 1
    if divisible:
        shares = assign_replicas(binding, selected, logs)
        return [{"name": name, "replicas": count} for name, count in shares.items()]
    targets: list[Target] = [{"name": candidate.name} for candidate in selected]
    if sets and len(binding.components) > 1:
        for target in targets:
            target["components"] = [
                {"name": part.name, "replicas": part.replicas} for part in binding.components
            ]
    return targets


def assign_replicas(
    binding: Binding, selected: Sequence[Candidate], logs: list[DivisionLog] | None = None
) -> dict[str, int]:
    """Return cluster name to replicas (positive counts), filling overflow groups in their order."""
    if not overflows(binding):
        return _divide(binding, selected, binding.replicas, 0, logs)
    tiers: dict[int, list[Candidate]] = {}
    for candidate in selected:
        tiers.setdefault(candidate.tier, []).append(candidate)
    left, result = binding.replicas, {}
    for tier in sorted(tiers):
        inside = tiers[tier]
        part = min(left, sum(candidate.available for candidate in inside))
        result.update(_divide(binding, inside, part, tier, logs))
        left -= part
        if left <= 0:
            return result
    raise UnschedulableError(NOT_ENOUGH)


def overflows(binding: Binding) -> bool:
    """Tell whether the affinity term in force has overflow groups."""
    placement = binding.placement
    if placement.affinity is not None or not placement.terms or not binding.observed_affinity:
        return False
    same = [term for term in placement.terms if term.name == binding.observed_affinity]
    return any(term.can_overflow for term in same)


def _divide(
    binding: Binding,
    selected: Sequence[Candidate],
    replicas: int,
    tier: int,
    logs: list[DivisionLog] | None,
) -> dict[str, int]:
    strategy, log = binding.placement.strategy, None
    if logs is not None:
        log = DivisionLog(strategy, tier=tier)
        logs.append(log)
    shares = _shares(strategy, binding, selected, replicas, log)
    result = {name: count for name, count in shares.items() if count > 0}
    if log is not None:
        log.result = dict(result)
    return result


def _shares(
    strategy: str,
    binding: Binding,
    selected: Sequence[Candidate],
    replicas: int,
    log: DivisionLog | None,
) -> Mapping[str, int]:
    if strategy == DUPLICATED:
        if log is not None:
            log.mode, log.target = "all to each", replicas
        return {candidate.name: replicas for candidate in selected}
    scheduling = binding.placement.replica_scheduling
    if strategy == "StaticWeight":
        rules = scheduling.static_weights if scheduling else ()
        weights = static_weights(selected, rules)
        if log is not None:
            log.left_out = [c.name for c in selected if c.name not in weights]
        return divide_by_weight(replicas, weights, binding.uid, log)
    if strategy:
        room = [(candidate.name, candidate.allocatable) for candidate in selected]
        names = {candidate.name for candidate in selected}
        previous = {name: n for name, n in binding.assigned.items() if name in names}
        return divide_by_room(strategy, replicas, room, previous, binding.fresh, binding.uid, log)
    kind, preference = (scheduling.type, scheduling.division) if scheduling else ("", "")
    raise SchedulingError(
        f"unsupported replica scheduling strategy, replicaSchedulingType: {kind}, "
        f"replicaDivisionPreference: {preference}, please try another scheduling strategy"
    )


def keep_empty(targets: list[Target], selected: Sequence[Candidate]) -> list[Target]:
    """Return the targets and the selected clusters that got nothing, without replicas."""
    there = {target["name"] for target in targets}
    return targets + [{"name": c.name} for c in selected if c.name not in there]

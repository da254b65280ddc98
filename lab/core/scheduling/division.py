"""Division: the arithmetic that shares replicas out among selected clusters.

Source: Karmada v1.19 `pkg/scheduler/core/assignment.go`, `division_algorithm.go`. Sums of replicas
are 32-bit there and wrap round; so do they here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lab.core.policy import StaticWeight
from lab.core.scheduling.errors import UnschedulableError
from lab.core.scheduling.framework import Candidate
from lab.core.scheduling.unstable_sort import sorted_by_room
from lab.core.scheduling.webster import SeatLog, webster

AGGREGATED = "Aggregated"
FRESH, SCALE_UP, SCALE_DOWN, KEEP = "fresh", "scale up", "scale down", "keep"
FIRST = "first"
"""How the log names a scale-up from nothing."""
_PREFIX = {
    FRESH: "failed to do fresh scale: ",
    SCALE_UP: "failed to scale up: ",
    SCALE_DOWN: "failed to scale down: ",
}


@dataclass(slots=True)
class DivisionLog:
    """How one division went, for the explanation."""

    strategy: str = ""
    mode: str = ""
    tier: int = 0
    target: int = 0
    """Replicas shared out in this division (count)."""
    weights: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    """Replicas that stay where they are and are added to the result."""
    left_out: list[str] = field(default_factory=list)
    """Clusters that would have had room but are not needed (Aggregated), or have no weight."""
    seats: SeatLog = field(default_factory=SeatLog)
    result: dict[str, int] = field(default_factory=dict)


def int32(value: int) -> int:
    """Return a whole number as a signed 32-bit one: too large ones wrap round."""
    return (value + 2**31) % 2**32 - 2**31


def static_weights(
    candidates: Sequence[Candidate], rules: Sequence[StaticWeight]
) -> dict[str, int]:
    """Return weights: the largest matching rule counts; if nobody has any, all weigh 1."""
    found = {}
    for candidate in candidates:
        weight = 0
        for rule in rules:
            if rule.weight > weight and rule.target.matches(candidate.cluster):
                weight = rule.weight
        if weight > 0:
            found[candidate.name] = weight
    return found or {candidate.name: 1 for candidate in candidates}


def divide_by_weight(
    replicas: int, weights: Mapping[str, int], uid: str, log: DivisionLog | None = None
) -> dict[str, int]:
    """Share replicas out by fixed weights, from scratch; room is not looked at.

    Example:
        >>> divide_by_weight(9, {"east": 1, "west": 3}, "")
        {'east': 2, 'west': 7}
    """
    if log is not None:
        log.mode, log.target, log.weights = "from scratch", replicas, dict(weights)
    return webster(replicas, weights, uid, log=log.seats if log else None)


def divide_by_room(
    strategy: str,
    replicas: int,
    room: Sequence[tuple[str, int]],
    previous: Mapping[str, int],
    fresh: bool,
    uid: str,
    log: DivisionLog | None = None,
) -> dict[str, int]:
    """Share replicas out by what fits: over all (DynamicWeight) or over few (Aggregated).

    Args:
        strategy: "Aggregated", or anything else for DynamicWeight.
        replicas: Wanted in all (count).
        room: Selected clusters in order, with the replicas that still fit beside the present ones.
        previous: Replicas that lie in the selected clusters now.
        fresh: Share everything out anew, however it lies now.
        uid: The template's uid, for ties.
        log: Filled with the numbers.

    Returns:
        Cluster name to replicas; may hold zeros.

    Raises:
        UnschedulableError: Not enough room.
    """
    assigned = int32(sum(previous.values()))
    kept: dict[str, int] = {}
    if fresh:
        mode, target = FRESH, replicas
        weights = [(name, int32(fits + previous.get(name, 0))) for name, fits in room]
    elif assigned > replicas:
        mode, target = SCALE_DOWN, replicas
        weights = list(previous.items())
    elif assigned < replicas:
        mode, target, kept = SCALE_UP, replicas - assigned, dict(previous)
        weights = list(room)
    else:
        if log is not None:
            log.mode, log.kept = KEEP, dict(previous)
        return dict(previous)
    weights = sorted_by_room(weights)
    total = int32(sum(weight for _, weight in weights))
    if log is not None:
        log.mode = FIRST if mode == SCALE_UP and assigned == 0 else mode
        log.target, log.kept, log.weights = target, kept, dict(weights)
    if total < target:
        message = f"Clusters available replicas {total} are not enough to schedule."
        raise UnschedulableError(_PREFIX[mode] + message)
    if strategy == AGGREGATED:
        present = {name for name, count in kept.items() if count > 0}
        used = _fewest(weights, present, target)
        if log is not None:
            log.left_out = [name for name, _ in weights if name not in dict(used)]
            log.weights = dict(used)
        weights = used
    seats = log.seats if log is not None else None
    result = webster(target, dict(weights), uid, log=seats)
    for name, count in kept.items():
        result[name] = result.get(name, 0) + count
    return result


def _fewest(
    weights: Sequence[tuple[str, int]], present: set[str], target: int
) -> list[tuple[str, int]]:
    """Return the shortest beginning with enough room, clusters in use first."""
    if present:
        first = [entry for entry in weights if entry[0] in present]
        weights = first + [entry for entry in weights if entry[0] not in present]
    total = 0
    for index, (_, weight) in enumerate(weights):
        total = int32(total + weight)
        if total >= target:
            return list(weights[: index + 1])
    return list(weights)

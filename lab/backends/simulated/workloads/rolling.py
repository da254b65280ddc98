"""The arithmetic of rolling updates: surge, unavailability, proportional scaling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.backends.simulated.workloads.replica_sets import replicas_of
from lab.core.manifest import Manifest, get_in


def int_or_percent(value: Any, total: int, *, round_up: bool, default: str | int = "25%") -> int:
    """Return a count that may be written as a share of `total` (`GetScaledValueFromIntOrPercent`).

    Example:
        >>> int_or_percent("25%", 10, round_up=True), int_or_percent("25%", 10, round_up=False)
        (3, 2)
    """
    value = default if value is None else value
    if isinstance(value, str) and value.endswith("%"):
        share = int(value[:-1]) * total
        return -(-share // 100) if round_up else share // 100
    return int(value)


def surge_and_unavailable(deployment: Manifest) -> tuple[int, int]:
    """Return (maxSurge, maxUnavailable) as counts; never both 0, or nothing could ever move."""
    rolling = get_in(deployment, ("spec", "strategy", "rollingUpdate")) or {}
    replicas = replicas_of(deployment)
    surge = int_or_percent(rolling.get("maxSurge"), replicas, round_up=True)
    unavailable = int_or_percent(rolling.get("maxUnavailable"), replicas, round_up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, min(unavailable, replicas)


def proportional(sizes: Sequence[int], maxima: Sequence[int], allowed: int) -> list[int]:
    """Scale ReplicaSets (oldest first) in proportion to their sizes, to `allowed` in all.

    Args:
        sizes: Their replicas.
        maxima: What all of them together could be when they were last sized.
        allowed: What all of them together may be now.

    Returns:
        New sizes; they add up to `allowed` where possible, the largest takes what rounding leaves.
    """
    change = allowed - sum(sizes)
    # Growing: the largest first, newer before older; shrinking: older before newer.
    order = sorted(range(len(sizes)), key=lambda at: (-sizes[at], -at if change > 0 else at))
    result = list(sizes)
    given = 0
    for at in order:
        if change == 0 or not maxima[at]:
            continue
        # Rounded half up, as math.Round does for positive numbers.
        wanted = (2 * sizes[at] * allowed + maxima[at]) // (2 * maxima[at])
        share = wanted - sizes[at]
        left = change - given
        share = min(share, left) if change > 0 else max(share, left)
        if (change > 0) == (share > 0):
            result[at] = max(0, sizes[at] + share)
            given += share
    if order and given != change:
        result[order[0]] = max(0, result[order[0]] + change - given)
    return result

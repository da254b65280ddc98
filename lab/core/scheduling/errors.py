"""Why a binding could not be scheduled; the kind of error decides what happens to its clusters.

Source: Karmada v1.19 `pkg/scheduler/framework/types.go`, `pkg/scheduler/helper.go`.
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.core.errors import LabError

SUCCESS = "Success"
NO_CLUSTER_FIT = "NoClusterFit"
UNSCHEDULABLE = "Unschedulable"
SCHEDULER_ERROR = "SchedulerError"


class SchedulingError(LabError):
    """The scheduler could not place a binding: spec.clusters stays, and it tries again."""

    reason = SCHEDULER_ERROR


class UnschedulableError(SchedulingError):
    """There is not enough room: spec.clusters stays, and the binding waits in a pool of its own."""

    reason = UNSCHEDULABLE


class FitError(SchedulingError):
    """No cluster passed the filters: spec.clusters is cleared, and nothing is tried again."""

    reason = NO_CLUSTER_FIT

    def __init__(self, clusters: int, reasons: Mapping[str, str]) -> None:
        super().__init__(fit_message(clusters, reasons))
        self.reasons = reasons


def fit_message(clusters: int, reasons: Mapping[str, str]) -> str:
    """Return the message of a FitError.

    Args:
        clusters: All clusters of the fleet (count), those being deleted included.
        reasons: Cluster name to the reason of the first filter that refused it.

    Example:
        >>> fit_message(3, {"a": "is cordoned", "b": "is far", "c": "is far"})
        '0/3 clusters are available: 1 is cordoned, 2 is far.'
    """
    if not clusters or not reasons:
        return f"0/{clusters} clusters are available: no cluster exists."
    counts: dict[str, int] = {}
    for reason in reasons.values():
        counts[reason] = counts.get(reason, 0) + 1
    parts = sorted(f"{count} {reason}" for reason, count in counts.items())
    return f"0/{clusters} clusters are available: {', '.join(parts)}."

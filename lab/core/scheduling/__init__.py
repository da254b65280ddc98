"""Karmada's scheduler as pure functions: filter, score, select, assign; one turn, and why.

    schedule            one turn: what spec.clusters should be, or the error
    needs_scheduling    would a turn schedule at all
    affected_bindings   which bindings a change of a cluster enqueues

Nothing here writes, waits or knows the time.
"""

from lab.core.cluster import ClusterSnapshot
from lab.core.scheduling.explain import render_explanation
from lab.core.scheduling.scheduler import Outcome, schedule
from lab.core.scheduling.triggers import (
    APPLIED_PLACEMENT,
    Trigger,
    affected_bindings,
    binding_event_counts,
    is_mine,
    needs_scheduling,
)

__all__ = [
    "APPLIED_PLACEMENT",
    "ClusterSnapshot",
    "Outcome",
    "Trigger",
    "affected_bindings",
    "binding_event_counts",
    "is_mine",
    "needs_scheduling",
    "render_explanation",
    "schedule",
]

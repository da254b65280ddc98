"""WorkloadRebalancer controller: asks the scheduler, once, to place workloads as if they were new.

Source: Karmada v1.19 `pkg/controllers/workloadrebalancer/workloadrebalancer_controller.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lab.controllers.lineage import MANAGER, QueueFactory
from lab.controllers.watching import hub_change
from lab.core.labels import REBALANCER_API
from lab.core.manifest import seconds_of, spec_of, status_of
from lab.core.model import (
    HUB,
    Action,
    Decision,
    Delete,
    Due,
    Event,
    Index,
    Key,
    Patch,
    Plan,
    Queue,
    Update,
    View,
)
from lab.core.rebalancing import SUCCESSFUL, lifetime_s, rebalance

REBALANCER = (REBALANCER_API, "WorkloadRebalancer")
OWN_CONFLICT_S = 0.005
"""Its first deletion names the version from before its own status write and is refused: the one
that counts comes with the first retry."""


class WorkloadRebalancerController:
    """Stamps `spec.rescheduleTriggeredAt` on bindings; removes itself when its time is over."""

    name = "workload-rebalancer"
    client = MANAGER
    workers = 1
    indexes: Sequence[Index] = ()

    def __init__(self, queues: QueueFactory) -> None:
        self._queues = queues

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """A rebalancer comes when it is made, and when its spec changes."""
        change = hub_change(event, *REBALANCER)
        if change is None or change.object is None:
            return ()
        if change.old is not None and spec_of(change.old) == spec_of(change.object):
            return ()
        return (Due(change.key),)

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """WorkloadRebalancer -> a reschedule of each binding, results, and its own end."""
        rebalancer = view.get(key)
        if rebalancer is None:
            return Plan()
        done = rebalance(rebalancer, view.get, now_s)
        stays_s = lifetime_s(rebalancer)
        if dict(done.status) == dict(status_of(rebalancer)):
            if stays_s is None:
                return Plan()
            finished = done.status.get("finishTime")
            if not finished:
                return Plan(error="finish time should not be nil")
            end_s = seconds_of(finished) + stays_s
            return Plan((), round(end_s - now_s, 6)) if now_s < end_s else Plan((Delete(key),))
        actions: list[Action] = [Update(HUB, binding) for binding in done.triggered]
        actions.append(Patch(key, {"status": {**done.status}}, "merge", "status"))
        decision = Decision(key, "rebalance", _summary(done.status), done.explanation)
        wait_s = None if stays_s is None else max(stays_s, OWN_CONFLICT_S)
        return Plan(actions, wait_s, decisions=(decision,))


def _summary(status: Mapping[str, Any]) -> str:
    entries = status["observedWorkloads"]
    done = sum(entry.get("result") == SUCCESSFUL for entry in entries)
    return f"{done} of {len(entries)} workloads are to be divided anew"

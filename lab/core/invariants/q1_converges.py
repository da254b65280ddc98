"""Q1: some time after the last disturbance all is done, and nobody writes any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lab.core.invariants.law import Law
from lab.core.invariants.placing import present_placement
from lab.core.invariants.scene import Change, Record, Scene, span
from lab.core.invariants.violation import Finding
from lab.core.manifest import Manifest, get_in, spec_of
from lab.core.model import Key

RETRY_MAX_S = 1000.0
"""The longest back-off of Karmada's queues."""
SCHEDULER_HOLD_S = 300.0
"""How long the scheduler lets an unschedulable binding wait."""
_REMEMBERED = 2000


class _Write(NamedTuple):
    time_s: float
    key: Key
    record: int
    actor: str


class Converges(Law):
    """Looked at: every write of a controller to the hub that is more than a status.

    After the last disturbance (a step, a fault's begin or heal) the control plane has T(policy) to
    come to rest; from then to the end of the run no controller may create or delete an object of
    the hub or change its generation. T is the setting `converge`, or the sum of what Karmada may
    take: failure and success threshold, the longest tolerationSeconds and grace of the run's
    policies, the bindings through the eviction queue at its rate, 5 min in which the scheduler
    lets an unschedulable binding wait, and 1000 s, the longest back-off of its queues. A run that
    ends before T is not judged. With resyncs every few seconds to minutes, the rest of a run that
    goes on for an hour or more is the "10 resync periods" of the law.
    """

    id = "Q1"
    name = "converges"
    sentence = "a time after the last disturbance, no controller writes any more"
    every_kind = ("hub",)
    record_types = ("action",)

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._controllers: set[str] = set()
        self._writes: list[_Write] = []

    def heard(self, record: Record) -> Iterable[Finding]:
        """Learn who the controllers are: those that send requests."""
        self._controllers.add(record.actor)
        return ()

    def changed(self, change: Change) -> Iterable[Finding]:
        """Remember the last writes."""
        if change.actor in self._controllers:
            before, after = change.before, change.after
            if before is None or after is None or _generation(before) != _generation(after):
                self._writes.append(_Write(change.time_s, change.key, change.record, change.actor))
                if len(self._writes) > 2 * _REMEMBERED:
                    del self._writes[:_REMEMBERED]
        return ()

    def at_end(self) -> Iterator[Finding]:
        """Look for writes after the time in which all should have been done."""
        scene = self.scene
        if scene.faults:
            names = ", ".join(scene.faults)
            scene.notes.append(f"{self.id}: not judged, as {names} is not healed")
            return
        bound_s = self.bound_s()
        rest_s = scene.disturbed_s + bound_s
        if scene.now_s < rest_s:
            scene.notes.append(
                f"{self.id}: not judged, the run ends {span(scene.now_s - scene.disturbed_s)} "
                f"after the last disturbance, and has {span(bound_s)} to come to rest"
            )
            return
        late: dict[Key, list[_Write]] = {}
        for write in self._writes:
            if write.time_s > rest_s:
                late.setdefault(write.key, []).append(write)
        for key, writes in late.items():
            after_s = writes[-1].time_s - scene.disturbed_s
            yield Finding(
                key,
                f"written {len(writes)} times by {writes[-1].actor} after it had {span(bound_s)} "
                f"to come to rest, last {span(after_s)} after the last disturbance",
                writes[-1].record,
            )

    def bound_s(self) -> float:
        """Return T(policy)."""
        scene = self.scene
        if scene.bounds.converge_s is not None:
            return scene.bounds.converge_s
        settings = scene.settings
        tolerated, grace_s = 0.0, settings.graceful_eviction_timeout_s
        bindings = scene.bindings()
        for _, binding in bindings:
            placement = present_placement(binding)
            for each in () if placement is None else placement.tolerations:
                tolerated = max(tolerated, float(each.seconds or 0))
            failover = get_in(spec_of(binding), ("failover", "application")) or {}
            seconds = get_in(failover, ("decisionConditions", "tolerationSeconds"), 0)
            tolerated = max(tolerated, float(seconds or 0))
            grace_s = max(grace_s, float(failover.get("gracePeriodSeconds") or 0))
        rate = settings.resource_eviction_rate
        queue_s = len(bindings) / rate if rate else 0.0
        thresholds_s = settings.cluster_failure_threshold_s + settings.cluster_success_threshold_s
        return thresholds_s + tolerated + grace_s + queue_s + SCHEDULER_HOLD_S + RETRY_MAX_S


def _generation(manifest: Manifest) -> object:
    return manifest["metadata"].get("generation")

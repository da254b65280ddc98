"""Q4: nothing is sent to and fro."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from lab.core.eviction import tasks_of
from lab.core.invariants.law import Law
from lab.core.invariants.scene import BINDINGS, Change, Scene, span
from lab.core.invariants.violation import Finding
from lab.core.manifest import Manifest, spec_of
from lab.core.model import Key
from lab.core.scheduling.request import assigned_of

HOUR_S = 3600.0
MOMENT_S = 2.0
"""A scheduler that has not seen an eviction may put the cluster back for so long."""


@dataclass(slots=True)
class _Past:
    """Where a binding was evicted from, and since when it was back there."""

    evictions: deque[float] = field(default_factory=deque)
    evicted_s: dict[str, float] = field(default_factory=dict)
    back_s: dict[str, float] = field(default_factory=dict)


class NoPingPong(Law):
    """Looked at: every change of a binding's spec.clusters and gracefulEvictionTasks.

    A binding that was evicted from a cluster, placed there again and evicted from it again within
    `coolDown` (10 min) is played ping-pong with; a return of less than 2 s is a race of the
    scheduler, and none. No binding may be evicted more often than `movesPerHour` (6) within an
    hour. What a person asks for (a new placement, other replicas, a rebalance) begins anew.
    Judged at the moment it happens.
    """

    id = "Q4"
    name = "no-ping-pong"
    sentence = "no binding is evicted from a cluster, put back and evicted again in a short time"
    hub_kinds = BINDINGS

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._past: dict[Key, _Past] = {}

    def changed(self, change: Change) -> Iterator[Finding]:
        """Look at who left and who came back."""
        key, before, after = change.key, change.before, change.after
        if before is None or after is None:
            self._past.pop(key, None)
            return
        old, new = spec_of(before), spec_of(after)
        past = self._past.get(key)
        if past is not None:
            if _asked(before) != _asked(after):
                self._past.pop(key)
                past = None
            elif old.get("clusters") is not new.get("clusters"):
                earlier = assigned_of(old)
                for name in assigned_of(new):
                    if name not in earlier and name in past.evicted_s:
                        past.back_s[name] = change.time_s
        known = {str(task.get("fromCluster")) for task in tasks_of(before)}
        for task in tasks_of(after):
            name = str(task.get("fromCluster"))
            if name not in known:
                past = self._past.setdefault(key, _Past())
                yield from self._evicted(key, name, past, change.time_s)

    def _evicted(self, key: Key, name: str, past: _Past, now_s: float) -> Iterator[Finding]:
        first_s, back_s = past.evicted_s.get(name), past.back_s.pop(name, None)
        cool_s = self.scene.bounds.cool_down_s
        past.evicted_s[name] = now_s
        if (
            first_s is not None
            and back_s is not None
            and now_s - back_s >= MOMENT_S + self.scene.extra_lag_s
            and now_s - first_s <= cool_s
        ):
            yield Finding(
                key,
                f"evicted from {name}, back after {span(back_s - first_s)}, evicted again "
                f"{span(now_s - first_s)} after the first time (cool-down {span(cool_s)})",
            )
        past.evictions.append(now_s)
        while past.evictions[0] < now_s - HOUR_S:
            past.evictions.popleft()
        if len(past.evictions) > self.scene.bounds.moves_per_hour:
            yield Finding(
                key,
                f"evicted {len(past.evictions)} times within an hour, "
                f"at most {self.scene.bounds.moves_per_hour} allowed",
            )


def _asked(binding: Manifest) -> object:
    spec = spec_of(binding)
    return spec.get("placement"), spec.get("replicas"), spec.get("rescheduleTriggeredAt")

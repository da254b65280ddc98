"""The scheduler's queue: an active heap by priority, a back-off pool and an unschedulable pool.

Modelled on `pkg/scheduler/internal/queue` (v1.19): a failed binding waits 1 s, doubling to 10 s,
and is moved back by a flush each second; an unschedulable one waits more than 5 min and is moved by
a flush each 30 s. An event about the binding puts it into the active heap at once.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.core.model import Due, Key, Plan

BACKOFF_FLUSH_S = 1.0
UNSCHEDULABLE_FLUSH_S = 30.0


@dataclass(slots=True)
class _Waiting:
    """A binding in one of the pools (`QueuedBindingInfo`)."""

    key: Key
    priority: int
    since_s: float
    attempts: int = 0


@dataclass(slots=True)
class SchedulingQueue:
    """Bindings waiting to be scheduled.

    Args:
        initial_s: First back-off (s).
        max_s: Longest back-off (s).
        hold_s: How long an unschedulable binding is held (s).
        unschedulable: Tells from a failed plan whether capacity was what lacked.
    """

    initial_s: float = 1.0
    max_s: float = 10.0
    hold_s: float = 300.0
    unschedulable: Callable[[Plan], bool] = field(default=lambda plan: False)
    _active: list[tuple[int, float, int, _Waiting]] = field(default_factory=list)
    _dirty: dict[Key, _Waiting] = field(default_factory=dict)
    _later: list[tuple[float, int, Due]] = field(default_factory=list)
    _backoff: dict[Key, _Waiting] = field(default_factory=dict)
    _unschedulable: dict[Key, _Waiting] = field(default_factory=dict)
    _in_flight: dict[Key, _Waiting] = field(default_factory=dict)
    _flush_s: float | None = None
    _sequence: int = 0

    def add(self, due: Due, now_s: float) -> None:
        """Ask for a scheduling turn of a binding; an event forgets earlier attempts."""
        if due.after_s > 0:
            self._sequence += 1
            heapq.heappush(self._later, (round(now_s + due.after_s, 6), self._sequence, due))
            return
        self._push(_Waiting(due.key, due.priority, now_s), now_s)

    def next_due_s(self) -> float | None:
        """Return when time alone brings a binding into the active heap, or one is there."""
        times = [self._active[0][1]] if self._active else []
        if self._later:
            times.append(self._later[0][0])
        times.append(self._pools_due_s())
        first_s = min(times)
        return None if math.isinf(first_s) else first_s

    def _pools_due_s(self) -> float:
        """Return when a flush will move something; kept until a pool changes."""
        if self._flush_s is None:
            times = [self._flushed_s(info) for info in self._backoff.values()]
            times += [_after(info.since_s + self.hold_s) for info in self._unschedulable.values()]
            self._flush_s = min(times, default=math.inf)
        return self._flush_s

    def _flushed_s(self, info: _Waiting) -> float:
        return _next_tick(info.since_s + self._backoff_s(info), BACKOFF_FLUSH_S)

    def pop(self, now_s: float) -> Key | None:
        """Take the binding of the highest priority, then the one that waits longest."""
        while self._later and self._later[0][0] <= now_s:
            due = heapq.heappop(self._later)[2]
            self._push(_Waiting(due.key, due.priority, now_s), now_s)
        self._flush(now_s)
        if not self._active:
            return None
        info = heapq.heappop(self._active)[3]
        del self._dirty[info.key]
        info.attempts += 1
        self._in_flight[info.key] = info
        return info.key

    def done(self, key: Key, now_s: float) -> None:
        """The turn ended well, or for good: leave the back-off pool; run again if asked for."""
        self._leave_pools(key)
        self._land(key, now_s)

    def failed(self, key: Key, plan: Plan, error: str, now_s: float) -> None:
        """The turn failed: into one of the two pools, unless the binding was asked for already."""
        info = self._in_flight[key]
        if key not in self._dirty:
            self._flush_s = None
            if self.unschedulable(plan) and error == plan.error:
                if key not in self._backoff:
                    self._unschedulable[key] = info
            elif key not in self._unschedulable:
                self._backoff[key] = info
        self._land(key, now_s)

    def _push(self, info: _Waiting, now_s: float) -> None:
        self._leave_pools(info.key)
        if info.key in self._dirty:
            return
        info.since_s = now_s
        self._dirty[info.key] = info
        if info.key not in self._in_flight:
            self._activate(info)

    def _leave_pools(self, key: Key) -> None:
        for pool in (self._backoff, self._unschedulable):
            if pool.pop(key, None) is not None:
                self._flush_s = None

    def _activate(self, info: _Waiting) -> None:
        self._sequence += 1
        heapq.heappush(self._active, (-info.priority, info.since_s, self._sequence, info))

    def _land(self, key: Key, now_s: float) -> None:
        info = self._in_flight.pop(key)
        if key in self._dirty:
            # The turn's own record is queued again, with its attempts but its old priority.
            info.since_s = now_s
            self._dirty[key] = info
            self._activate(info)

    def _flush(self, now_s: float) -> None:
        if self._pools_due_s() > now_s:
            return
        ready = [info for info in self._backoff.values() if self._flushed_s(info) <= now_s]
        ready += [
            info
            for info in self._unschedulable.values()
            if _after(info.since_s + self.hold_s) <= now_s
        ]
        for info in sorted(ready, key=lambda each: (-each.priority, each.since_s)):
            self._push(info, now_s)

    def _backoff_s(self, info: _Waiting) -> float:
        return min(self.max_s, self.initial_s * 2.0 ** min(60, max(0, info.attempts - 1)))


def _next_tick(moment_s: float, period_s: float) -> float:
    """Return the first flush at or after a moment; flushes happen at multiples of the period."""
    return round(math.ceil(round(moment_s / period_s, 9)) * period_s, 6)


def _after(moment_s: float) -> float:
    """Return the first unschedulable flush strictly after a moment."""
    ticks = math.floor(round(moment_s / UNSCHEDULABLE_FLUSH_S, 9)) + 1
    return round(ticks * UNSCHEDULABLE_FLUSH_S, 6)

"""A controller's queue: unique keys, delays, priorities and Karmada's rate-limited retries.

Modelled on client-go's workqueue as Karmada configures it (`pkg/sharedcli/ratelimiterflag`): the
n-th retry of a key waits base·2ⁿ⁻¹, at most max; all retries together also pass a token bucket.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from lab.core.model import Due, Key, Plan


@dataclass(slots=True)
class TokenBucket:
    """A rate limit as a busy-until clock: no events, no ticks.

    Args:
        rate_per_s: Tokens that come back each second; 0 or less means no limit.
        burst: Tokens that can be used at once.
    """

    rate_per_s: float
    burst: int
    _full_at_s: float = float("-inf")

    def reserve(self, now_s: float) -> float:
        """Take one token and return when it may be used (s of the run, `now_s` or later)."""
        if self.rate_per_s <= 0:
            return now_s
        full_at_s = max(self._full_at_s, now_s) + 1.0 / self.rate_per_s
        self._full_at_s = full_at_s
        return round(max(now_s, full_at_s - self.burst / self.rate_per_s), 6)


@dataclass(slots=True)
class RateLimitingQueue:
    """Keys due now leave by priority (high first), then in the order they came.

    Args:
        base_s: Wait before the first retry of a key.
        max_s: The longest wait before a retry.
        bucket: What all retries together pass.
        by_priority: False: all keys are equal (gate ControllerPriorityQueue off).
        least_s: No retry comes sooner.
        by_due: True: a delayed key queues up behind those that came before it was due, as in
            client-go's queue; False: behind those that came before it, as in controller-runtime's.
    """

    base_s: float = 0.005
    max_s: float = 1000.0
    bucket: TokenBucket = field(default_factory=lambda: TokenBucket(10.0, 100))
    by_priority: bool = True
    least_s: float = 0.0
    by_due: bool = False
    _sequence: int = 0
    _ready: list[tuple[int, int, float, Key]] = field(default_factory=list)
    _waiting: list[tuple[float, int, Key, int]] = field(default_factory=list)
    _due_s: dict[Key, float] = field(default_factory=dict)
    _priority: dict[Key, int] = field(default_factory=dict)
    _in_flight: set[Key] = field(default_factory=set)
    _dirty: dict[Key, Due] = field(default_factory=dict)
    _failures: dict[Key, int] = field(default_factory=dict)

    def add(self, due: Due, now_s: float) -> None:
        """Ask for a reconcile of a key; the earliest asked time and the highest priority win."""
        if due.priority and not self.by_priority:
            due = due._replace(priority=0)
        if self.by_due:
            self._ripen(now_s)
        key = due.key
        if key in self._in_flight and due.after_s <= 0:
            old = self._dirty.get(key)
            if old is None or old.priority < due.priority:
                self._dirty[key] = due
            return
        due_s = round(now_s + max(0.0, due.after_s), 6)
        known_s = self._due_s.get(key)
        priority = max(due.priority, self._priority.get(key, due.priority))
        if known_s is not None and known_s <= due_s and priority == self._priority[key]:
            return
        due_s = due_s if known_s is None else min(due_s, known_s)
        self._due_s[key] = due_s
        self._priority[key] = priority
        self._sequence += 1
        if due_s <= now_s:
            heapq.heappush(self._ready, (-priority, self._sequence, due_s, key))
        else:
            heapq.heappush(self._waiting, (due_s, self._sequence, key, priority))

    def next_due_s(self) -> float | None:
        """Return when the next key is due, None if the queue is empty."""
        self._drop_stale()
        if self._ready:
            return self._ready[0][2]
        return self._waiting[0][0] if self._waiting else None

    def pop(self, now_s: float) -> Key | None:
        """Take the next due key; it is in flight until `done` or `failed`."""
        self._drop_stale()
        self._ripen(now_s)
        self._drop_stale()
        while self._ready:
            key = heapq.heappop(self._ready)[3]
            del self._due_s[key]
            priority = self._priority.pop(key)
            if key not in self._in_flight:
                self._in_flight.add(key)
                return key
            self._dirty.setdefault(key, Due(key, 0.0, priority))  # a delay ran out in flight
            self._drop_stale()
        return None

    def done(self, key: Key, now_s: float) -> None:
        """A reconcile succeeded: forget its back-off; run again if asked for meanwhile."""
        self._failures.pop(key, None)
        self._land(key, now_s)

    def failed(self, key: Key, plan: Plan, error: str, now_s: float) -> None:
        """A reconcile failed: the key comes back after its back-off, sooner if asked for."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        wait_s = min(self.max_s, self.base_s * 2.0 ** min(failures, 60))
        wait_s = max(wait_s, self.least_s, self.bucket.reserve(now_s) - now_s)
        self._land(key, now_s)
        self.add(Due(key, wait_s), now_s)

    def due_keys(self, now_s: float) -> list[Key]:
        """Return the keys that are due, in the order in which they will be taken."""
        if self.by_due:
            self._ripen(now_s)
        ready = [entry for entry in self._ready if self._due_s.get(entry[3]) == entry[2]]
        late = [
            (-priority, sequence, due_s, key)
            for due_s, sequence, key, priority in self._waiting
            if due_s <= now_s and self._due_s.get(key) == due_s
        ]
        return list(dict.fromkeys(entry[3] for entry in sorted(ready + late)))

    def failures(self, key: Key) -> int:
        """Return how many times in a row the key has failed."""
        return self._failures.get(key, 0)

    def _land(self, key: Key, now_s: float) -> None:
        self._in_flight.discard(key)
        if (again := self._dirty.pop(key, None)) is not None:
            self.add(again, now_s)

    def _ripen(self, now_s: float) -> None:
        """Let keys whose delay is over queue up."""
        while self._waiting and self._waiting[0][0] <= now_s:
            due_s, sequence, key, priority = heapq.heappop(self._waiting)
            if self._due_s.get(key) == due_s and self._priority[key] == priority:
                if self.by_due:
                    self._sequence += 1
                    sequence = self._sequence
                heapq.heappush(self._ready, (-priority, sequence, due_s, key))

    def _drop_stale(self) -> None:
        """Forget heap entries that a later `add` has replaced."""
        ready, waiting = self._ready, self._waiting
        while ready and not (
            self._due_s.get(ready[0][3]) == ready[0][2]
            and self._priority[ready[0][3]] == -ready[0][0]
        ):
            heapq.heappop(ready)
        while waiting and not (
            self._due_s.get(waiting[0][2]) == waiting[0][0]
            and self._priority[waiting[0][2]] == waiting[0][3]
        ):
            heapq.heappop(waiting)

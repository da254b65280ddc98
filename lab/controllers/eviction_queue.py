"""The taint manager's queues: Clusters as they come, evictions at a pace.

Source: Karmada v1.19 `pkg/controllers/cluster/{eviction_worker,dynamic_rate_limiter}.go`. Each kind
of binding has a queue of its own with three workers. A worker that has dealt with a key, whatever
came of it, sleeps 1/rate before it takes another, and holds its key for that long. A failure costs
no pause; its key comes back after the same wait, or a longer one after many failures. Rests and
retries share the tokens of the retries (10 a second), so that no rate above that lasts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.core.model import Due, Key, Plan, Queue
from lab.core.settings import KarmadaSettings
from lab.core.workqueue import RateLimitingQueue, TokenBucket

EVICTION_WORKERS = 3
STANDSTILL_S = 1800.0
"""The pause of a worker when the rate is 0."""


def pause_s(rate_per_s: float) -> float:
    """Return how long a worker rests after each key.

    Example:
        >>> pause_s(0.5), pause_s(0.0)
        (2.0, 1800.0)
    """
    return STANDSTILL_S if rate_per_s == 0 else round(1.0 / rate_per_s, 6)


@dataclass(slots=True)
class PacedQueue:
    """One queue of evictions.

    Args:
        pause_s: How long a worker rests after a key.
        inner: Keeps the order of keys, delays and retries.
        workers: How many keys may be dealt with, or rested upon, at once.
    """

    pause_s: float
    inner: RateLimitingQueue
    workers: int = EVICTION_WORKERS
    _busy: int = 0
    _resting: dict[Key, float] = field(default_factory=dict)
    _rests: int = 0
    """Rests begun since one last ended."""

    def add(self, due: Due, now_s: float) -> None:
        """Ask for an eviction to be looked at, now or later."""
        self._wake(now_s)
        self.inner.add(due, now_s)

    def next_due_s(self) -> float | None:
        """Return when a key can be taken; None while nothing but an answer can bring one."""
        waking_s = min(self._resting.values(), default=None)
        inner_s = self.inner.next_due_s()
        if self._busy + len(self._resting) >= self.workers:
            return None if waking_s is None else waking_s
        if inner_s is None:
            return waking_s
        return inner_s if waking_s is None else min(inner_s, waking_s)

    def pop(self, now_s: float) -> Key | None:
        """Take the next key, if a worker is free."""
        self._wake(now_s)
        if self._busy + len(self._resting) >= self.workers:
            return None
        due_s = self.inner.next_due_s()
        if due_s is None or due_s > now_s:
            return None
        key = self.inner.pop(now_s)
        if key is not None:
            self._busy += 1
        return key

    def done(self, key: Key, now_s: float) -> None:
        """The key was dealt with: its worker rests, and keeps it meanwhile."""
        self._busy -= 1
        self._resting[key] = round(now_s + self._rest_s(now_s), 6)

    def _rest_s(self, now_s: float) -> float:
        """Return how long the next rest is: retries' back-off and tokens lengthen a short one."""
        inner = self.inner
        token_s = inner.bucket.reserve(now_s) - now_s
        backoff_s = min(inner.max_s, inner.base_s * 2.0 ** min(self._rests, 60))
        self._rests += 1
        return max(self.pause_s, backoff_s, token_s)

    def failed(self, key: Key, plan: Plan, error: str, now_s: float) -> None:
        """Writing failed: the worker goes on at once, the key waits at least as long as a rest."""
        self._busy -= 1
        self.inner.failed(key, plan, error, now_s)

    def places(self, now_s: float) -> dict[Key, int]:
        """Return how many keys are before each that is due."""
        self._wake(now_s)
        return {key: ahead for ahead, key in enumerate(self.inner.due_keys(now_s))}

    def turn_s(self, ahead: int, now_s: float) -> float:
        """Return when the turn of a key comes that has so many before it, at the earliest."""
        busy = [max(now_s, until_s) for until_s in self._resting.values()]
        busy += [round(now_s + self.pause_s, 6)] * self._busy
        free = [now_s] * max(0, self.workers - len(busy))
        rounds, slot = divmod(ahead, self.workers)
        return round(sorted([*free, *busy])[slot] + rounds * self.pause_s, 6)

    def _wake(self, now_s: float) -> None:
        """Let go of the workers whose rest is over; the earliest first."""
        over = [(until_s, key) for key, until_s in self._resting.items() if until_s <= now_s]
        for until_s, key in sorted(over):
            del self._resting[key]
            self._rests = 0
            self.inner.done(key, until_s)


def paced_queue(settings: KarmadaSettings) -> PacedQueue:
    """Return a queue of evictions with the pace and the retry back-off of the settings."""
    rest_s = pause_s(settings.resource_eviction_rate)
    bucket = TokenBucket(settings.rate_limiter_qps, settings.rate_limiter_bucket_size)
    base_s, max_s = settings.rate_limiter_base_delay_s, settings.rate_limiter_max_delay_s
    return PacedQueue(rest_s, RateLimitingQueue(base_s, max_s, bucket, least_s=rest_s, by_due=True))


@dataclass(slots=True)
class EvictionQueue:
    """The queue of the whole taint manager: Clusters, and one lane per kind of binding.

    Args:
        clusters: The plain queue of Clusters.
        lanes: Kind of binding to its paced queue.
    """

    clusters: Queue
    lanes: dict[str, PacedQueue]

    def add(self, due: Due, now_s: float) -> None:
        """Ask for a Cluster or an eviction to be looked at."""
        self._of(due.key).add(due, now_s)

    def next_due_s(self) -> float | None:
        """Return when any of the queues is due."""
        times = [queue.next_due_s() for queue in (self.clusters, *self.lanes.values())]
        return min((each for each in times if each is not None), default=None)

    def pop(self, now_s: float) -> Key | None:
        """Take a due key, Clusters first."""
        for queue in (self.clusters, *self.lanes.values()):
            due_s = queue.next_due_s()
            if due_s is not None and due_s <= now_s and (key := queue.pop(now_s)) is not None:
                return key
        return None

    def done(self, key: Key, now_s: float) -> None:
        """A key was dealt with."""
        self._of(key).done(key, now_s)

    def failed(self, key: Key, plan: Plan, error: str, now_s: float) -> None:
        """A key could not be dealt with."""
        self._of(key).failed(key, plan, error, now_s)

    def _of(self, key: Key) -> Queue:
        return self.lanes.get(key.kind, self.clusters)

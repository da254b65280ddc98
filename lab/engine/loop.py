"""A controller at work: its queue, its workers, and the plans that are being carried out."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lab.core.labels import EXECUTION_PREFIX
from lab.core.model import Answered, Controller, Due, Event, Key, Observed, Plan, Queue


@dataclass(slots=True)
class Flight:
    """One reconcile whose actions are still being carried out."""

    index: int
    key: Key
    plan: Plan
    cause: int
    """The record that woke it."""
    life: int
    """Which life of the loop it belongs to: a process that crashed awaits no answers."""
    sent: int = 0
    decided: dict[Key, int] = field(default_factory=dict)
    """The records of its decisions, by what they are about."""

    def cause_of(self, key: Key) -> int:
        """Return the record that an action on an object follows from: a decision, if there is one.

        A decision about that very object counts; else the last one of the plan.
        """
        if key in self.decided:
            return self.decided[key]
        return max(self.decided.values(), default=self.cause)


@dataclass(slots=True)
class Loop:
    """A controller with its queue and the work it has in flight."""

    controller: Controller
    queue: Queue
    in_flight: int = 0
    causes: dict[Key, int] = field(default_factory=dict)
    life: int = 0
    up: bool = True
    """False while its process is down."""
    held: bool = False
    """True while its process is cut off from the hub: it keeps its state and does nothing."""
    index: int = 0
    dirty: list[int] = field(default_factory=list)
    """Shared by all loops: the indexes of those that may be due at another time than before."""
    _touched: bool = False

    def touch(self) -> None:
        """Say that it may be due at another time than before."""
        if not self._touched:
            self._touched = True
            self.dirty.append(self.index)

    def due_s(self) -> float | None:
        """Return when the queue is due, None if never or if it cannot work now."""
        self._touched = False
        if not self.up or self.held or self.in_flight >= self.controller.workers:
            return None
        return self.queue.next_due_s()

    def ask(self, due: Due, cause: int, now_s: float) -> None:
        """Put a key into the queue."""
        self.causes[due.key] = cause
        self.queue.add(due, now_s)
        self.touch()

    def crash(self) -> None:
        """Lose all memory: queue, plans in flight, and the controller's own."""
        self.up, self.held = False, False
        self.life += 1
        self.in_flight = 0
        self.causes.clear()
        self.touch()

    def start(self, controller: Controller) -> None:
        """Begin anew with a fresh controller."""
        self.controller, self.queue = controller, controller.make_queue()
        self.up = True
        self.touch()


class Loops(Sequence[Loop]):
    """All loops, and which of them is due next. Ties in time go by their order.

    Args:
        controllers: One per loop. One with a `cluster` (an agent's) hears of that member only.
    """

    def __init__(self, controllers: Sequence[Controller]) -> None:
        dirty: list[int] = []
        self._dirty = dirty
        self._loops = [
            Loop(each, each.make_queue(), index=index, dirty=dirty)
            for index, each in enumerate(controllers)
        ]
        self._planned: list[float | None] = [None] * len(self._loops)
        self._heap: list[tuple[float, int]] = []
        self._general: list[Loop] = []
        self._own: dict[str, list[Loop]] = {}
        for loop in self._loops:
            cluster = str(getattr(loop.controller, "cluster", ""))
            (self._own.setdefault(cluster, []) if cluster else self._general).append(loop)
            loop.touch()

    def __len__(self) -> int:
        return len(self._loops)

    def __getitem__(self, index: int) -> Loop:  # type: ignore[override]  # slices are not needed
        return self._loops[index]

    def __iter__(self) -> Iterator[Loop]:
        return iter(self._loops)

    def hearing(self, event: Event) -> Iterator[Loop]:
        """Yield the loops that an event may concern."""
        yield from self._general
        if self._own:
            yield from self._own.get(_member_of(event), ())

    def next_due(self) -> tuple[float, int] | None:
        """Return when the next loop is due (s), and its index; None if none is."""
        heap, planned = self._heap, self._planned
        for index in self._dirty:
            due_s = self._loops[index].due_s()
            if due_s != planned[index]:
                planned[index] = due_s
                if due_s is not None:
                    heapq.heappush(heap, (due_s, index))
        self._dirty.clear()
        while heap and planned[heap[0][1]] != heap[0][0]:
            heapq.heappop(heap)  # planned for another time since
        return heap[0] if heap else None


def _member_of(event: Event) -> str:
    """Return the member that an event is about, empty if it is about none alone."""
    if isinstance(event, Observed | Answered):
        key = event.key if isinstance(event, Observed) else event.action.key
        if key.cluster:
            return key.cluster
        if key.namespace.startswith(EXECUTION_PREFIX):
            return key.namespace.removeprefix(EXECUTION_PREFIX)
        return key.name if key.kind in {"Cluster", "Lease"} else ""
    return event.cluster

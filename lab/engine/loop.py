"""A controller at work: its queue, its workers, and the plans that are being carried out."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.core.model import Controller, Due, Key, Plan, Queue


@dataclass(slots=True)
class Flight:
    """One reconcile whose actions are still being carried out."""

    index: int
    key: Key
    plan: Plan
    cause: int
    life: int
    """Which life of the loop it belongs to: a process that crashed awaits no answers."""
    sent: int = 0


@dataclass(slots=True)
class Loop:
    """A controller with its queue and the work it has in flight."""

    controller: Controller
    queue: Queue
    in_flight: int = 0
    causes: dict[Key, int] = field(default_factory=dict)
    touched: bool = True
    life: int = 0
    up: bool = True
    """False while its process is down."""
    held: bool = False
    """True while its process is cut off from the hub: it keeps its state and does nothing."""
    _due_s: float | None = None

    def due_s(self) -> float | None:
        """Return when the queue is due, None if never or if it cannot work now."""
        if not self.up or self.held or self.in_flight >= self.controller.workers:
            return None
        if self.touched:  # asking a queue costs more than all else here
            self._due_s, self.touched = self.queue.next_due_s(), False
        return self._due_s

    def ask(self, due: Due, cause: int, now_s: float) -> None:
        """Put a key into the queue."""
        self.causes[due.key] = cause
        self.queue.add(due, now_s)
        self.touched = True

    def crash(self) -> None:
        """Lose all memory: queue, plans in flight, and the controller's own."""
        self.up, self.held = False, False
        self.life += 1
        self.in_flight = 0
        self.causes.clear()

    def start(self, controller: Controller) -> None:
        """Begin anew with a fresh controller."""
        self.controller, self.queue = controller, controller.make_queue()
        self.up = self.touched = True

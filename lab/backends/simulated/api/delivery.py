"""What lies between a member's watches and the control plane's caches when they are not up to date.

While no fault is active and nothing is under way, subscriptions do not come by here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from lab.backends.simulated.agenda import Agenda
from lab.core.manifest import Manifest
from lab.core.model import Key, Observed


class DeliveryFault:
    """One fault of delivery; what it leaves out does no harm."""

    def misses(self) -> bool:
        """Tell whether the next change is lost."""
        return False

    def repeats(self) -> bool:
        """Tell whether the next change is delivered twice."""
        return False

    def late_s(self, chance: random.Random) -> float:
        """Return how much later than usual the next change is seen (s)."""
        return 0.0


class Delivery:
    """Delays, loses and repeats changes. Those of one object keep their order.

    Args:
        agenda: The member's time.
        send: Sends an event on its way to the control plane.
        chance: Of delays that are drawn.
    """

    def __init__(
        self, agenda: Agenda, send: Callable[[Observed], None], chance: random.Random
    ) -> None:
        self._agenda, self._send, self._chance = agenda, send, chance
        self._faults: dict[int, DeliveryFault] = {}
        self._pending: dict[int, tuple[float, Observed]] = {}
        self._last_s: dict[Key, float] = {}
        self._unseen: dict[Key, Manifest | None] = {}
        self._count = 0

    @property
    def prompt(self) -> bool:
        """Tell whether changes may be sent past this object."""
        return not (self._faults or self._pending or self._unseen)

    def add(self, number: int, fault: DeliveryFault) -> None:
        """Let a fault take part."""
        self._faults[number] = fault

    def drop(self, number: int) -> None:
        """Let a fault take part no longer; the last one's end brings what is late."""
        del self._faults[number]
        if not self._faults:
            self.flush()

    def held(self, key: Key, seen: Manifest | None) -> Manifest | None:
        """Return what the control plane holds of an object, if all that was sent is `seen`."""
        return self._unseen.get(key, seen)

    def unseen(self, api_version: str, kind: str) -> list[Key]:
        """Return the objects of a kind whose last change was missed."""
        return [k for k in self._unseen if (k.api_version, k.kind) == (api_version, kind)]

    def take(self, event: Observed, *, listed: bool = False) -> None:
        """Accept a change; one that a new list shows (`listed`) is not missed."""
        key = event.key
        held = self._unseen.get(key, event.old)
        if not listed and sum(each.misses() for each in self._faults.values()):
            self._unseen[key] = held
            return
        if key in self._unseen:
            del self._unseen[key]
            if event.object is not None:
                event = replace(event, old=held)
            elif held is None:
                return  # it came and went unseen
        copies = 1 + sum(each.repeats() for each in self._faults.values())
        late_s = sum(each.late_s(self._chance) for each in self._faults.values())
        now_s = self._agenda.now_s
        due_s = round(max(now_s + late_s, self._last_s.get(key, now_s)), 6)
        for _ in range(copies):
            if due_s <= now_s:
                self._send(event)
            else:
                self._last_s[key] = due_s
                self._later(event, due_s)

    def _later(self, event: Observed, due_s: float) -> None:
        self._count += 1
        number = self._count
        self._pending[number] = (due_s, event)

        def due(_: float) -> None:
            if self._pending.pop(number, None) is not None:
                self._send(event)
                if not self._pending:
                    self._last_s.clear()

        self._agenda.at(due_s, due)

    def flush(self) -> None:
        """Send everything that is under way now."""
        pending = sorted(self._pending.items(), key=lambda item: (item[1][0], item[0]))
        self._pending.clear()
        self._last_s.clear()
        for _, (_, event) in pending:
            self._send(event)

    def shown(self, key: Key) -> None:
        """The control plane was sent the present state of an object past all faults."""
        self._unseen.pop(key, None)

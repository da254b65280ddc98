"""How the hub's changes reach the controllers' caches: at once, unless a fault is in the way.

Real informers are always a little late and sometimes very late. Nothing here is left to chance:
a share of a half means every second change.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lab.core.model import Key, Observed
from lab.core.stride import Stride

RECONNECT_S = (0.8, 30.0)
"""First and longest wait of client-go's reflector before it asks again, doubling in between.
Source: client-go `tools/cache/reflector.go` (its jitter is left out here)."""


@dataclass(slots=True)
class _Late:
    """A change on its way, with the record of the trace that tells of it."""

    event: Observed
    cause: int


@dataclass(slots=True)
class Delivery:
    """The watches of the hub, as all controllers share them.

    Kinds of faults it knows: StaleReads {lag}, DuplicatedDelivery {share}, ReorderedDelivery
    {window}, WatchDrop {relist}, and ApiServerDown, which breaks the watches as well.
    """

    _faults: dict[int, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    _late: list[tuple[float, int, _Late]] = field(default_factory=list)
    _held: list[_Late] = field(default_factory=list)
    _last_s: dict[Key, float] = field(default_factory=dict)
    _sequence: int = 0
    _broken_s: float | None = None
    _back_s: float | None = None
    _relist: bool = False
    _twice: Stride = field(default_factory=Stride)
    _aside: Stride = field(default_factory=Stride)

    KINDS = frozenset(
        {"StaleReads", "DuplicatedDelivery", "ReorderedDelivery", "WatchDrop", "ApiServerDown"}
    )

    @property
    def prompt(self) -> bool:
        """Tell whether changes arrive at once: no fault, nothing under way."""
        return not (self._faults or self._late or self._held or self._broken_s is not None)

    def begin(self, number: int, kind: str, parameters: Mapping[str, Any], now_s: float) -> None:
        """Let a fault begin."""
        self._faults[number] = (kind, parameters)
        if kind in {"WatchDrop", "ApiServerDown"}:
            if self._broken_s is None:
                self._broken_s = now_s
            self._back_s = None
            self._relist = self._relist or bool(parameters.get("relist"))

    def end(self, number: int, now_s: float) -> None:
        """Let a fault end; what is late arrives, and broken watches begin to come back."""
        kind, _ = self._faults.pop(number)
        if kind in {"WatchDrop", "ApiServerDown"} and not self._breaking():
            assert self._broken_s is not None
            self._back_s = _next_attempt_s(self._broken_s, now_s)
        if kind in {"StaleReads", "ReorderedDelivery"}:
            self._late = [(min(due_s, now_s), at, late) for due_s, at, late in self._late]
            heapq.heapify(self._late)

    def _breaking(self) -> bool:
        return any(kind in {"WatchDrop", "ApiServerDown"} for kind, _ in self._faults.values())

    def take(self, event: Observed, cause: int, now_s: float) -> None:
        """Accept a change; it comes out of `arrived` when it reaches the controllers."""
        late = _Late(event, cause)
        if self._broken_s is not None:
            self._held.append(late)
            return
        due_s = now_s + self._largest("StaleReads", "lag")
        window_s = self._largest("ReorderedDelivery", "window")
        if window_s and self._aside.picks(0.5):
            due_s += window_s
        # The changes of one object never overtake each other: a watch is a stream.
        due_s = round(max(due_s, self._last_s.get(event.key, due_s)), 6)
        self._last_s[event.key] = due_s
        self._push(due_s, late)
        if self._twice.picks(min(1.0, self._largest("DuplicatedDelivery", "share"))):
            self._push(due_s, late)

    def _largest(self, kind: str, name: str) -> float:
        return max(
            (float(given.get(name) or 0.0) for at, given in self._faults.values() if at == kind),
            default=0.0,
        )

    def _push(self, due_s: float, late: _Late) -> None:
        self._sequence += 1
        heapq.heappush(self._late, (due_s, self._sequence, late))

    def next_due_s(self) -> float | None:
        """Return when the next change arrives, None if none is under way."""
        times = [self._late[0][0]] if self._late else []
        if self._back_s is not None:
            times.append(self._back_s)
        return min(times, default=None)

    def arrived(self, now_s: float) -> Iterator[tuple[Observed, int]]:
        """Yield the changes that reach the controllers by now, with their records."""
        while self._late and self._late[0][0] <= now_s:
            late = heapq.heappop(self._late)[2]
            yield late.event, late.cause
        if not self._late:
            self._last_s.clear()
        if self._back_s is not None and self._back_s <= now_s:
            held = _net(self._held) if self._relist else self._held
            self._held, self._broken_s, self._back_s, self._relist = [], None, None, False
            for late in held:
                yield late.event, late.cause


def _next_attempt_s(broken_s: float, now_s: float) -> float:
    """Return when a reflector that lost its watch at `broken_s` first asks after `now_s`."""
    wait_s, longest_s = RECONNECT_S
    attempt_s = broken_s + wait_s
    while attempt_s < now_s:
        wait_s = min(wait_s * 2, longest_s)
        attempt_s += wait_s
    return round(attempt_s, 6)


def _net(held: list[_Late]) -> list[_Late]:
    """Return what a new list shows of many changes: the last state of each object, and who is gone.

    An object that came and went meanwhile is never seen.
    """
    first: dict[Key, _Late] = {}
    last: dict[Key, _Late] = {}
    for late in held:
        first.setdefault(late.event.key, late)
        last[late.event.key] = late
    found: list[_Late] = []
    for key, late in last.items():
        begun = first[key].event
        was_there = begun.old is not None
        if late.event.object is None and not was_there:
            continue
        old = begun.old if late.event.object is not None else late.event.old
        found.append(replace(late, event=replace(late.event, old=old)))
    return found

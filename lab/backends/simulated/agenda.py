"""A member's calendar: what is due when, one SimPy event per instant with something due."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import simpy

Task = Callable[[float], None]
"""Something to do; it is given the time (s)."""


class Agenda:
    """Tasks by microsecond. Tasks of one instant run in the order they were asked for.

    Before `go_live`, time is the agenda's own and runs up to the shared clock's: what a cluster did
    before it is looked at can be played without moving the clock that all clusters share.
    """

    def __init__(self, env: simpy.Environment, lead_s: float = 0.0) -> None:
        self._env = env
        self._tasks: dict[int, list[Task]] = {}
        self._before_us = round((env.now - lead_s) * 1e6)
        self._instants: list[int] = []
        self._live = False
        self.on_instant: Callable[[int], None] | None = None
        """Called after each instant at which something was done, with its microsecond."""

    @property
    def now_s(self) -> float:
        """The time (s of the run; negative before it began)."""
        return self._now_us / 1e6

    @property
    def _now_us(self) -> int:
        return round(self._env.now * 1e6) if self._live else self._before_us

    def at(self, due_s: float, task: Task) -> None:
        """Run a task at a time; a time that has passed means now. Infinity means never."""
        if due_s == float("inf"):
            return
        now_us = self._now_us
        due_us = max(round(due_s * 1e6), now_us)
        tasks = self._tasks.get(due_us)
        if tasks is not None:
            tasks.append(task)
            return
        self._tasks[due_us] = [task]
        if self._live:
            self._arm(due_us)
        else:
            heapq.heappush(self._instants, due_us)

    def go_live(self, most_instants: int = 1_000_000) -> None:
        """Play everything due before the shared clock's time, then hand the rest to that clock."""
        assert not self._live, "an agenda goes live once"
        played, start_us = 0, round(self._env.now * 1e6)
        while self._instants and self._instants[0] < start_us:
            self._before_us = heapq.heappop(self._instants)
            self._play(self._before_us)
            played += 1
            assert played < most_instants, "a cluster has no end of things to do before it starts"
        self._live = True
        for due_us in sorted(self._instants):
            self._arm(due_us)
        self._instants.clear()

    def _arm(self, due_us: int) -> None:
        # From the exact clock, not the rounded one: the float sum must not land before the instant.
        event = self._env.timeout(max(0.0, due_us / 1e6 - self._env.now))
        event.callbacks.append(lambda _: self._play(due_us))

    def _play(self, due_us: int) -> None:
        tasks = self._tasks[due_us]
        now_s = due_us / 1e6
        for task in tasks:  # tasks may add further ones to this very instant
            task(now_s)
        del self._tasks[due_us]
        if self.on_instant is not None:
            self.on_instant(due_us)

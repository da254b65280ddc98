"""Virtual time: the engine in a SimPy environment, as fast as the machine can or in slices.

The engine is woken once for each instant at which something is due or a member has reported.
"""

from __future__ import annotations

from collections.abc import Callable

import simpy

from lab.core.model import Event
from lab.engine.engine import Engine


class SimulationDriver:
    """Moves time for an engine and the members that live in the same SimPy environment."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self._engine: Engine | None = None
        self._wake_at_s: float | None = None

    @property
    def now_s(self) -> float:
        """Second of the run, rounded to microseconds."""
        return round(float(self.env.now), 6)

    def attach(self, engine: Engine) -> None:
        """Drive this engine from now on."""
        self._engine = engine
        self.wake()

    def receive(self, event: Event) -> None:
        """Hand a member's event to the engine now, and let it work at this instant."""
        assert self._engine is not None
        self._engine.receive(event, self.now_s)
        self.wake()

    def wake(self) -> None:
        """Let the engine work at this instant, after everything else that is due now."""
        self._wake_at(self.now_s)

    def _wake_at(self, due_s: float) -> None:
        if self._wake_at_s is not None and self._wake_at_s <= due_s:
            return
        self._wake_at_s = due_s
        self._call_at(due_s, lambda: self._woken(due_s))

    def _call_at(self, due_s: float, call: Callable[[], None]) -> None:
        timeout = self.env.timeout(max(0.0, due_s - self.env.now))
        assert timeout.callbacks is not None
        timeout.callbacks.append(lambda _: call())

    def _woken(self, due_s: float) -> None:
        if self._wake_at_s != due_s:
            return  # an earlier wake has taken this one's place
        self._wake_at_s = None
        assert self._engine is not None
        next_s = self._engine.run_due(max(due_s, self.now_s))
        if next_s is not None:
            self._wake_at(next_s)

    def run_until(self, until_s: float) -> None:
        """Let time pass up to and including `until_s`; everything due then is done."""
        if until_s > self.env.now:
            self.env.run(until=until_s)
        # SimPy stops before what is due at `until_s`; a run that stops there has done it.
        while self.env.peek() <= until_s:
            self.env.step()

    def next_event_s(self) -> float:
        """Return when the next thing happens, infinity if nothing ever will."""
        return float(self.env.peek())

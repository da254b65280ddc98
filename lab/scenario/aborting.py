"""Faults with a condition that ends them (`abortIf`), watched while time passes.

The condition is looked at when the fault begins and after every event, never in between: how a
run is driven (at once, in slices, at human pace) makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from lab.core.errors import InputError, Location
from lab.core.kinds import KindRegistry
from lab.scenario.calls import HELPERS
from lab.scenario.expression import Expression, compile_expression
from lab.scenario.helpers import Asked
from lab.scenario.world import World


class Abortable(Protocol):
    """A fault that is active, as far as it matters here."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def abort_if(self) -> str:
        """Its condition, empty if it has none."""


class Faults(Protocol):
    """What plays faults (`lab.drivers.injector.Injector` fits)."""

    def active(self) -> Sequence[Abortable]:
        """Return the faults that are not over."""

    def abort(self, name: str, found: Mapping[str, Any]) -> None:
        """End a fault because its condition came true."""


class AbortWatch:
    """Ends faults whose condition comes true.

    Args:
        world: What conditions are about.
        faults: What plays the faults.
        kinds: What the words of conditions mean.
    """

    def __init__(self, world: World, faults: Faults, kinds: KindRegistry) -> None:
        self._world, self._faults, self._kinds = world, faults, kinds
        self._compiled: dict[str, Expression] = {}
        self._seen: set[str] = set()

    def run_until(self, let_pass: Callable[[float], None], until_s: float) -> None:
        """Let time pass up to and including `until_s`, looking at the conditions on the way."""
        self._check(new=True)
        while self._pending():
            next_s = round(max(self._world.next_event_s(), self._world.now_s + 1e-6), 6)
            if next_s > until_s:
                break
            let_pass(next_s)
            self._check()
        let_pass(until_s)

    def _pending(self) -> Sequence[Abortable]:
        return [each for each in self._faults.active() if each.abort_if]

    def _check(self, *, new: bool = False) -> None:
        for fault in self._pending():
            if new and fault.name in self._seen:
                continue
            self._seen.add(fault.name)
            asked = Asked(self._world, self._kinds)
            try:
                if self._expression(fault.abort_if).evaluate(asked.functions()) is not True:
                    continue
            except InputError:
                continue  # what it asks about is not there (yet): not met
            found = {"abortIf": fault.abort_if, "found": asked.found(fault.abort_if)}
            self._faults.abort(fault.name, found)

    def _expression(self, text: str) -> Expression:
        if text not in self._compiled:
            self._compiled[text] = compile_expression(text, Location("abortIf"), HELPERS)
        return self._compiled[text]

"""What is watched while a scenario plays: the laws, and how its applications fare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lab.core.invariants import Monitor, Objects, Violation
from lab.core.outcomes import AppOutcome, Ledger
from lab.core.settings import KarmadaSettings
from lab.scenario.model import Scenario


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watch has found up to a moment."""

    violations: tuple[Violation, ...] = ()
    remarks: tuple[Violation, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be judged, and why."""
    outcomes: tuple[AppOutcome, ...] = ()


class Watch:
    """The monitor and the ledger of one run.

    Args:
        monitor: Holds what happens against the laws.
        ledger: Measures the applications.
    """

    def __init__(self, monitor: Monitor, ledger: Ledger) -> None:
        self.monitor, self.ledger = monitor, ledger

    @classmethod
    def of(
        cls,
        scenario: Scenario | None,
        settings: KarmadaSettings,
        objects: Objects,
        now_s: Callable[[], float],
    ) -> Watch:
        """Return what watches a scenario; without one, all laws and no targets."""
        if scenario is None:
            return cls(Monitor(objects, settings), Ledger((), objects.clusters(), now_s))
        monitor = Monitor(objects, settings, scenario.laws, scenario.bounds)
        return cls(monitor, Ledger(scenario.targets, objects.clusters(), now_s))

    def finish(self, now_s: float) -> None:
        """Judge the end of the run."""
        self.monitor.finish(now_s)

    def found(self) -> Watched:
        """Return what was found up to now."""
        return Watched(
            self.monitor.violations,
            self.monitor.remarks,
            self.monitor.notes,
            self.ledger.outcomes(),
        )


def unexpected(violations: Sequence[Violation], scenario: Scenario) -> tuple[Violation, ...]:
    """Return the violations that the scenario does not expect."""
    expected = {each.violates for each in scenario.expectations if each.violates}
    return tuple(each for each in violations if each.law not in expected)

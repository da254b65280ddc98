"""Whether expectations hold: what was found, and what that means for each mode."""

from __future__ import annotations

from dataclasses import dataclass

from lab.core.duration import format_duration
from lab.core.errors import InputError
from lab.scenario.helpers import Asked
from lab.scenario.matching import differences
from lab.scenario.model import Expectation, Scenario
from lab.scenario.world import World


@dataclass(frozen=True, slots=True)
class CheckResult:
    """An expectation that is decided."""

    expectation: Expectation
    time_s: float
    passed: bool
    message: str
    """What was found (and what was expected, if it failed)."""


@dataclass(slots=True)
class Timed:
    """An expectation whose time runs."""

    expectation: Expectation
    begins_s: float
    ends_s: float
    last: str = ""
    after_fault: bool = False
    """It counts from a fault, whose harm only shows some time later."""
    unbroken: bool | None = None
    """It was met at the first look and at every one since; None before the first look."""


class Judge:
    """Decides the expectations of a scenario; `checks` are those that are decided, in order."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        self._scenario, self._world = scenario, world
        self.checks: list[CheckResult] = []

    def decide(self, watch: Timed, ended: bool) -> CheckResult | None:
        """Look at an expectation whose time runs (or has just `ended`); None: not decided yet."""
        mode = watch.expectation.mode
        met, found = self._evaluate(watch.expectation, last=ended or mode == "at")
        watch.last = found
        if mode == "at":
            return self.result(watch.expectation, met, found)
        if mode == "within":
            return self._within(watch, met, found, ended)
        if mode == "never" and met:
            return self.result(watch.expectation, False, f"it did: {found}")
        if mode == "throughout" and not met:
            return self.result(watch.expectation, False, f"it did not hold: {found}")
        return self.result(watch.expectation, True, found) if ended else None

    def _within(self, watch: Timed, met: bool, found: str, ended: bool) -> CheckResult | None:
        """Decide what must become so within a time.

        After a fault that means: be so again, or never cease to be. What holds in the moment the
        fault begins says nothing yet.
        """
        expectation, took_s = watch.expectation, self._world.now_s - watch.begins_s
        already = watch.unbroken is not False and met
        watch.unbroken = already
        if met and already and watch.after_fault and not ended:
            return None
        if met and already:
            word = "all the time" if watch.after_fault else "already when it began"
            return self.result(expectation, True, f"{word}: {found}")
        if met:
            return self.result(expectation, True, f"{after_text(took_s)}: {found}")
        return self.result(expectation, False, f"never: {found}") if ended else None

    def now(self, expectation: Expectation) -> CheckResult:
        """Decide an expectation by what is so now, at the end of the run."""
        met, found = self._evaluate(expectation, last=True)
        return self.result(expectation, met, found)

    def at_end(self, watch: Timed) -> CheckResult:
        """Decide an expectation whose time still runs when the run ends."""
        mode, now_s = watch.expectation.mode, self._world.now_s
        begun = now_s >= watch.begins_s
        if (mode in {"never", "throughout"} and begun) or (mode == "within" and watch.unbroken):
            met, found = self._evaluate(watch.expectation, last=True)
            return self.result(watch.expectation, met is not (mode == "never"), found)
        reason = f"the run ended at {format_duration(round(now_s, 3))}, before it was decided"
        return self.result(watch.expectation, False, f"{reason}: {watch.last}".rstrip(": "))

    def _evaluate(self, expectation: Expectation, *, last: bool) -> tuple[bool, str]:
        """Return whether an expectation is met now, and what was found.

        Args:
            expectation: What to look at.
            last: It is the last look: what was never measured then decides against it.
        """
        if expectation.violates:
            return self._violated(expectation.violates)
        if expectation.cel is not None:
            asked = Asked(self._world, self._scenario.kinds)
            try:
                value = expectation.cel.evaluate(asked.functions())
            except InputError as error:
                return False, error.message
            if not isinstance(value, bool):
                return False, f"the expression is {value!r}, needs true or false"
            if asked.unmeasured:
                return expectation.mode == ("never" if last else "throughout"), "; ".join(
                    asked.unmeasured
                )
            told = asked.found(expectation.cel.text)
            return value, told or f"the expression is {str(value).lower()}"
        assert expectation.key is not None
        found = self._world.find(expectation.key)
        if found is None:
            return False, f"{expectation.key} does not exist"
        wrong = list(differences(expectation.object, found))
        return not wrong, "; ".join(wrong) if wrong else "as written"

    def _violated(self, law: str) -> tuple[bool, str]:
        if law not in self._scenario.laws:
            return False, "that invariant is switched off"
        watch = self._world.watch
        found = [] if watch is None else [v for v in watch.found().violations if v.law == law]
        if not found:
            return False, "no violation of it"
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        return True, f"{found[0].key}: {found[0].message}{more}"

    def result(self, expectation: Expectation, passed: bool, found: str) -> CheckResult:
        """Write down that an expectation is decided."""
        message = found if passed else f"expected {expectation.condition()}; found: {found}"
        result = CheckResult(expectation, self._world.now_s, passed, message)
        self.checks.append(result)
        return result


def after_text(took_s: float) -> str:
    """Return how long it took, to the millisecond: less is only the order of events.

    Example:
        >>> after_text(1e-06), after_text(79.5)
        ('at once', 'after 1m19.5s')
    """
    shown_s = round(took_s, 3)
    return f"after {format_duration(shown_s)}" if shown_s else "at once"

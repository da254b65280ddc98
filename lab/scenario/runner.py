"""Play a scenario: do, wait until, check. A generator, since a scenario truly is a sequence.

`play` yields what happens. When it yields `Advance`, whoever drives it lets time pass, at most to
that second (in one go, in slices for a screen, or at human pace), and resumes it. Nothing here
knows which.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from lab.core.duration import format_duration
from lab.core.errors import InputError, LabError
from lab.core.invariants import Violation
from lab.scenario.doing import do
from lab.scenario.helpers import Asked
from lab.scenario.judge import CheckResult as CheckResult
from lab.scenario.judge import Judge, Timed
from lab.scenario.load import START
from lab.scenario.model import (
    ApplyAction,
    FaultAction,
    HealAction,
    Scenario,
    Step,
)
from lab.scenario.parts import HEALED
from lab.scenario.watch import Watched, unexpected
from lab.scenario.world import World

TIMED = frozenset({"now", "rto", "minutes_below"})
"""Functions whose answer changes with time alone."""
MANIFESTS = "manifests"
"""The name under which the scenario's manifests are applied."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Let time pass, up to and including `until_s` (seconds of the run), or less."""

    until_s: float


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step that was carried out, or could not be."""

    step: Step
    time_s: float
    ok: bool
    output: str = ""
    """What it did or printed, as kubectl would say it."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A scenario that was played to its end."""

    scenario: Scenario
    steps: tuple[StepResult, ...]
    checks: tuple[CheckResult, ...]
    """In the order of the file."""
    ended_s: float
    watched: Watched = field(default_factory=Watched)

    @property
    def unexpected(self) -> tuple[Violation, ...]:
        """The violations that the scenario does not expect."""
        return unexpected(self.watched.violations, self.scenario)

    @property
    def passed(self) -> bool:
        """Tell whether every step was carried out, every check and law held, every target met."""
        return (
            all(step.ok for step in self.steps)
            and all(check.passed for check in self.checks)
            and not self.unexpected
            and not any(outcome.failed for outcome in self.watched.outcomes)
        )


Progress = Advance | StepResult | CheckResult


def run_scenario(
    scenario: Scenario,
    world: World,
    on_progress: Callable[[Progress], None] | None = None,
    pace: Callable[[float], None] | None = None,
) -> Verdict:
    """Play a scenario to its end.

    Args:
        scenario: A loaded scenario.
        world: At second 0, with the scenario's fleet and settings.
        on_progress: Told of every step, check and advance, before time passes.
        pace: Lets time pass up to a second of the run; as fast as the world goes if not given.
    """
    advance = pace or world.run_until
    playing = play(scenario, world)
    while True:
        try:
            item = next(playing)
        except StopIteration as end:
            verdict: Verdict = end.value
            return verdict
        if on_progress is not None:
            on_progress(item)
        if isinstance(item, Advance):
            advance(item.until_s)


def play(scenario: Scenario, world: World) -> Generator[Progress, None, Verdict]:
    """Yield the steps and checks of a scenario as they happen, and `Advance` to let time pass."""
    run = _Run(scenario, world)
    yield from run.begin()
    for step in scenario.steps:
        yield from run.step(step)
    yield from run.advance(scenario.horizon_s)
    if world.watch is not None:
        world.watch.finish(world.now_s)
    yield from run.end()
    order = {item.name: index for index, item in enumerate(scenario.expectations)}
    run.checks.sort(key=lambda check: order[check.expectation.name])
    watched = Watched() if world.watch is None else world.watch.found()
    return Verdict(scenario, tuple(run.steps), tuple(run.checks), world.now_s, watched)


class _Run:
    def __init__(self, scenario: Scenario, world: World) -> None:
        self._scenario, self._world = scenario, world
        self._anchors: dict[str, float] = {}
        self._waiting = list(scenario.expectations)
        self._watches: list[Timed] = []
        self._seen_changes = -1
        self._acted = False
        self._faults: list[str] = []
        """Faults of steps that are not over yet."""
        self._fault_steps = {
            step.name
            for step in scenario.steps
            if isinstance(step.action, FaultAction | HealAction)
        }
        self.steps: list[StepResult] = []
        self._judge = Judge(scenario, world)
        self.checks = self._judge.checks

    # ── the sequence ───────────────────────────────────────────────────────────────────────────

    def begin(self) -> Iterator[Progress]:
        began_s = self._world.now_s  # applying the manifests takes time of its own
        if self._scenario.manifests:
            first = self._scenario.manifests[0].location()
            step = Step(MANIFESTS, ApplyAction(self._scenario.manifests), first)
            yield self._do(step)
        yield from self._anchor(START, began_s)

    def step(self, step: Step) -> Iterator[Progress]:
        if step.wait_until is not None:
            fulfilled = yield from self._wait(step)
            if not fulfilled:
                return
        else:
            yield from self._wait_for_heal(step.after)
            target_s = self._world.now_s
            if step.at_s is not None:
                target_s = step.at_s
            elif step.after:
                target_s = self._anchors.get(step.after, math.inf) + step.delay_s
            if target_s > self._scenario.horizon_s:
                yield from self.advance(self._scenario.horizon_s)
                yield self._skipped(step, "the run ended before this step")
                return
            yield from self.advance(target_s)
        if step.action is not None:
            yield self._do(step)
        else:
            result = StepResult(step, self._world.now_s, ok=True, output="condition met")
            self.steps.append(result)
            yield result
        if isinstance(step.action, FaultAction) and self.steps[-1].ok:
            self._faults.append(step.name)
        yield from self._anchor(step.name)

    def _wait_for_heal(self, after: str) -> Iterator[Progress]:
        """Let time pass until the fault that a step waits for is over, or the run."""
        end_s = self._scenario.horizon_s
        while after not in self._anchors and after.removesuffix(HEALED) in self._faults:
            if self._world.now_s >= end_s:
                return
            yield from self.advance(min(end_s, self._next_s()), slices=1)

    def _wait(self, step: Step) -> Generator[Progress, None, bool]:
        assert step.wait_until is not None
        end_s = min(self._world.now_s + step.timeout_s, self._scenario.horizon_s)
        asked = Asked(self._world, self._scenario.kinds)
        while True:
            try:
                met = step.wait_until.evaluate(asked.functions()) is True
            except InputError as error:
                met, found = False, error.message
            else:
                found = asked.found(step.wait_until.text)
            if met or self._world.now_s >= end_s:
                break
            yield from self.advance(min(end_s, self._next_s()), slices=1)
        if not met:
            yield self._skipped(step, f"not within {format_duration(step.timeout_s)}: {found}")
        return met

    def _do(self, step: Step) -> StepResult:
        world = self._world
        world.step_begins(step.name, {"step": step.name})
        output, error = "", ""
        self._acted = True
        try:
            output = do(step, world)
        except LabError as failure:
            error = str(failure)
        if step.refused:
            if not error:
                error = f"expected a refusal with {step.refused!r}, but it was accepted"
            elif step.refused in error:
                output, error = f"refused as expected: {error}", ""
        result = StepResult(step, world.now_s, ok=not error, output=output, error=error)
        self.steps.append(result)
        return result

    def _skipped(self, step: Step, reason: str) -> StepResult:
        result = StepResult(step, self._world.now_s, ok=False, error=reason)
        self.steps.append(result)
        return result

    def end(self) -> Iterator[Progress]:
        for watch in self._watches:
            yield self._judge.at_end(watch)
        for expectation in self._waiting:
            if expectation.mode == "end":
                yield self._judge.now(expectation)
            else:
                reason = f'step "{expectation.after}" was never carried out'
                if expectation.after.removesuffix(HEALED) in self._faults:
                    reason = f'fault "{expectation.after.removesuffix(HEALED)}" was never healed'
                yield self._judge.result(expectation, False, reason)

    # ── time ───────────────────────────────────────────────────────────────────────────────────

    def _next_s(self) -> float:
        """Return when something may have changed: the next event, but always later than now.

        After a step that is at once: what it set off is not due before somebody lets time pass.
        """
        soon_s = self._world.now_s + 1e-6
        if self._acted:
            self._acted = False
            return soon_s
        return max(self._world.next_event_s(), soon_s)

    def advance(self, target_s: float, slices: int = 0) -> Iterator[Progress]:
        """Let time pass to `target_s` (or `slices` times), deciding checks on the way."""
        done = 0
        while self._world.now_s < target_s and (not slices or done < slices):
            done += 1
            goals = [target_s]
            if any(each.after.removesuffix(HEALED) in self._faults for each in self._waiting):
                goals.append(self._next_s())
            for watch in self._watches:
                if self._world.now_s < watch.begins_s:
                    goals.append(watch.begins_s)
                else:
                    goals.append(watch.ends_s)
                    if watch.expectation.mode != "at":
                        goals.append(self._next_s())
            ahead = [goal for goal in goals if goal > self._world.now_s]
            yield Advance(round(min(ahead), 6))
            yield from self._observe()

    def _anchor(self, name: str, at_s: float | None = None) -> Iterator[Progress]:
        """Note when a step ended and let the expectations after it begin."""
        self._begin_watches(name, self._world.now_s if at_s is None else at_s)
        yield from self._observe()

    def _begin_watches(self, name: str, now_s: float) -> None:
        self._anchors[name] = now_s
        for expectation in list(self._waiting):
            if (expectation.after or START) != name or expectation.mode == "end":
                continue
            self._waiting.remove(expectation)
            amount_s = math.inf if expectation.amount_s is None else expectation.amount_s
            begins_s = now_s + (amount_s if expectation.mode == "at" else expectation.from_s)
            span_s = 0.0 if expectation.mode == "at" else amount_s
            of_fault = name.endswith(HEALED) or name in self._fault_steps
            self._watches.append(
                Timed(expectation, begins_s, begins_s + span_s, after_fault=of_fault)
            )
        self._seen_changes = -1

    # ── checks ─────────────────────────────────────────────────────────────────────────────────

    def _observe(self) -> Iterator[Progress]:
        for name in list(self._faults):
            healed_s = self._world.healed_s(name)
            if healed_s is not None:
                self._faults.remove(name)
                self._begin_watches(f"{name}{HEALED}", healed_s)
        now_s, changes = self._world.now_s, self._world.changes
        changed = changes != self._seen_changes
        self._seen_changes = changes
        for watch in list(self._watches):
            begun, ended = now_s >= watch.begins_s, now_s >= watch.ends_s
            cel = watch.expectation.cel
            timed = cel is not None and not TIMED.isdisjoint(cel.program.functions())
            if not begun or not (changed or ended or timed or now_s == watch.begins_s):
                continue
            decided = self._judge.decide(watch, ended)
            if decided is not None:
                self._watches.remove(watch)
                yield decided

"""Plays scenarios for `fedlab run`: the run file, the pace, the progress line."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lab.commands.context import Check, Played, Player
from lab.commands.printers.text import safe
from lab.commands.printers.timeline import clock
from lab.commands.rehearsal import load_rehearsed
from lab.commands.verb import Args
from lab.core.duration import format_duration
from lab.core.errors import InputError
from lab.runs.place import forget_old, new_run_path
from lab.runs.reader import RunReader
from lab.scenario.runner import Advance, StepResult
from lab.scenario.watch import unexpected
from lab.session import Progress, Session, check_step_line

if TYPE_CHECKING:
    from lab.scenario.model import Scenario

_FLUSH_S = 1.0
"""Wall-clock seconds after which the run file is brought up to date."""
_TICK_S = 0.1
"""Wall-clock seconds between two looks at the progress line."""


def player(args: Args) -> Player:
    """Return what `fedlab run` plays scenarios with."""
    return play_scenario


def play_scenario(
    scenario: str,
    *,
    seed: int | None = None,
    out: Path | None = None,
    until_s: float | None = None,
    speed: float | None = None,
) -> Played:
    """Play a scenario to its end, with a progress line on standard error if that is a terminal.

    Raises:
        InputError: The scenario cannot be used, or the run file not be written.
    """
    started_s = time.monotonic()
    loaded = load_rehearsed(scenario, check_step_line)
    end_s = _end(until_s, loaded.horizon_s)
    session = Session.open(loaded, seed=seed, out=out or _own_file(loaded))
    try:
        told = _drive(session, end_s, speed)
    finally:
        session.close()
    if out is None:
        forget_old()
    return _played(session, loaded, told, started_s)


def replay_run(
    run: Path,
    *,
    out: Path | None = None,
    until_s: float | None = None,
    speed: float | None = None,
) -> Played:
    """Play a recorded run again, from its file alone.

    Raises:
        InputError: The file cannot be read or played again, or `out` not be written.
    """
    from lab.replaying import reopened

    started_s = time.monotonic()
    with RunReader(run) as reader, reopened(reader, out) as replay:
        end_s = _end(until_s, replay.end_s)
        session = replay.session
        told = _drive(session, end_s, speed, replay.plays_s)
    assert session.scenario is not None
    return _played(session, session.scenario, told, started_s)


def _end(until_s: float | None, length_s: float) -> float:
    """Return where to stop (s): as `--until` says, or at the end of a run of that length."""
    end_s = length_s if until_s is None else until_s
    if not 0 <= end_s <= length_s:
        raise InputError(
            f"--until {format_duration(end_s)} lies outside of the run, "
            f"which goes from 0s to {format_duration(length_s)}"
        )
    return end_s


def _drive(
    session: Session, end_s: float, speed: float | None, plays_s: float | None = 0.0
) -> _Progress:
    """Play a session's scenario up to `end_s`; return what was told.

    Args:
        session: At its first moment.
        end_s: Where to stop.
        speed: Fleet seconds per second; None: as fast as it goes.
        plays_s: When the scenario begins to play; None: never.
    """
    scenario = session.scenario
    assert scenario is not None
    progress = _Progress(scenario.name, end_s)
    pace = _Pace(session, progress, end_s, speed)
    try:
        if plays_s is not None and plays_s <= end_s:
            if plays_s > 0:
                pace(plays_s)
            verdict = session.play(pace, progress.told)
            order = [each.expectation.name for each in verdict.checks]
            progress.results.sort(key=lambda check: order.index(check.name))
        pace(end_s)
    except _EndedEarly:
        pass
    finally:
        progress.clear()
    return progress


def _played(session: Session, scenario: Scenario, told: _Progress, started_s: float) -> Played:
    decided = {check.name for check in told.results}
    watched = session.watch.found()
    bad = unexpected(watched.violations, scenario)
    return Played(
        name=scenario.name,
        path=scenario.path,
        description=scenario.description,
        seed=session.seed,
        world=session.world,
        checks=told.checks(),
        errors=tuple(told.errors),
        undecided=tuple(e.name for e in scenario.expectations if e.name not in decided),
        run_file=session.run_file,
        digest=session.digest(),
        wall_s=time.monotonic() - started_s,
        violations=bad,
        expected=tuple(each for each in watched.violations if each not in bad),
        remarks=watched.remarks,
        not_judged=watched.notes,
        laws=len(session.watch.monitor.on),
        outcomes=watched.outcomes,
    )


def _own_file(scenario: Scenario) -> Path | None:
    """Return where the run is kept if nobody gave it a name; None if nothing can be kept there."""
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    path = new_run_path(scenario.name, moment)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return path if os.access(path.parent, os.W_OK) else None


class _EndedEarly(Exception):  # noqa: N818 — no error: `--until` came before the horizon
    """The moment of `--until` has come."""


@dataclass(slots=True)
class _Progress:
    """The line on standard error, and what happened so far."""

    name: str
    end_s: float
    shown: bool = field(default_factory=lambda: sys.stderr.isatty())
    results: list[Check] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _drawn_s: float = 0.0

    def told(self, item: Progress) -> None:
        """Take in a step or check."""
        if isinstance(item, Advance):
            return
        if isinstance(item, StepResult):
            if not item.ok:
                self.errors.append(_step_error(item))
            return
        name = item.expectation.name
        self.results.append(Check(name, item.passed, item.message, item.time_s))

    def checks(self) -> tuple[Check, ...]:
        """Return the checks decided so far."""
        return tuple(self.results)

    def draw(self, now_s: float) -> None:
        """Draw the line, ten times a second at most."""
        if not self.shown or time.monotonic() - self._drawn_s < _TICK_S:
            return
        self._drawn_s = time.monotonic()
        share = 1.0 if self.end_s <= 0 else min(1.0, max(0.0, now_s / self.end_s))
        held = sum(check.passed for check in self.results)
        bar = "#" * round(share * 20)
        text = f"{safe(self.name)}  [{bar:.<20}]  {clock(max(0.0, now_s))} of {clock(self.end_s)}"
        text += f"  checks {held}/{len(self.results)}"
        self._write(f"\r\x1b[K{text[: _columns() - 1]}")

    def clear(self) -> None:
        """Remove the line."""
        if self.shown:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()


@dataclass(slots=True)
class _Pace:
    """Lets time pass: in slices that keep the progress line alive, or at a set speed."""

    session: Session
    progress: _Progress
    end_s: float
    speed: float | None
    slice_s: float = 1.0
    flushed_s: float = field(default_factory=time.monotonic)

    def __call__(self, until_s: float) -> None:
        """Let time pass up to `until_s`, or to the end.

        Raises:
            _EndedEarly: The end came first.
        """
        goal_s = min(until_s, self.end_s)
        while self.session.now_s < goal_s:
            self._slice(goal_s)
            self.progress.draw(self.session.now_s)
            if time.monotonic() - self.flushed_s > _FLUSH_S:
                self.session.flush()
                self.flushed_s = time.monotonic()
        if until_s > self.end_s:
            raise _EndedEarly

    def _slice(self, goal_s: float) -> None:
        began_s, from_s = time.monotonic(), self.session.now_s
        length_s = self.slice_s if self.speed is None else max(1e-6, self.speed * _TICK_S)
        self.session.run_until(min(goal_s, from_s + length_s))
        took_s = time.monotonic() - began_s
        if self.speed is not None:
            rest_s = (self.session.now_s - from_s) / self.speed - took_s
            if rest_s > 0:
                time.sleep(rest_s)
        elif took_s < _TICK_S / 2:
            if self.session.now_s < goal_s:  # a slice that the goal cut short says nothing
                self.slice_s *= 2
        elif took_s > _TICK_S:
            self.slice_s = max(1e-3, self.slice_s / 2)


def _columns() -> int:
    """Return the width of the terminal: a line that wraps could not be drawn over."""
    try:
        return max(2, os.get_terminal_size(sys.stderr.fileno()).columns)
    except (OSError, ValueError):
        return 80


def _step_error(result: StepResult) -> str:
    return f'step "{result.step.name}" at {clock(max(0.0, result.time_s))}: {result.error}'

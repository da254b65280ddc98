"""A played scenario as text: what happened, what the members hold, which checks held."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lab.commands.printers.text import broken

if TYPE_CHECKING:
    from lab.commands.context import Check, Context, Played

_SHOWN_LINES = 60
_WIDEST_PROSE = 100
_NARROWEST = 60
_ANSWERS = 3
"""So many answers of a check are printed (`-v` prints all)."""
_OBJECT = re.compile(r" is \{.*")
_ANSWER = 100
"""An answer of a check that passed is cut to so many characters."""


def width_of(context: Context) -> int | None:
    """Return what lines are broken to: the terminal's width; None if they go elsewhere."""
    import os
    import shutil

    if not context.terminal and "COLUMNS" not in os.environ:
        return None
    return max(_NARROWEST, shutil.get_terminal_size().columns)


def described(text: str, width: int | None = None) -> Iterator[str]:
    """Yield what a scenario says about itself, paragraph by paragraph, broken to a width."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        yield from broken(" ".join(paragraph.split()), min(width or _WIDEST_PROSE, _WIDEST_PROSE))


def play_report(played: Played, *, verbose: bool, width: int | None = None) -> Iterator[str]:
    """Yield the lines of a played scenario: what happened, the members, the checks.

    Args:
        played: The scenario.
        verbose: Everything, one by one.
        width: Cells to break lines to, None for no breaking.
    """
    from lab.commands.printers.applications import outcome_lines
    from lab.commands.printers.excerpt import excerpt_lines
    from lab.commands.printers.placed import placed_lines, placed_objects
    from lab.commands.printers.text import safe
    from lab.commands.printers.timeline import clock, timeline, timeline_lines
    from lab.commands.printers.verdicts import law_lines

    told = timeline(played.world)
    yield safe(f"Scenario {played.name} (seed {played.seed})")
    yield ""
    if played.description:
        yield from described(played.description, width)
        yield ""
    yield "What happened"
    if verbose:
        for lines in timeline_lines(told, events=True, width=width):
            yield from lines
    else:
        yield from excerpt_lines(told, _SHOWN_LINES, width)
    yield ""
    yield from placed_lines(list(placed_objects(played.world)), verbose=verbose, width=width)
    yield from outcome_lines(played.outcomes, verbose=verbose, width=width)
    yield from law_lines(played, verbose=verbose, width=width)
    yield ""
    yield "Checks"
    for check in played.checks:
        message = check.message if verbose else short_answers(check)
        text = check.name + (f": {message}" if message else "")
        yield from broken(text, width, "  PASS  " if check.passed else "  FAIL  ")
    for name in played.undecided:
        yield from broken(f"{name}: the run was stopped before it was decided", width, "  OPEN  ")
    if not played.checks and not played.undecided:
        yield "  none: the scenario expects nothing"
    for error in played.errors:
        yield from broken(error, width, "  ERROR  ")
    held = sum(check.passed for check in played.checks)
    verdict = "passed" if played.passed else "FAILED"
    yield ""
    text = (
        f"{verdict}: {held} of {len(played.checks)} checks held{_more(played)}; "
        f"{clock(played.world.now_s)} of fleet time in {played.wall_s:.1f} s"
    )
    yield from broken(text, width)


def short_answers(check: Check) -> str:
    """Return what a check found: the first answers, and how many more there are.

    Of a check that failed the last answer is told as well, which is mostly the one that decided it.
    """
    from lab.core.text_table import cut

    answers = re.split(rf", (?=(?:{_helpers()})\('[^']*')", check.message)
    if check.passed:
        answers = [_OBJECT.sub(r" is {…}", each) if len(each) > _ANSWER else each
                   for each in answers]  # fmt: skip
        answers = [cut(each, _ANSWER) for each in answers]
    left = len(answers) - _ANSWERS
    if left < 2:
        return ", ".join(answers)
    text = f"{', '.join(answers[:_ANSWERS])}, … and {left} more"
    return text if check.passed else f"{text}, the last: {answers[-1]}"


def _helpers() -> str:
    from lab.scenario.calls import HELPERS

    return "|".join(HELPERS)


def _more(played: Played) -> str:
    """Return what else decided the verdict, if anything did."""
    text = ""
    if played.violations:
        count = len(played.violations)
        text += f", {count} violation{'s' if count > 1 else ''} of invariants"
    missed = sum(outcome.failed for outcome in played.outcomes)
    if missed:
        text += f", {missed} target{'s' if missed > 1 else ''} missed"
    return text

"""What of a long timeline is shown: how it began, what came of the first fault, how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lab.commands.printers.brief import brief
from lab.commands.printers.timeline import timeline_lines
from lab.commands.printers.told import Told

_HEAD = 8
"""Lines of the beginning that are always shown."""
_END = 10
"""Lines of the end that are always shown."""


def excerpt(told: Sequence[Told], most: int) -> list[tuple[int, int]]:
    """Return the parts of a timeline to show, as (from, to); together they are `most` lines.

    A fleet that is being set up can fill many lines; they give way to what happens from the first
    fault on, or from the first step after second 0 if there is no fault. If that is too much as
    well, it is shown from there on, and the end of the run.
    """
    count = len(told)
    if count <= most:
        return [(0, count)]
    turn = _turn(told)
    head = min(turn, max(_HEAD, most - (count - turn)))
    left = most - head
    if count - turn <= left:
        return [(0, head), (turn, count)]
    end = min(_END, left // 2)
    return [(0, head), (turn, turn + left - end), (count - end, count)]


def _turn(told: Sequence[Told]) -> int:
    """Return where what matters begins: at the first fault, else at the first later step."""
    for topic in ("fault", "step"):
        for index, each in enumerate(told):
            if each.topic == topic and each.time_s > 0:
                return index
    return 0


def excerpt_lines(told: Sequence[Told], most: int, width: int | None = None) -> Iterator[str]:
    """Yield a timeline in about `most` lines, with what was left out where it was left out."""
    told = brief(told, most)
    lines = timeline_lines(told, width=width)
    shown_to = 0
    for begin, end in excerpt(told, most):
        if begin > shown_to:
            yield f"  … {begin - shown_to} lines more (-v shows all)"
        for each in lines[begin:end]:
            yield from each
        shown_to = end

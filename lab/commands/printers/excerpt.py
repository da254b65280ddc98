"""What of a long timeline is shown: how it began, and what came of the first step or fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from lab.commands.printers.timeline import render_timeline
from lab.commands.printers.told import Told

_HEAD = 8
"""Lines of the beginning that are always shown."""
_TURNS = frozenset({"step", "fault"})
_ALIKE = 6
"""So many lines in a row that differ in names and numbers only become three."""
_NUMBERED = re.compile(r"\S*\d\S*")


def excerpt(told: Sequence[Told], most: int) -> tuple[int, int]:
    """Return how many lines to show from the beginning, and where to go on after them.

    From there on lines are shown until there are `most`. A fleet that is being set up can fill many
    lines; they give way to what happens after second 0, from the first step or fault on.
    """
    turn = next((i for i, each in enumerate(told) if each.time_s > 0 and each.topic in _TURNS), 0)
    if len(told) <= most or turn <= _HEAD:
        return 0, 0
    head = max(_HEAD, most - (len(told) - turn))
    return (0, 0) if head >= turn else (head, turn)


def without_alike(told: Sequence[Told]) -> list[Told]:
    """Return a timeline in which the first and the last stand for many lines that are alike.

    Example:
        >>> [each.text for each in without_alike([Told(0.0, "t", f"app-{n}") for n in range(100)])]
        ['app-0', '… 98 more like it', 'app-99']
    """
    found: list[Told] = []
    for _, same in groupby(told, key=lambda each: (each.topic, _NUMBERED.sub("#", each.line))):
        group = list(same)
        if len(group) >= _ALIKE:
            text = f"… {len(group) - 2} more like it"
            group = [group[0], Told(group[1].time_s, group[0].topic, text), group[-1]]
        found += group
    return found


def excerpt_lines(told: Sequence[Told], most: int) -> Iterator[str]:
    """Yield a timeline of at most `most` lines, with what was left out where it was left out."""
    if len(told) > most:
        told = without_alike(told)
    head, turn = excerpt(told, most)
    shown = [*told[:head], *told[turn : turn + most - head]]
    lines = render_timeline(shown).split("\n")
    if head:
        lines.insert(head, f"  … {turn - head} lines more, while it was set up (-v shows all)")
    yield from lines
    left = len(told) - turn - (most - head)
    if left > 0:
        yield f"  … and {left} more (-v shows all)"

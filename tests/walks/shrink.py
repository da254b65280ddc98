"""Makes a walk that breaks a law as short as possible, while it breaks the same law.

Hypothesis could do it, at several hundred plays; whole steps left out, and then shorter faults, do
as well within a few dozen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.walks.play import Steps

Shows = Callable[[Steps], bool]
"""Tells whether these steps still break the law."""
MOST_PLAYS = 80
_SHORTER = ("5s", "29s", "41s", "2m", "5m", "12m", "25m")


def shrunk(steps: Steps, shows: Shows, most: int = MOST_PLAYS) -> list[dict[str, Any]]:
    """Return fewer and shorter steps that still show what the given ones show."""
    left = [most]

    def still(candidate: Steps) -> bool:
        left[0] -= 1
        return left[0] >= 0 and shows(candidate)

    found = _fewer(list(steps), still)
    for change in (_sooner, _shorter):
        for index in range(len(found)):
            for candidate in change(found, index):
                if still(candidate):
                    found = candidate
                    break
    return found


def _fewer(steps: list[dict[str, Any]], still: Shows) -> list[dict[str, Any]]:
    """Leave out runs of steps: halves first, then ever shorter ones."""
    size = max(1, len(steps) // 2)
    while True:
        at, fewer = 0, False
        while at < len(steps):
            candidate = steps[:at] + steps[at + size :]
            if candidate and still(candidate):
                steps, fewer = candidate, True
            else:
                at += size
        if size == 1 and not fewer:
            return steps
        size = max(1, size // 2)


def _at_s(step: dict[str, Any]) -> float:
    return float(step["at"].removesuffix("s"))


def _sooner(steps: list[dict[str, Any]], index: int) -> list[list[dict[str, Any]]]:
    """Let a step, and all after it, follow the one before it at once."""
    gap_s = _at_s(steps[index]) - (_at_s(steps[index - 1]) if index else 0.0)
    found = []
    for wanted_s in (1.0 if index else 0.0, 30.0):
        if gap_s > wanted_s:
            earlier = [
                {**step, "at": f"{_at_s(step) - gap_s + wanted_s:g}s"} for step in steps[index:]
            ]
            found.append([*steps[:index], *earlier])
    return found


def _shorter(steps: list[dict[str, Any]], index: int) -> list[list[dict[str, Any]]]:
    """Let a fault last for a shorter time."""
    fault = steps[index].get("fault")
    if fault is None or fault.get("for") not in _SHORTER:
        return []
    shorter = _SHORTER[: _SHORTER.index(fault["for"])]
    return [
        [*steps[:index], {**steps[index], "fault": {**fault, "for": each}}, *steps[index + 1 :]]
        for each in shorter
    ]

"""Durations as a scenario may give them: one fixed value, or a table of quantiles.

A table is read as a piecewise linear curve through its points: no fitted formula, so what was
measured is what is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lab.core.duration import format_duration, parse_duration_s
from lab.core.errors import InputError, did_you_mean

QUANTILES: Mapping[str, float] = {"p0": 0.0, "p50": 0.5, "p90": 0.9, "p99": 0.99, "p100": 1.0}
NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A duration that may vary.

    Args:
        quantiles: Where the points lie (0 to 1, rising); one point means a fixed duration.
        values_s: The durations at those points (s, never falling).
    """

    quantiles: tuple[float, ...]
    values_s: tuple[float, ...]

    @property
    def fixed(self) -> bool:
        """Tell whether every draw is the same."""
        return self.values_s[0] == self.values_s[-1]

    @property
    def median_s(self) -> float:
        """Return the value at one half."""
        return float(np.interp(0.5, self.quantiles, self.values_s))

    def draw(self, count: int, chance: np.random.Generator) -> npt.NDArray[np.float64]:
        """Return `count` durations (s, whole microseconds); a fixed one uses no chance."""
        if self.fixed:
            return np.full(count, self.values_s[0])
        shares = chance.random(count)
        return np.round(np.interp(shares, self.quantiles, self.values_s), 6)

    def __str__(self) -> str:
        if self.fixed:
            return "never" if self.values_s[0] == NEVER else format_duration(self.values_s[0])
        names = {share: name for name, share in QUANTILES.items()}
        points = zip(self.quantiles, self.values_s, strict=True)
        return ", ".join(f"{names[share]} {format_duration(value)}" for share, value in points)


def fixed(seconds: float) -> Distribution:
    """Return a duration that never varies."""
    return Distribution((0.5,), (seconds,))


def table(p0: float, p50: float, p90: float, p99: float, p100: float) -> Distribution:
    """Return a distribution from its five usual quantiles (s)."""
    return Distribution(tuple(QUANTILES.values()), (p0, p50, p90, p99, p100))


def parse_distribution(name: str, given: Any) -> Distribution:
    """Return a distribution from `1s`, `never`, or `{p0: …, p50: …, p90: …, p99: …, p100: …}`.

    Points left out are filled with their neighbour's value, so `{p50: 1s, p99: 3s}` is complete.

    Raises:
        InputError: No duration, an unknown quantile, or values that fall.
    """
    if given == "never":
        return fixed(NEVER)
    if not isinstance(given, Mapping):
        return fixed(parse_duration(name, given))
    if not given:
        raise InputError(f"{name} is an empty map, needs a duration or quantiles such as p50")
    for key in given:
        if key not in QUANTILES:
            hint = did_you_mean(str(key), list(QUANTILES))
            raise InputError(f'{name} has the unknown quantile "{key}"{hint}')
    points = [
        (share, parse_duration(f"{name}.{key}", given[key]))
        for key, share in QUANTILES.items()
        if key in given
    ]
    values = [value for _, value in points]
    if values != sorted(values):
        raise InputError(f"{name}: quantiles must not fall from p0 to p100, found {dict(given)}")
    if points[0][0] > 0:
        points.insert(0, (0.0, points[0][1]))
    if points[-1][0] < 1:
        points.append((1.0, points[-1][1]))
    return Distribution(tuple(share for share, _ in points), tuple(value for _, value in points))


def parse_duration(name: str, given: Any) -> float:
    """Return one duration (s, 0 or more).

    Raises:
        InputError: It is no duration, or negative.
    """
    if not isinstance(given, str | int | float) or isinstance(given, bool):
        raise InputError(f"{name} is {given!r}, needs a duration (for example 1s, 250ms)")
    try:
        seconds = parse_duration_s(given)
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None
    if not 0 <= seconds < NEVER:
        raise InputError(f"{name} is {given!r}, needs a duration of 0 or more")
    return seconds

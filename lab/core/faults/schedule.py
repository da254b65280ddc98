"""When a fault strikes and when it is over, in seconds from its begin."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lab.core.faults.model import Fault


@dataclass(frozen=True, slots=True)
class Pulse:
    """One time that a fault strikes. `end_s` None: until it is healed. `number` counts from 1."""

    number: int
    begin_s: float
    end_s: float | None


def length_of(fault: Fault, *, momentary: bool) -> float | None:
    """Return how long a fault lasts each time, None if until it is healed."""
    return 0.0 if momentary and fault.length_s is None else fault.length_s


def pulses(fault: Fault, *, momentary: bool = False) -> Iterator[Pulse]:
    """Yield the times that a fault strikes, without end if a pattern is not given a length.

    Example:
        >>> fault = Fault("f", "Flapping", parameters={"period": 60.0, "down": 20.0}, length_s=90.0)
        >>> [(each.begin_s, each.end_s) for each in pulses(fault)]
        [(0.0, 20.0), (60.0, 80.0)]
    """
    length_s, number = length_of(fault, momentary=momentary), 0
    times = fault.repeat.times if fault.repeat else 1
    every_s = fault.repeat.every_s if fault.repeat else 0.0
    for turn in range(times):
        for begin_s, end_s in _beats(fault, length_s):
            number += 1
            at_s = turn * every_s
            end_s = None if end_s is None else _rounded(at_s + end_s)
            yield Pulse(number, _rounded(at_s + begin_s), end_s)


def _beats(fault: Fault, length_s: float | None) -> Iterator[tuple[float, float | None]]:
    if fault.kind != "Flapping":
        yield 0.0, length_s
        return
    period_s, down_s = float(fault.parameters["period"]), float(fault.parameters["down"])
    beat = 0
    while length_s is None or beat * period_s < length_s:
        begin_s = beat * period_s
        end_s = begin_s + down_s
        yield begin_s, end_s if length_s is None else min(end_s, length_s)
        beat += 1


def total_s(fault: Fault, *, momentary: bool = False) -> float:
    """Return when a fault is over for good (s from its begin), infinity if only by healing."""
    length_s = length_of(fault, momentary=momentary)
    if length_s is None:
        return math.inf
    last_s = (fault.repeat.times - 1) * fault.repeat.every_s if fault.repeat else 0.0
    if fault.kind == "Flapping":
        period_s, down_s = float(fault.parameters["period"]), float(fault.parameters["down"])
        beat = max(0, math.floor(length_s / period_s) - 1)
        while (beat + 1) * period_s < length_s:  # exactly as `_beats` counts
            beat += 1
        length_s = min(beat * period_s + down_s, length_s)
    return _rounded(last_s + length_s)


def ramp_offsets(fault: Fault, targets: int) -> Sequence[float]:
    """Return when each of so many targets falls (s from the begin of a pulse).

    Example:
        >>> from lab.core.faults.model import Ramp
        >>> ramp_offsets(Fault("f", "ClusterOutage", ramp=Ramp(60)), 4)
        [0.0, 20.0, 40.0, 60.0]
    """
    over_s = fault.ramp.over_s if fault.ramp else 0.0
    return [_rounded(over_s * each / max(1, targets - 1)) for each in range(targets)]


def _rounded(time_s: float) -> float:
    return round(time_s, 6)

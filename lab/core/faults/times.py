"""Reads the times of a fault: length, ramp, repeat, and the condition that ends it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lab.core.errors import did_you_mean, quoted
from lab.core.faults.kinds import FaultKind
from lab.core.faults.model import Fault, Ramp, Repeat
from lab.core.faults.parameters import Parameter
from lab.core.faults.target import Problems

_LENGTH = Parameter("for", "duration", "how long it lasts", above=0.0)
_RAMP = Parameter("ramp", "duration", "the targets fall one after another over this time",
                  above=0.0)  # fmt: skip
_TIMES = Parameter("times", "count", "how often in all", least=1)
_EVERY = Parameter("every", "duration", "from one begin to the next", above=0.0)
_MAX_TIMES = 10_000
"""So often a fault may strike in all."""


class TimesReader:
    """Reads the times of one fault.

    Args:
        problems: Where errors go.
        given: The fault as it was written.
        text: Values were written on a command line.
    """

    def __init__(self, problems: Problems, given: Mapping[str, Any], text: bool) -> None:
        self._problems, self._given, self._text = problems, given, text

    def length_s(self) -> float | None:
        """Return how long the fault is to last."""
        return self._field("for", _LENGTH)

    def _field(self, name: str, parameter: Parameter) -> float | None:
        value = self._given.get(name)
        if value is None:
            return None
        try:
            return float(parameter.read(value, text=self._text))
        except ValueError as error:
            self._problems.error((name,), f"{name} {error}")
            return None

    def ramp(self) -> Ramp | None:
        """Return how the targets fall."""
        over_s = self._field("ramp", _RAMP)
        return None if over_s is None else Ramp(over_s)

    def repeat(self) -> Repeat | None:
        """Return how often it comes back."""
        given = self._given.get("repeat")
        if given is None:
            return None
        if not isinstance(given, Mapping):
            text = f"repeat is {quoted(given)}, needs a map ({{times: 3, every: 10m}})"
            self._problems.error(("repeat",), text)
            return None
        values: dict[str, Any] = {}
        for key in given:
            if key not in {"times", "every"}:
                hint = did_you_mean(str(key), ("times", "every"))
                text = f"unknown field {quoted(f'repeat.{key}')}{hint} (there are times, every)"
                self._problems.error(("repeat", key), text, key=True)
        for parameter in (_TIMES, _EVERY):
            value = given.get(parameter.name)
            if value is None:
                text = f"repeat.{parameter.name} is missing ({parameter.help})"
                self._problems.error(("repeat",), text)
                continue
            try:
                values[parameter.name] = parameter.read(value, text=self._text)
            except ValueError as error:
                self._problems.error(("repeat", parameter.name), f"repeat.{parameter.name} {error}")
        if len(values) < 2:
            return None
        if values["times"] > _MAX_TIMES:
            text = f"repeat.times is {values['times']}, needs at most {_MAX_TIMES}"
            self._problems.error(("repeat", "times"), text)
        return Repeat(values["times"], values["every"])

    def abort_if(self) -> str:
        """Return the condition that ends it."""
        given = self._given.get("abortIf")
        if given is None:
            return ""
        if not isinstance(given, str) or not given.strip():
            self._problems.error(
                ("abortIf",), f"abortIf is {quoted(given)}, needs a CEL expression"
            )
            return ""
        return given

    def check(self, kind: FaultKind, fault: Fault) -> None:
        """Check the times against one another."""
        length_s = fault.length_s
        down_s = fault.parameters.get("down") if kind.scope == "any" else None
        if down_s is not None and down_s >= fault.parameters.get("period", down_s + 1):
            text = f"{kind.name}: down is {_shown(down_s)}, needs less than the period"
            self._problems.error(("parameters", "down"), text)
        self._check_pulses(kind, fault)
        if fault.ramp is not None:
            within_s = length_s if down_s is None else down_s
            word = "for" if down_s is None else "down"
            if within_s is None and kind.momentary:
                self._problems.error(
                    ("ramp",), f'ramp needs "for" beside it: {kind.name} strikes once'
                )
            elif within_s is not None and fault.ramp.over_s >= within_s:
                text = f"ramp is {_shown(fault.ramp.over_s)}, needs less than {word}"
                self._problems.error(("ramp",), f"{text} ({_shown(within_s)})")
        if fault.repeat is not None:
            if length_s is None and not kind.momentary:
                self._problems.error(
                    ("repeat",), 'repeat needs "for" beside it: it would never end'
                )
            elif length_s is not None and fault.repeat.every_s <= length_s:
                text = f"repeat.every is {_shown(fault.repeat.every_s)}, needs more than for"
                self._problems.error(("repeat", "every"), f"{text} ({_shown(length_s)})")

    def _check_pulses(self, kind: FaultKind, fault: Fault) -> None:
        period_s = fault.parameters.get("period") if kind.scope == "any" else None
        if period_s is None or fault.length_s is None:
            return
        times = 1 if fault.repeat is None else fault.repeat.times
        struck = math.ceil(round(fault.length_s / period_s, 6)) * times
        if struck > _MAX_TIMES:
            text = f"period is {_shown(period_s)}: it would strike {struck} times in all"
            place = ("parameters", "period")
            self._problems.error(place, f"{kind.name}: {text}, needs at most {_MAX_TIMES}")


def _shown(seconds: float) -> str:
    return _LENGTH.shown(seconds)

"""A parameter of a kind of fault: its type, its default, and how a value of it is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lab.core.duration import format_duration, parse_duration_s
from lab.core.errors import did_you_mean, quoted
from lab.core.faults.served import slip_of

ParameterType = Literal[
    "duration", "share", "number", "count", "text", "texts", "flag", "choice", "kind"
]
"""duration: seconds; share: 0 to 1, written 0.3 or 30%; kind: the name of a kind of fault."""
MAX_S = 720 * 3600.0
"""No run is longer (30 days)."""
_MAX_NUMBER = 1e9


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a kind.

    Attributes:
        name: As it is written, camelCase.
        type: How a value is read, and what it becomes.
        help: One line: what it does.
        default: Typed; None: it has none.
        choices: The words of a "choice".
        least: The smallest number, duration (s) or share allowed.
        above: The value must be more than this.
        required: It must be given.
        sample: A value for examples, as written.
        beside: The parameter that must be given where this one is.
        served: Its texts name kinds that clusters serve: what looks like a slip is refused.
    """

    name: str
    type: ParameterType
    help: str
    default: Any = None
    choices: tuple[str, ...] = ()
    least: float = 0.0
    above: float | None = None
    required: bool = False
    sample: Any = None
    beside: str = ""
    served: bool = False

    @property
    def unit(self) -> str:
        """What a value is written as, for tables."""
        return {
            "duration": "duration", "share": "share", "number": "number", "count": "count",
            "text": "text", "texts": "texts", "flag": "true|false", "kind": "kind",
            "choice": "|".join(self.choices),
        }[self.type]  # fmt: skip

    def shown(self, value: Any) -> str:
        """Return a typed value as a person would write it."""
        if value is None:
            return ""
        if self.type == "duration":
            return format_duration(value)
        if self.type == "share":
            return f"{value * 100:g}%"
        if self.type == "flag":
            return "true" if value else "false"
        if self.type == "texts":
            return ",".join(value)
        return f"{value:g}" if isinstance(value, float) else str(value)

    def read(self, given: Any, *, text: bool = False) -> Any:
        """Return a typed value.

        Args:
            given: As written in a file, or (`text`) on a command line.
            text: Numbers, flags and lists are read out of a text.

        Raises:
            ValueError: It cannot be one; the message says what was found and what was needed.
        """
        value = _READERS[self.type](self, given, text)
        if isinstance(value, int | float) and not isinstance(value, bool):
            self._check_bounds(value, given)
        return value

    def _check_bounds(self, value: float, given: Any) -> None:
        most = {"duration": MAX_S, "share": 1.0}.get(self.type, _MAX_NUMBER)
        if self.above is not None and value <= self.above:
            raise ValueError(f"is {quoted(given)}, needs more than {self.shown(self.above)}")
        if value < self.least:
            raise ValueError(f"is {quoted(given)}, needs {self.shown(self.least)} or more")
        if value > most:
            hint = " (write 30% or 0.3)" if self.type == "share" else ""
            raise ValueError(f"is {quoted(given)}, needs at most {self.shown(most)}{hint}")

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of a value."""
        found: dict[str, Any] = {"description": self.help}
        if self.type == "choice":
            found["enum"] = list(self.choices)
        elif self.type == "texts":
            found |= {"type": "array", "items": {"type": "string"}}
        else:
            found["type"] = _JSON_TYPES.get(self.type, "string")
        if self.default is not None:
            written = self.type in {"duration", "share"}
            plain = list(self.default) if isinstance(self.default, tuple) else self.default
            found["default"] = self.shown(self.default) if written else plain
        return found


_JSON_TYPES: Mapping[str, Any] = {
    "duration": ["string", "number"], "share": ["string", "number"], "number": "number",
    "count": "integer", "flag": "boolean",
}  # fmt: skip


def read_share(given: Any) -> float:
    """Return a share of 0 to 1 as written: 0.3 or "30%".

    Raises:
        ValueError: It is neither.
    """
    if isinstance(given, str):
        body = given.strip()
        try:
            number = float(body.removesuffix("%"))
        except ValueError:
            raise ValueError(f"is {quoted(given)}, needs a share (30% or 0.3)") from None
        return _finite(number / 100 if body.endswith("%") else number, given)
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ValueError(f"is {quoted(given)}, needs a share (30% or 0.3)")
    return _finite(given, given)


def _finite(number: float, given: Any) -> float:
    try:
        found = float(number)
    except OverflowError:  # a whole number of more than 308 digits
        found = math.inf
    if not math.isfinite(found):
        raise ValueError(f"is {quoted(given)}, needs a finite number")
    return found


def _duration(parameter: Parameter, given: Any, text: bool) -> float:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ValueError(f"is {quoted(given)}, needs a duration (for example 90s)")
    try:
        return _finite(parse_duration_s(given), given)
    except ValueError:
        raise ValueError(f"is {quoted(given)}, needs a duration (for example 90s)") from None


def _share(parameter: Parameter, given: Any, text: bool) -> float:
    return read_share(given)


def _number(parameter: Parameter, given: Any, text: bool) -> float:
    value = given
    if text and isinstance(given, str):
        try:
            value = float(given)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"is {quoted(given)}, needs a number")
    return _finite(value, given)


def _count(parameter: Parameter, given: Any, text: bool) -> int:
    if text and isinstance(given, str) and given.strip().isdecimal() and len(given) < 12:
        return int(given)
    if isinstance(given, bool) or not isinstance(given, int):
        raise ValueError(f"is {quoted(given)}, needs a whole number")
    return given


def _text(parameter: Parameter, given: Any, text: bool) -> str:
    if not isinstance(given, str):
        raise ValueError(f"is {quoted(given)}, needs a text (in quotes)")
    if parameter.required and not given.strip():
        raise ValueError(f"is {quoted(given)}, needs a text")
    return given


def _texts(parameter: Parameter, given: Any, text: bool) -> tuple[str, ...]:
    if text and isinstance(given, str):
        given = [word.strip() for word in given.split(",") if word.strip()]
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise ValueError(f"is {quoted(given)}, needs a list of texts")
    for word in given if parameter.served else ():
        meant = slip_of(word)
        if meant:
            strange = f"{quoted(word)}, which no cluster serves"
            raise ValueError(f"has {strange} — did you mean {quoted(meant)}?")
    return tuple(given)


def _flag(parameter: Parameter, given: Any, text: bool) -> bool:
    if text and isinstance(given, str) and given in {"true", "false"}:
        return bool(given == "true")
    if not isinstance(given, bool):
        raise ValueError(f"is {quoted(given)}, needs true or false")
    return given


def _choice(parameter: Parameter, given: Any, text: bool) -> str:
    if given not in parameter.choices:
        hint = did_you_mean(given, parameter.choices) if isinstance(given, str) else ""
        words = ", ".join(parameter.choices)
        raise ValueError(f"is {quoted(given)}{hint or f', needs one of {words}'}")
    return str(given)


_READERS = {
    "duration": _duration, "share": _share, "number": _number, "count": _count, "text": _text,
    "texts": _texts, "flag": _flag, "choice": _choice, "kind": _text,
}  # fmt: skip

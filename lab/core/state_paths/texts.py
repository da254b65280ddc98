"""Values of a status as texts: numbers, which are all floating point, and lists and maps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_LARGE = 6
"""From this power of ten on a bare number is written with an exponent."""


def value_text(value: Any) -> str:
    """Return a value as the API machinery prints it: texts bare, lists and maps as JSON.

    Example:
        >>> value_text(3), value_text(1500000), value_text({"b": 1000000, "a": None})
        ('3', '1.5e+06', '{"a":null,"b":1000000}')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value, _LARGE, -4)
    return value if isinstance(value, str) else _json(value)


def shown(value: Any) -> str:
    """Return a value as error messages show it.

    Example:
        >>> shown({"b": [1, None], "a": "x"})
        'map[a:x b:[1 <nil>]]'
    """
    if isinstance(value, Mapping):
        return f"map[{' '.join(f'{name}:{shown(value[name])}' for name in sorted(value))}]"
    if isinstance(value, list | tuple):
        return f"[{' '.join(map(shown, value))}]"
    return "<nil>" if value is None else value_text(value)


def number_text(value: float, large: int, small: int) -> str:
    """Return a number in its fewest digits.

    Args:
        value: The number.
        large: The first power of ten that is written with an exponent.
        small: The last one below 1 that is written without.
    """
    number = Decimal(repr(float(value))).normalize()
    if not number:
        return "-0" if number.is_signed() else "0"
    power = number.adjusted()
    if small <= power < large:
        return f"{number:f}"
    first, *rest = (str(digit) for digit in number.as_tuple().digits)
    mantissa = f"{first}.{''.join(rest)}" if rest else first
    return f"{'-' if value < 0 else ''}{mantissa}e{power:+03d}"


def _json(value: Any) -> str:
    if isinstance(value, Mapping):
        entries = (f"{_json(name)}:{_json(value[name])}" for name in sorted(value))
        return "{" + ",".join(entries) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value, 21, -6).replace("e-0", "e-")
    text = json.dumps(value, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text

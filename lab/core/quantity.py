"""Resource quantities: exact integers, never floats (`k8s.io/apimachinery/pkg/api/resource`)."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

_SCALE = {
    "": Fraction(1),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "Ti": Fraction(2**40),
    "Pi": Fraction(2**50),
    "Ei": Fraction(2**60),
}
_FORM = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d{1,4})|([numkMGTPE]|[KMGTPE]i)?)")
_MAX_DIGITS = 40


@lru_cache(maxsize=65536)
def _parse(text: str) -> Fraction:
    match = _FORM.fullmatch(text) if len(text) <= _MAX_DIGITS else None
    if match is None:
        raise ValueError(f'not a quantity: "{text}" (write for example 250m, 2, 512Mi, 1.5Gi)')
    sign, digits, exponent, suffix = match.groups()
    value = Fraction(digits if not digits.endswith(".") else digits[:-1])
    if exponent:
        value *= Fraction(10) ** max(-30, min(30, int(exponent[1:])))
    else:
        value *= _SCALE[suffix or ""]
    return -value if sign == "-" else value


def parse_quantity(text: str | float) -> Fraction:
    """Return a quantity as an exact fraction of its base unit (cores, bytes, items).

    Raises:
        ValueError: The text is no quantity.

    Example:
        >>> parse_quantity("250m"), parse_quantity("1Ki")
        (Fraction(1, 4), Fraction(1024, 1))
    """
    if isinstance(text, bool):
        raise ValueError(f"not a quantity: {text!r}")
    return _parse(str(text))


def _ceil(value: Fraction) -> int:
    return -((-value.numerator) // value.denominator)


@lru_cache(maxsize=65536)
def _millis(text: str) -> int:
    return _ceil(_parse(text) * 1000)


@lru_cache(maxsize=65536)
def _whole(text: str) -> int:
    return _ceil(_parse(text))


def milli_value(text: str | float) -> int:
    """Return a quantity in thousandths, rounded up (`Quantity.MilliValue`): cpu is counted so."""
    return _millis(str(text))


def int_value(text: str | float) -> int:
    """Return a quantity as a whole number, rounded up (`Quantity.Value`): memory, pods, devices."""
    return _whole(str(text))


def resource_value(resource: str, text: str | float) -> int:
    """Return a quantity in the unit the scheduler counts in: milli for cpu, else whole."""
    return milli_value(text) if resource == "cpu" else int_value(text)


def format_quantity(resource: str, value: int) -> str:
    """Return the text of a count in `resource_value`'s unit, in the shortest exact form.

    Example:
        >>> format_quantity("cpu", 1500), format_quantity("memory", 3 * 2**29)
        ('1500m', '1536Mi')
    """
    if resource == "cpu":
        return f"{value // 1000}" if value % 1000 == 0 else f"{value}m"
    if resource == "memory" or resource.startswith(("ephemeral-storage", "hugepages-", "storage")):
        for suffix, size in (("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10)):
            if value and value % size == 0:
                return f"{value // size}{suffix}"
    return str(value)

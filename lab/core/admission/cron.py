"""Whether a text is a cron schedule: five fields (six with seconds), or a word like `@hourly`."""

from __future__ import annotations

import re

_WORDS = frozenset(
    {
        "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@hourly", "@always",
        "@5minutes", "@10minutes", "@15minutes", "@30minutes", "@everysecond", "@everyminute",
    }
)  # fmt: skip
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_PART = re.compile(r"(\*|\?|\d+(?:-\d+)?)(?:/(\d+))?")
_SPECIAL_DAY = re.compile(r"L|LW|\d{1,2}W|\d(?:#[1-5]|L)")


def is_cron(text: str) -> bool:
    """Tell whether a schedule can be read.

    Example:
        >>> is_cron("*/5 8-18 * * MON-FRI"), is_cron("61 * * * *")
        (True, False)
    """
    if text.lower() in _WORDS:
        return True
    fields = text.upper().split()
    if len(fields) not in (5, 6):
        return False
    bounds = _BOUNDS if len(fields) == 5 else ((0, 59), *_BOUNDS)
    return all(
        _is_field(field, low, high, is_day=index >= len(fields) - 3)
        for index, (field, (low, high)) in enumerate(zip(fields, bounds, strict=True))
    )


def _is_field(field: str, low: int, high: int, *, is_day: bool) -> bool:
    words = {12: _MONTHS, 7: _DAYS}.get(high, [])
    for index, word in enumerate(words):
        field = re.sub(rf"\b{word}\b", str(index + low), field)
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            if is_day and _SPECIAL_DAY.fullmatch(part):
                continue
            return False
        if match[2] is not None and int(match[2]) < 1:
            return False
        numbers = [int(number) for number in re.findall(r"\d+", match[1])]
        if any(not low <= number <= high for number in numbers) or numbers != sorted(numbers):
            return False
    return True

"""Durations as Go and Kubernetes write them: `1h30m`, `500ms`, `0`."""

from __future__ import annotations

import re

_UNIT_S = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d)")


def parse_duration_s(text: str | float) -> float:
    """Return a duration in seconds, rounded to microseconds. A bare number counts as seconds.

    `d` (24 h) is ours: Go has no day. A sign is allowed, as in Go.

    Raises:
        ValueError: The text is no duration.

    Example:
        >>> parse_duration_s("1m30s")
        90.0
    """
    if isinstance(text, bool):
        raise ValueError(f"not a duration: {str(text).lower()}")
    if isinstance(text, int | float):
        try:
            return round(float(text), 6)
        except OverflowError:
            raise ValueError("not a duration: a number of more than 308 digits") from None
    body = text.strip()
    sign = -1.0 if body.startswith("-") else 1.0
    body = body.lstrip("+-")
    if re.fullmatch(r"\d+(\.\d*)?", body):
        return round(sign * float(body), 6)
    total_s, end = 0.0, 0
    for match in _PART.finditer(body):
        if match.start() != end:
            break
        total_s += float(match[1]) * _UNIT_S[match[2]]
        end = match.end()
    if not body or end != len(body):
        raise ValueError(f'not a duration: "{text}" (write for example 90s, 1m30s, 500ms)')
    return round(sign * total_s, 6)


def format_duration(seconds: float) -> str:
    """Return a duration as Go prints it.

    Example:
        >>> format_duration(5400), format_duration(0.25), format_duration(0)
        ('1h30m0s', '250ms', '0s')
    """
    if seconds < 0:
        return "-" + format_duration(-seconds)
    if seconds == 0:
        return "0s"
    if seconds < 1:
        return f"{seconds * 1000:g}ms" if seconds >= 0.001 else f"{seconds * 1e6:g}µs"
    minutes, rest_s = divmod(round(seconds, 6), 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{rest_s:.6f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def human_age(seconds: float) -> str:
    """Return an age as kubectl's AGE column shows it (apimachinery `HumanDuration`).

    Example:
        >>> human_age(4), human_age(130), human_age(7400), human_age(200000)
        ('4s', '2m10s', '123m', '2d7h')
    """
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    if whole < 120:
        return f"{whole}s"
    minutes = whole // 60
    if minutes < 10:
        return f"{minutes}m{whole % 60}s" if whole % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    hours = whole // 3600
    if hours < 8:
        rest = minutes % 60
        return f"{hours}h{rest}m" if rest else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        rest = hours % 24
        return f"{hours // 24}d{rest}h" if rest else f"{hours // 24}d"
    if hours < 24 * 365 * 2:
        return f"{hours // 24}d"
    if hours < 24 * 365 * 8:
        years, rest = hours // (24 * 365), hours // 24 % 365
        return f"{years}y{rest}d" if rest else f"{years}y"
    return f"{hours // (24 * 365)}y"

"""Lenient readings of manifests typed by people: what cannot be read counts as absent."""

from __future__ import annotations

from typing import Any

from lab.core.manifest import seconds_of


def texts(value: Any) -> tuple[str, ...]:
    """Return the texts of a list, leniently: anything else reads as none."""
    return tuple(str(entry) for entry in value) if isinstance(value, list | tuple) else ()


def whole(value: Any) -> int:
    """Return a whole number, leniently: anything else reads as 0."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, float) else 0


def moment_s(value: Any) -> float | None:
    """Return the second of the run that a timestamp means, leniently: anything else reads as none.

    Example:
        >>> moment_s("2026-01-01T00:01:00Z"), moment_s("soon")
        (60.0, None)
    """
    try:
        return seconds_of(value) if isinstance(value, str) and value else None
    except (ValueError, OverflowError):
        return None

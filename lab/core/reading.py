"""Lenient readings of manifests typed by people: what cannot be read counts as absent."""

from __future__ import annotations

from typing import Any


def texts(value: Any) -> tuple[str, ...]:
    """Return the texts of a list, leniently: anything else reads as none."""
    return tuple(str(entry) for entry in value) if isinstance(value, list | tuple) else ()


def whole(value: Any) -> int:
    """Return a whole number, leniently: anything else reads as 0."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, float) else 0

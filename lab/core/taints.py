"""Taints of clusters and the tolerations of placements.

Source: k8s.io/api `core/v1` ToleratesTaint (comparison operators off, as Karmada has them).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.core.reading import whole


@dataclass(frozen=True, slots=True)
class Taint:
    """A mark on a cluster that keeps out what does not tolerate it."""

    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        value = f"={self.value}" if self.value else ""
        if not self.effect:
            return f"{self.key}{value}:" if value else self.key
        return f"{self.key}{value}:{self.effect}"


@dataclass(frozen=True, slots=True)
class Toleration:
    """Lets a placement use clusters with certain taints; `seconds` None means for ever."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    seconds: int | None = None

    def tolerates(self, taint: Taint) -> bool:
        """Tell whether a taint is tolerated; an empty key or effect stands for any."""
        if self.effect and self.effect != taint.effect:
            return False
        if self.key and self.key != taint.key:
            return False
        if self.operator in {"", "Equal"}:
            return self.value == taint.value
        return self.operator == "Exists"


def taints_of(source: Any) -> tuple[Taint, ...]:
    """Return the taints of a list of maps, leniently."""
    return tuple(
        Taint(_text(entry, "key"), _text(entry, "value"), _text(entry, "effect"))
        for entry in _maps(source)
    )


def tolerations_of(source: Any) -> tuple[Toleration, ...]:
    """Return the tolerations of a list of maps, leniently."""
    found = []
    for entry in _maps(source):
        seconds = entry.get("tolerationSeconds")
        found.append(
            Toleration(
                _text(entry, "key"),
                _text(entry, "operator"),
                _text(entry, "value"),
                _text(entry, "effect"),
                None if seconds is None else whole(seconds),
            )
        )
    return tuple(found)


def _maps(source: Any) -> Iterable[Mapping[str, Any]]:
    return [entry for entry in source or () if isinstance(entry, Mapping)]


def _text(entry: Mapping[str, Any], name: str) -> str:
    return str(entry.get(name) or "")

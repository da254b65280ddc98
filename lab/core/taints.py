"""Taints of clusters and the tolerations of placements.

Source: k8s.io/api `core/v1` ToleratesTaint (comparison operators off, as Karmada has them).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.core.reading import expect_maps, expect_text, known_fields, one_of, problem, whole

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


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


def check_tolerations(source: Any, path: str) -> None:
    """Check a list of tolerations as a policy author should have written it.

    Raises:
        InputError: An operator or effect is unknown, or parts contradict; names the field path.
    """
    for index, entry in enumerate(expect_maps(source, path)):
        place = f"{path}[{index}]"
        known_fields(entry, ("key", "operator", "value", "effect", "tolerationSeconds"), place)
        operator = one_of(entry.get("operator") or "", ("", "Exists", "Equal"), f"{place}.operator")
        one_of(entry.get("effect") or "", ("", *EFFECTS), f"{place}.effect")
        key, value = expect_text(entry.get("key"), f"{place}.key"), entry.get("value")
        if not key and operator != "Exists":
            raise problem(f"{place}.operator", "must be Exists when key is empty (any taint)")
        if operator == "Exists" and value:
            raise problem(f"{place}.value", f"is {value!r}, but operator Exists takes no value")
        seconds = entry.get("tolerationSeconds")
        if seconds is not None and entry.get("effect") != "NoExecute":
            raise problem(f"{place}.effect", "must be NoExecute when tolerationSeconds is set")


def _maps(source: Any) -> Iterable[Mapping[str, Any]]:
    return [entry for entry in source or () if isinstance(entry, Mapping)]


def _text(entry: Mapping[str, Any], name: str) -> str:
    return str(entry.get(name) or "")

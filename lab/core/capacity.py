"""What a cluster has left, read from status.resourceSummary and spec.resourceModels.

Source: Karmada v1.19 `pkg/estimator/client/general.go`. Sums are exact fractions; a quantity is
rounded up only where the original takes its integer value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from lab.core.quantity import parse_quantity
from lab.core.reading import whole

PODS = "pods"


@dataclass(frozen=True, slots=True)
class Free:
    """One resource: allocatable minus allocated minus allocating."""

    exact: Fraction
    value: int
    """Whole units."""
    milli: int
    """Thousandths."""
    decimal: bool
    """The sum is written in decimal units; component sets then count in thousandths."""


@dataclass(frozen=True, slots=True)
class Grade:
    """A resource model: nodes of a grade count with the least a node of it has free."""

    grade: int
    least: Mapping[str, str]
    nodes: int


@dataclass(frozen=True, slots=True, eq=False)
class Capacity:
    """The room of one cluster. `grades` is None when no models are reported."""

    pods: int
    """Pods that still fit (count, 0 or more)."""
    free: Mapping[str, Free]
    grades: tuple[Grade, ...] | None
    grades_error: str
    """Why the reported models cannot be used; then the summary is."""
    estimates: dict[object, Any] = field(default_factory=dict)
    """Estimates remembered by request."""


def capacity_of(summary: Any, models: Any) -> Capacity | None:
    """Return a cluster's room, or None when no resourceSummary was reported (no room at all)."""
    if not isinstance(summary, Mapping):
        return None
    allocatable = _quantities(summary.get("allocatable"))
    taken = [_quantities(summary.get("allocated")), _quantities(summary.get("allocating"))]
    pods = _value(allocatable.get(PODS)) - sum(_value(part.get(PODS)) for part in taken)
    free = {}
    for resource, (amount, decimal) in allocatable.items():
        for part in taken:
            if resource in part:
                # A zero takes over the notation of what is taken from it.
                decimal = part[resource][1] if amount == 0 else decimal
                amount -= part[resource][0]
        free[resource] = Free(amount, away(amount), away(amount * 1000), decimal)
    grades, error = _grades(summary.get("allocatableModelings"), models)
    return Capacity(max(pods, 0), free, grades, error)


def away(amount: Fraction) -> int:
    """Return a whole number, rounded away from zero as `Quantity.Value` does."""
    if amount >= 0:
        return -((-amount.numerator) // amount.denominator)
    return -away(-amount)


def quantity(text: Any) -> tuple[Fraction, bool]:
    """Return a quantity and whether it is written in decimal units; unreadable counts as 0.

    A fraction below one in binary units (`0.5Ki` is not, `0.0001Ki` is) reads as decimal.
    """
    try:
        amount = parse_quantity(text)
    except (ValueError, TypeError):
        return Fraction(0), True
    binary = str(text).rstrip().endswith("i")
    return amount, not binary or 0 < amount < 1


def _quantities(source: Any) -> dict[str, tuple[Fraction, bool]]:
    if not isinstance(source, Mapping):
        return {}
    return {str(resource): quantity(text) for resource, text in source.items()}


def _value(entry: tuple[Fraction, bool] | None) -> int:
    return away(entry[0]) if entry else 0


def _grades(reported: Any, models: Any) -> tuple[tuple[Grade, ...] | None, str]:
    if not isinstance(reported, Sequence) or isinstance(reported, str) or not reported:
        return None, ""
    if not models:
        return (), "no resource models defined"
    counts: dict[int, int] = {}
    for entry in reported:
        grade, count = whole(entry.get("grade")), whole(entry.get("count"))
        if count < 0:
            return (), f"negative node count for grade {grade}"
        counts[grade] = counts.get(grade, 0) + count
    least = {}
    for model in models:
        ranges = model.get("ranges") or ()
        least[whole(model.get("grade"))] = {
            str(entry.get("name") or ""): str(entry.get("min") or "0") for entry in ranges
        }
    return tuple(Grade(g, least[g], counts[g]) for g in sorted(least) if counts.get(g)), ""

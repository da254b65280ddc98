"""Spread constraints as a policy writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.lint.finding import Path
from lab.core.lint.material import Item

CONSTRAINTS: Path = ("spec", "placement", "spreadConstraints")


def constraints_of(policy: Item) -> list[Mapping[str, Any]]:
    """Return a policy's spread constraints, the defaults of the webhook filled in."""
    return list((policy.spec.get("placement") or {}).get("spreadConstraints") or ())


def field_of(constraint: Mapping[str, Any]) -> str:
    """Return what a constraint spreads by; empty for a label."""
    if constraint.get("spreadByLabel"):
        return ""
    return str(constraint.get("spreadByField") or "cluster")

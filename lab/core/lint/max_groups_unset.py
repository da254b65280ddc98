"""`max-groups-unset`: without maxGroups no cluster is chosen at all."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding
from lab.core.lint.material import Material
from lab.core.lint.spread_constraints import CONSTRAINTS, constraints_of, field_of


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for policy in material.policies:
        if material.placement(policy).ignores_spread:
            continue
        for index, constraint in enumerate(constraints_of(policy)):
            field = field_of(constraint)
            if field not in {"cluster", "region"} or constraint.get("maxGroups"):
                continue
            least = constraint.get("minGroups") or 1
            yield policy.finding(
                "max-groups-unset",
                "error",
                (*CONSTRAINTS, index),
                f"the {field} constraint has no maxGroups",
                "the webhook defaults minGroups to 1 but not maxGroups, and the scheduler reads an "
                f"absent maxGroups as 0: it selects 0 {field}s and the binding is never scheduled",
                f"maxGroups: {max(least, 2)} (at least minGroups; a large number means no limit)",
            )

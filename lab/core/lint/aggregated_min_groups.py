"""`aggregated-min-groups`: Aggregated may still use one cluster."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding
from lab.core.lint.material import Material
from lab.core.lint.spread_constraints import CONSTRAINTS, constraints_of, field_of


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for policy in material.policies:
        if material.placement(policy).strategy != "Aggregated":
            continue
        for index, constraint in enumerate(constraints_of(policy)):
            if (
                field_of(constraint) in {"cluster", "region"}
                and (constraint.get("minGroups") or 0) > 1
            ):
                yield policy.finding(
                    "aggregated-min-groups",
                    "warning",
                    (*CONSTRAINTS, index, "minGroups"),
                    f"minGroups {constraint['minGroups']} with Aggregated",
                    "the constraint chooses candidates, then Aggregated packs replicas into as few "
                    "of them as have room: clusters that got none are dropped, often all but one",
                    "replicaDivisionPreference: Weighted with dynamicWeight: AvailableReplicas",
                )

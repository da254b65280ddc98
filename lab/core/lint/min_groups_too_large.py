"""`min-groups-too-large`: more groups are demanded than there are."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding
from lab.core.lint.material import Material, names
from lab.core.lint.spread_constraints import CONSTRAINTS, constraints_of, field_of


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    if material.clusters is None:
        return
    for policy in material.policies:
        if material.placement(policy).ignores_spread:
            continue
        matching = material.matching(policy)
        groups = {
            "cluster": [cluster.name for cluster in matching],
            "region": sorted({cluster.region for cluster in matching if cluster.region}),
        }
        for index, constraint in enumerate(constraints_of(policy)):
            field, least = field_of(constraint), constraint.get("minGroups") or 1
            if field in groups and least > len(groups[field]):
                have = names(groups[field]) or "none"
                yield policy.finding(
                    "min-groups-too-large",
                    "error",
                    (*CONSTRAINTS, index, "minGroups"),
                    f"minGroups is {least}, but the placement matches {len(groups[field])} "
                    f"{field}s: {have}",
                    "the scheduler gives up when there are fewer groups than minGroups; no replica "
                    "is placed anywhere",
                    f"minGroups: {max(1, len(groups[field]))}, or let the affinity match more "
                    f"{field}s",
                )

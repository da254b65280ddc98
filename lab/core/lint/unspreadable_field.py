"""`zone-alone`, `zone-not-spread`, `spread-by-label`: what the scheduler cannot spread by."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding
from lab.core.lint.material import Material
from lab.core.lint.spread_constraints import CONSTRAINTS, constraints_of, field_of


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for policy in material.policies:
        constraints = constraints_of(policy)
        fields = [field_of(constraint) for constraint in constraints]
        for index, (field, constraint) in enumerate(zip(fields, constraints, strict=True)):
            path = (*CONSTRAINTS, index)
            if constraint.get("spreadByLabel"):
                yield policy.finding(
                    "spread-by-label",
                    "error",
                    (*path, "spreadByLabel"),
                    "spreadByLabel is not implemented",
                    "the API accepts it, but the scheduler only spreads by cluster and region",
                    "spreadByField: region (with a cluster constraint beside it)",
                )
            elif field != "cluster" and "cluster" not in fields:
                yield policy.finding(
                    "zone-alone",
                    "error",
                    path,
                    f"a {field} constraint without a cluster constraint",
                    "the webhook refuses it: a cluster constraint must say how many clusters",
                    "add {spreadByField: cluster, minGroups: 2, maxGroups: 10}",
                )
            elif field in {"zone", "provider"}:
                yield policy.finding(
                    "zone-not-spread",
                    "warning",
                    path,
                    f"the {field} constraint does not spread",
                    f"the scheduler spreads by cluster and region only; {field} just filters out "
                    f"clusters that have no {field}, and its minGroups and maxGroups do nothing",
                    f"spread by region, or choose clusters by an affinity for each {field}",
                )

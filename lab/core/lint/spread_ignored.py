"""`spread-ignored`: static weights do not look at spread constraints."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding
from lab.core.lint.material import Material
from lab.core.lint.spread_constraints import CONSTRAINTS, constraints_of


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for policy in material.policies:
        constraints = constraints_of(policy)
        if constraints and material.placement(policy).ignores_spread:
            yield policy.finding(
                "spread-ignored",
                "warning",
                CONSTRAINTS,
                "spread constraints beside static weights",
                "with Divided and static weights (or no weightPreference) the scheduler takes "
                "every matching cluster and ignores spreadConstraints and capacity",
                "weightPreference: {dynamicWeight: AvailableReplicas}, or "
                "replicaDivisionPreference: Aggregated; or drop spreadConstraints",
            )

"""`affinities-never-fall-through`: only strategies that look at room try the next group."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding, Path
from lab.core.lint.material import Material

_PLACEMENT: Path = ("spec", "placement")


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for policy in material.policies:
        placement = material.placement(policy)
        terms = placement.terms or ()
        if len(terms) < 2 or placement.strategy not in {"Duplicated", "StaticWeight"}:
            continue
        word = "Duplicated" if placement.strategy == "Duplicated" else "static weights"
        yield policy.finding(
            "affinities-never-fall-through",
            "warning",
            (*_PLACEMENT, "clusterAffinities"),
            f"{len(terms)} affinity groups with {word}",
            f"{word} never look at capacity, so a full group is no reason to try the next one: "
            "the groups after the first are used only when no cluster of it passes the filters "
            "(and never left again without a WorkloadRebalancer)",
            "replicaSchedulingType: Divided with replicaDivisionPreference: Aggregated, or "
            "Weighted with dynamicWeight: AvailableReplicas",
        )

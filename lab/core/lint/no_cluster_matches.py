"""`no-cluster-matches`: an affinity that no cluster of the fleet satisfies."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.affinity import cluster_affinity
from lab.core.lint.finding import Finding
from lab.core.lint.material import Material, names


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    if material.clusters is None:
        return
    for policy in material.policies:
        for path, source in material.affinities(policy):
            affinity = cluster_affinity(source)
            if any(affinity.matches(cluster) for cluster in material.clusters):
                continue
            reasons = {affinity.mismatch(cluster) for cluster in material.clusters}
            yield policy.finding(
                "no-cluster-matches",
                "error",
                path,
                "no cluster of the fleet matches this affinity",
                f"for every cluster something does not fit: {names(sorted(reasons), 3)}",
                "labels, fields or names that clusters have: "
                + names(cluster.name for cluster in material.clusters),
            )

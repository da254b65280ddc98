"""`weight-missing`, `weight-unused`: matching clusters and weights that do not meet."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.affinity import cluster_affinity
from lab.core.lint.finding import Finding, Path
from lab.core.lint.material import Material, names
from lab.core.manifest import get_in

_WEIGHTS: Path = (
    "spec", "placement", "replicaScheduling", "weightPreference", "staticWeightList",
)  # fmt: skip


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    if material.clusters is None:
        return
    for policy in material.policies:
        entries = get_in(policy.manifest, _WEIGHTS) or ()
        if not entries or material.placement(policy).strategy != "StaticWeight":
            continue
        matching = material.matching(policy)
        targets = [cluster_affinity(entry.get("targetCluster") or {}) for entry in entries]
        for index, target in enumerate(targets):
            if matching and not any(target.matches(cluster) for cluster in matching):
                yield policy.finding(
                    "weight-unused",
                    "warning",
                    (*_WEIGHTS, index),
                    "no cluster that the placement selects matches this weight",
                    "weights share replicas out among selected clusters; they select none",
                    "add the cluster to clusterAffinity, or drop the weight",
                )
        without = [
            cluster.name
            for cluster in matching
            if not any(target.matches(cluster) for target in targets)
        ]
        if without and len(without) < len(matching):
            yield policy.finding(
                "weight-missing",
                "warning",
                _WEIGHTS,
                f"selected clusters without a weight: {names(without)}",
                "a cluster without a weight counts as 0 and never gets a replica",
                "a weight for each of them, or an affinity that leaves them out",
            )

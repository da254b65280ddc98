"""`override-target`: a rule for clusters that its templates never reach."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.affinity import cluster_affinity
from lab.core.lint.finding import Finding
from lab.core.lint.material import Material, names


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    if material.clusters is None:
        return
    for policy in material.overrides:
        templates = material.templates_of(policy)
        owners = [owner for each in templates if (owner := material.winner(each)) is not None]
        reached = {cluster.name for owner in owners for cluster in material.matching(owner)}
        for index, rule in enumerate(policy.spec.get("overrideRules") or ()):
            target = rule.get("targetCluster")
            if target is None:
                continue
            affinity = cluster_affinity(target)
            meant = [each.name for each in material.clusters if affinity.matches(each)]
            if meant and (not owners or set(meant) & reached):
                continue
            if not meant and target.get("clusterNames"):
                continue  # unknown-cluster says it
            yield policy.finding(
                "override-target",
                "warning",
                ("spec", "overrideRules", index, "targetCluster"),
                f"the rule is for {names(meant)}, where its objects never go"
                if meant
                else "no cluster of the fleet matches the rule's targetCluster",
                "an override changes what a propagation policy sends; it sends nothing itself",
                f"one of the clusters the objects go to: {names(sorted(reached)) or 'none'}",
            )

"""`unknown-cluster`: a name that the fleet does not have."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.errors import did_you_mean, quoted
from lab.core.lint.finding import Finding, Path
from lab.core.lint.material import Item, Material, names
from lab.core.manifest import get_in

_PLACEMENT: Path = ("spec", "placement")


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    if material.clusters is None:
        return
    known = [cluster.name for cluster in material.clusters]
    for item in (*material.policies, *material.overrides):
        for path in _name_lists(material, item):
            for index, name in enumerate(get_in(item.manifest, path) or ()):
                if name in known:
                    continue
                hint = did_you_mean(str(name), known)
                yield item.finding(
                    "unknown-cluster",
                    "warning" if path[-1] == "exclude" else "error",
                    (*path, index),
                    f"the fleet has no cluster {quoted(name)}{hint}",
                    "a name that matches no cluster is ignored in silence",
                    f"one of {names(known)}",
                )


def _name_lists(material: Material, item: Item) -> Iterator[Path]:
    for path, _ in material.affinities(item):
        yield (*path, "clusterNames")
        yield (*path, "exclude")
    weights: Path = (*_PLACEMENT, "replicaScheduling", "weightPreference", "staticWeightList")
    for index, _ in enumerate(get_in(item.manifest, weights) or ()):
        yield (*weights, index, "targetCluster", "clusterNames")
    for index, _ in enumerate(item.spec.get("overrideRules") or ()):
        yield ("spec", "overrideRules", index, "targetCluster", "clusterNames")
    yield ("spec", "targetCluster", "clusterNames")
    yield ("spec", "suspension", "dispatchingOnClusters", "clusterNames")

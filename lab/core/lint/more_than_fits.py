"""`more-than-fits`: strategies that ignore capacity, over clusters that are too small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.core.lint.finding import Finding
from lab.core.lint.material import Item, LintCluster, Material
from lab.core.manifest import uid_of
from lab.core.quantity import resource_value
from lab.core.scheduling.webster import webster

_COUNTABLE = 20_000
"""Beyond so many replicas, seats are shared in proportion rather than one by one."""


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    if material.clusters is None:
        return
    for template in material.templates:
        policy, wants = material.winner(template), material.replicas(template)
        if policy is None or wants is None or not wants[1]:
            continue
        replicas, request = wants
        strategy = material.placement(policy).strategy
        if strategy == "Duplicated":
            shares: Mapping[str, int] = {
                cluster.name: replicas for cluster in material.matching(policy)
            }
        elif strategy == "StaticWeight":
            weights = _weights(material, policy)
            if not weights:
                continue
            shares = _shares(replicas, weights, uid_of(template.manifest))
        else:
            continue
        for cluster in material.matching(policy):
            room, share = room_of(cluster, request), shares.get(cluster.name, 0)
            if room is not None and share > room:
                yield policy.finding(
                    "more-than-fits",
                    "warning",
                    ("spec", "placement", "replicaScheduling"),
                    f"{template} gives {cluster.name} {share} replicas, but its nodes hold {room}",
                    f"{strategy} never looks at capacity: "
                    " the rest stays Pending, and nothing moves it elsewhere",
                    "dynamicWeight: AvailableReplicas, fewer replicas, or larger nodes",
                )


def _weights(material: Material, policy: Item) -> Mapping[str, int]:
    """Return the weight of every matching cluster under static weights."""
    scheduling = material.placement(policy).replica_scheduling
    listed = scheduling.static_weights if scheduling is not None else ()
    found: dict[str, int] = {}
    for cluster in material.matching(policy):
        fits = [each.weight for each in listed if each.target.matches(cluster)]
        found[cluster.name] = max(fits, default=0)
    return found if any(found.values()) else dict.fromkeys(found, 1)


def _shares(replicas: int, weights: Mapping[str, int], uid: str) -> Mapping[str, int]:
    if replicas <= _COUNTABLE:
        return webster(replicas, weights, uid)
    total = sum(weights.values())
    return {name: replicas * weight // total for name, weight in weights.items()}


def room_of(cluster: LintCluster, request: Mapping[str, str]) -> int | None:
    """Return how many pods with these requests empty nodes of a cluster hold; None if unknown."""
    if not cluster.pools:
        return None
    total = 0
    for pool in cluster.pools:
        has = {"cpu": pool.cpu, "memory": pool.memory, **pool.extended}
        fits = [pool.pods]
        for resource, amount in request.items():
            need = resource_value(resource, amount)
            if need > 0:
                fits.append(resource_value(resource, has.get(resource, "0")) // need)
        total += pool.nodes * min(fits)
    return total

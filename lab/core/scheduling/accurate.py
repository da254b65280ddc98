"""The accurate estimator: what fits into the nodes of a member as they are, not into their sum.

One runs per member in Karmada (`--enable-scheduler-estimator`; the port is `lab.core.estimators`).
Its answers go into `schedule` as `replace_estimates={ACCURATE: {cluster: replicas}}`; the smaller
of both estimators counts.
Source: Karmada v1.19 `pkg/estimator/server/framework/plugins/noderesource`, `nodes/filter.go`,
`pkg/estimator/scheduling_simulator_components.go`, `pkg/util/resource.go`. Namespace quotas are
counted in `quota_estimate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.core.capacity import PODS, away, quantity
from lab.core.manifest import Manifest, get_in, labels_of, name_of
from lab.core.reading import texts, whole
from lab.core.scheduling.framework import Component
from lab.core.scheduling.resource_models import node_units
from lab.core.selectors import requirement
from lab.core.taints import Taint, Toleration, taints_of, tolerations_of

ACCURATE = "scheduler-estimator"
_CORDONED = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")


@dataclass(frozen=True, slots=True)
class NodeRoom:
    """One node: what it may be chosen by, and what is free on it."""

    name: str
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    unschedulable: bool
    free: Mapping[str, int]
    """Free amounts, cpu in milli and others whole; `pods` are free pod slots."""


def node_room(node: Manifest, requested: Iterable[Mapping[str, str]]) -> NodeRoom:
    """Return the room of a Node manifest, given the resource requests of the pods on it."""
    allocatable = get_in(node, ("status", "allocatable")) or {}
    free, pods = node_units(allocatable), list(requested)
    for requests in pods:
        for resource, amount in node_units(requests).items():
            free[resource] = max(free.get(resource, 0) - amount, 0)
    slots = away(quantity(allocatable.get(PODS) or 0)[0]) - len(pods)
    return NodeRoom(
        name_of(node),
        labels_of(node),
        taints_of(get_in(node, ("spec", "taints"))),
        get_in(node, ("spec", "unschedulable")) is True,
        {**free, PODS: max(slots, 0)},
    )


def accurate_replicas(nodes: Iterable[NodeRoom], requirements: Mapping[str, Any] | None) -> int:
    """Return how many replicas fit, summed over the nodes that would take one.

    Estimators count in columns of their own; this says the same node by node, and is what they are
    held against.

    Args:
        nodes: All nodes of a member.
        requirements: The binding's replicaRequirements; None asks for pod slots only.
    """
    wanted = requirements or {}
    claim = wanted.get("nodeClaim") or {}
    units = node_units(wanted.get("resourceRequest") or {})
    tolerations = tolerations_of(claim.get("tolerations"))
    total = 0
    for node in nodes:
        if takes(node, tolerations) and node_matches(node, claim):
            fits = [node.free.get(resource, 0) // need for resource, need in units.items()]
            total += min([node.free.get(PODS, 0), *fits])
    return total


def accurate_sets(
    nodes: Iterable[NodeRoom],
    components: Sequence[Mapping[str, Any]],
    assumed: Sequence[Sequence[Component]] = (),
    most: int = 2**31 - 1,
) -> int:
    """Return how many whole sets of components fit, each part put on the first nodes that take it.

    Args:
        nodes: All nodes of a member.
        components: A binding's spec.components.
        assumed: Component lists of what was just placed there: taken off first.
        most: Where to stop.
    """
    left = [(node, dict(node.free)) for node in nodes]
    for parts in assumed:
        _place_set(left, [(part.replicas, {"resourceRequest": part.requests}) for part in parts])
    wanted = [
        (whole(component.get("replicas")), component.get("replicaRequirements") or {})
        for component in components
    ]
    if not any(replicas > 0 for replicas, _ in wanted):
        return most
    placed = 0
    while placed < most and _place_set(left, wanted):
        placed += 1
    return placed


def _place_set(
    left: Sequence[tuple[NodeRoom, dict[str, int]]],
    parts: Sequence[tuple[int, Mapping[str, Any]]],
) -> bool:
    """Place one set; what was placed of a set that does not fit stays placed."""
    return all(_place(left, replicas, wanted) for replicas, wanted in parts)


def _place(
    left: Sequence[tuple[NodeRoom, dict[str, int]]], replicas: int, wanted: Mapping[str, Any]
) -> bool:
    claim = wanted.get("nodeClaim") or {}
    units = {PODS: 1, **node_units(wanted.get("resourceRequest") or {})}
    tolerations = tolerations_of(claim.get("tolerations"))
    for node, free in left:
        if replicas <= 0:
            return True
        if takes(node, tolerations) and node_matches(node, claim):
            fits = min(free.get(resource, 0) // need for resource, need in units.items())
            fits = min(fits, replicas)
            for resource, need in units.items():
                free[resource] = free.get(resource, 0) - need * fits
            replicas -= fits
    return replicas <= 0


def takes(node: NodeRoom, tolerations: Sequence[Toleration]) -> bool:
    """Tell whether a node's taints, and its cordon, are tolerated."""
    taints = (*node.taints, _CORDONED) if node.unschedulable else node.taints
    return all(
        any(toleration.tolerates(taint) for toleration in tolerations)
        for taint in taints
        if taint.effect in {"NoSchedule", "NoExecute"}
    )


def node_matches(node: NodeRoom, claim: Mapping[str, Any]) -> bool:
    """Tell whether a node has the selected labels and satisfies one of the affinity terms."""
    selector = claim.get("nodeSelector") or {}
    if any(node.labels.get(key) != value for key, value in selector.items()):
        return False
    affinity = claim.get("hardNodeAffinity")
    if affinity is None:
        return True
    return any(_term_matches(node, term) for term in affinity.get("nodeSelectorTerms") or ())


def _term_matches(node: NodeRoom, term: Mapping[str, Any]) -> bool:
    """All expressions must hold; a term with none, or an unreadable one, matches nothing."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    own = {"metadata.name": node.name}
    try:
        return all(_holds(entry, node.labels) for entry in expressions) and all(
            entry.get("key") in own
            and entry.get("operator") in {"In", "NotIn"}
            and (own[entry["key"]] in texts(entry.get("values"))) is (entry["operator"] == "In")
            for entry in fields
        )
    except ValueError:
        return False


def _holds(entry: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator = str(entry.get("key") or ""), str(entry.get("operator") or "")
    return requirement(key, operator, texts(entry.get("values"))).matches(labels)

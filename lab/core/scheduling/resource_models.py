"""Estimates from resource models: virtual nodes, each with the least its grade stands for.

A node of 4 cpu counts as 1 cpu with the default grades if its memory puts it into grade 1: that is
why so much less fits than the sums say. Every virtual node takes 110 pods.
Source: Karmada v1.19 `pkg/estimator/client/general.go`,
`pkg/estimator/scheduling_simulator_components.go`, `pkg/util/resource.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lab.core.capacity import PODS, Grade, away, quantity
from lab.core.scheduling.estimate import Estimate
from lab.core.scheduling.framework import Component
from lab.core.selectors import label_key_error

PODS_PER_NODE = 110
_PLAIN = frozenset({"cpu", "memory", "ephemeral-storage"})


def is_counted(resource: str) -> bool:
    """Tell whether a resource is looked at on nodes; others are asked for in vain.

    Beside cpu, memory and ephemeral-storage these are extended resources (`vendor/name`), huge
    pages, attachable volumes and names in kubernetes.io.
    """
    if resource in _PLAIN or resource.startswith(("hugepages-", "attachable-volumes-")):
        return True
    if "kubernetes.io/" in resource:
        return True
    extended = "/" in resource and not resource.startswith("requests.")
    return extended and label_key_error(f"requests.{resource}") is None


def node_units(requests: Mapping[str, str]) -> dict[str, int]:
    """Return the counted resources of a list: cpu in milli, the others whole; zeros left out."""
    units = {}
    for resource, text in requests.items():
        if is_counted(resource):
            amount = quantity(text)[0]
            count = away(amount * 1000) if resource == "cpu" else away(amount)
            if count > 0:
                units[resource] = count
    return units


class VirtualNodes:
    """Nodes that are filled first fit."""

    def __init__(self, grades: Sequence[Grade]) -> None:
        self._nodes: list[dict[str, int]] = []
        for grade in grades:
            units = node_units(grade.least)
            self._nodes.extend({**units, PODS: PODS_PER_NODE} for _ in range(grade.nodes))

    def place(self, components: Sequence[Component]) -> bool:
        """Place one set; what was placed of a set that does not fit stays placed."""
        return self.place_sets(components, 1) == 1

    def place_sets(self, components: Sequence[Component], most: int) -> int:
        """Return how many whole sets fit, at most `most`."""
        parts = [(node_units(c.requests or {}), c.replicas) for c in components]
        placed = 0
        while placed < most and all(self._place(units, count) for units, count in parts):
            placed += 1
        return placed

    def _place(self, units: Mapping[str, int], left: int) -> bool:
        for node in self._nodes:
            fits = node[PODS]
            for resource, need in units.items():
                fits = min(fits, node.get(resource, 0) // need)
            if fits == 0:
                continue
            take = min(fits, left)
            for resource, need in units.items():
                node[resource] = max(node.get(resource, 0) - need * take, 0)
            node[PODS] -= take
            left -= take
            if left == 0:
                return True
        return left == 0


def replicas_by_models(
    grades: Sequence[Grade], requests: Mapping[str, str], assumed: Sequence[Sequence[Component]]
) -> Estimate:
    """Return how many replicas fit into the nodes that the models stand for."""
    if assumed:
        nodes = VirtualNodes(grades)
        for components in assumed:
            nodes.place(components)
        one = [Component("replica", 1, requests)]
        return Estimate(nodes.place_sets(one, 2**31 - 1), "nodes", "models", "after assumed")
    units = node_units(requests)
    total, nodes_used, first_bound = 0, 0, PODS
    for grade in grades:
        least = node_units(grade.least)
        fits, bound = PODS_PER_NODE, PODS
        for resource, need in units.items():
            if least.get(resource, 0) // need < fits:
                fits, bound = least.get(resource, 0) // need, resource
        total += fits * grade.nodes
        if grade.nodes > nodes_used:
            nodes_used, first_bound = grade.nodes, bound
    parts = [f"grade {g.grade}: {g.nodes} nodes" for g in grades]
    return Estimate(total, first_bound, "models", ", ".join(parts) or "no node in any grade")

"""Estimates for workloads of several components: how many whole sets fit into a cluster.

Source: Karmada v1.19 `pkg/estimator/client/general.go` (maxAvailableComponentSets). Quantities are
counted in thousandths when written in decimal units and whole when in binary ones, as there.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.core.capacity import PODS, Capacity, away, quantity
from lab.core.scheduling.estimate import Estimate
from lab.core.scheduling.framework import Component
from lab.core.scheduling.resource_models import VirtualNodes


def component_sets(
    capacity: Capacity,
    components: Sequence[Component],
    models: bool,
    assumed: Sequence[Sequence[Component]],
) -> Estimate:
    """Return how many sets fit: by pods, then by each resource's sum, then by the models."""
    if capacity.pods <= 0:
        return Estimate(0, PODS, "summary")
    per_set = sum(component.replicas for component in components)
    if per_set <= 0:
        return Estimate(capacity.pods, PODS, "summary")
    least, bound_by = capacity.pods // per_set, PODS
    for resource, need in set_demand(components).items():
        if need <= 0:
            continue
        free = capacity.free.get(resource)
        left = 0 if free is None else (free.milli if free.decimal else free.value)
        if left <= 0:
            return Estimate(0, resource, "summary", "nothing left, or not listed")
        if left // need < least:
            least, bound_by = left // need, resource
    if models and capacity.grades is not None and not capacity.grades_error:
        nodes = VirtualNodes(capacity.grades)
        for parts in assumed:
            nodes.place(parts)
        fits = nodes.place_sets(components, least)
        if fits < least:
            return Estimate(fits, "nodes", "models")
    return Estimate(least, bound_by, "summary")


def set_demand(components: Sequence[Component]) -> dict[str, int]:
    """Return what one set asks for, by resource."""
    demand: dict[str, int] = {}
    for component in components:
        for resource, text in (component.requests or {}).items():
            amount, decimal = quantity(text)
            units = away(amount * 1000) if decimal else away(amount)
            demand[resource] = demand.get(resource, 0) + units * component.replicas
    return demand

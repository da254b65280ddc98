"""Room less what was just given away (gate SchedulingOvercommitProtection).

Bindings placed in the last minutes whose pods are not healthy yet are not in any summary: what they
ask for is taken off before estimating.
Source: Karmada v1.19 `pkg/estimator/client/general.go` (deductAssumedWorkloads…).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lab.core.capacity import Capacity, Free, away, quantity
from lab.core.scheduling.framework import Component


def less_assumed(capacity: Capacity, assumed: Sequence[Sequence[Component]]) -> Capacity:
    """Return the capacity without the room of assumed workloads (a list of component lists)."""
    pods, free = capacity.pods, dict(capacity.free)
    for component in (c for components in assumed for c in components):
        if component.replicas <= 0:
            continue
        pods -= component.replicas
        for resource, text in (component.requests or {}).items():
            left = free.get(resource)
            if left is not None:
                exact = left.exact - quantity(text)[0] * component.replicas
                free[resource] = Free(exact, away(exact), away(exact * 1000), left.decimal)
    return replace(capacity, pods=max(pods, 0), free=free, estimates={})

"""Allocatable modelings: how many nodes of a cluster fall into each resource grade.

Source: Karmada v1.19 `pkg/modeling`, `getAllocatableModelings` of the cluster status controller.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.quantity import resource_value

NodeResources = tuple[Mapping[str, int], Mapping[str, int]]
"""A node's allocatable and requested resources, in `resource_value` units, `pods` among them."""


def allocatable_modelings(
    models: Sequence[Mapping[str, Any]], nodes: Sequence[NodeResources]
) -> list[dict[str, int]] | None:
    """Return grade and count of each resource model, None where there are no models.

    A node belongs to the grade that is the least, over the resources of the models, of the last
    grade whose minimum its free amount reaches. Counting stops at the first node that has pods and
    no free pod slot: the nodes after it are not counted, as in Karmada.

    Example:
        >>> grades = [{"grade": 0, "ranges": [{"name": "cpu", "min": "0", "max": "1"}]},
        ...           {"grade": 1, "ranges": [{"name": "cpu", "min": "1", "max": "2"}]}]
        >>> allocatable_modelings(grades, [({"cpu": 1500, "pods": 10}, {})])
        [{'grade': 0, 'count': 0}, {'grade': 1, 'count': 1}]
    """
    if not models:
        return None
    minima = _minima(models)
    counts = [0] * len(models)
    for allocatable, requested in nodes:
        if any(requested.values()) and requested.get("pods", 0) >= allocatable.get("pods", 0):
            break
        grade = min(
            bisect_right(bounds, allocatable.get(resource, 0) - requested.get(resource, 0)) - 1
            for resource, bounds in minima.items()
        )
        if grade >= 0:
            counts[grade] += 1
    return [
        {"grade": int(model.get("grade") or 0), "count": count}
        for model, count in zip(models, counts, strict=True)
    ]


def _minima(models: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    names = [str(entry["name"]) for entry in models[0].get("ranges") or ()]
    return {
        name: [
            next(
                (
                    resource_value(name, entry.get("min") or 0)
                    for entry in model.get("ranges") or ()
                    if entry["name"] == name
                ),
                0,
            )
            for model in models
        ]
        for name in names
    }

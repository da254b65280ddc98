"""What the explanation says about the room of a cluster."""

from __future__ import annotations

from typing import Any

from lab.core.cluster import Cluster
from lab.core.quantity import format_quantity
from lab.core.scheduling.estimation import GENERAL, Estimates, Room, replicas_by_summary
from lab.core.scheduling.framework import Binding
from lab.core.scheduling.resource_models import replicas_by_models

Json = dict[str, Any]


def estimates_of(room: Room, request: Binding, cluster: Cluster, others: Estimates | None) -> Json:
    """Return every estimator's answer about a cluster, and what it rests on."""
    found: Json = {}
    if room.general is not None:
        found[GENERAL] = {
            "replicas": room.general.replicas,
            "boundBy": room.general.bound_by,
            "basis": room.general.basis,
            "detail": room.general.detail,
            "free": _free(cluster),
            **_both_formulas(request, cluster),
        }
        capacity = cluster.capacity
        if capacity is not None and capacity.grades_error:
            found[GENERAL]["modelsUnused"] = capacity.grades_error
    for name, answers in (others or {}).items():
        found[name] = {"replicas": answers.get(cluster.name, -1)}
    return found


def _both_formulas(request: Binding, cluster: Cluster) -> Json:
    """What the sums alone and the models alone would say, where both have something to say."""
    capacity = cluster.capacity
    if capacity is None or not capacity.grades or request.components or not request.requests:
        return {}
    return {
        "bySummary": replicas_by_summary(capacity, request.requests).replicas,
        "byModels": replicas_by_models(capacity.grades, request.requests, ()).replicas,
    }


def _free(cluster: Cluster) -> dict[str, str]:
    if cluster.capacity is None:
        return {}
    return {
        resource: format_quantity(resource, free.milli if resource == "cpu" else free.value)
        for resource, free in cluster.capacity.free.items()
    }

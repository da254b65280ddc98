"""How many more replicas fit into a cluster, from what its Cluster object reports.

The answer is remembered per cluster and request: both are frozen. Further estimators (an accurate
one per member) may be handed in; the smallest answer counts.
Source: Karmada v1.19 `pkg/scheduler/core/util.go`, `pkg/estimator/client/general.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lab.core.capacity import PODS, Capacity, away, quantity
from lab.core.cluster import Cluster
from lab.core.policy import CLUSTER
from lab.core.quantity import format_quantity
from lab.core.scheduling.component_sets import component_sets
from lab.core.scheduling.estimate import Estimate
from lab.core.scheduling.framework import Binding
from lab.core.scheduling.overcommit import less_assumed
from lab.core.scheduling.resource_models import replicas_by_models
from lab.core.settings import KarmadaSettings

MAX_INT32 = 2**31 - 1
GENERAL = "general-estimator"
NO_ANSWER = -1
_REMEMBERED = 4_096
Estimates = Mapping[str, Mapping[str, int]]
"""Answers of further estimators: estimator name to cluster name to replicas (-1: no answer)."""


class Room(NamedTuple):
    """What the estimators said of one cluster; `replicas` is the smallest answer."""

    replicas: int
    general: Estimate | None
    """None where nothing was estimated, because nothing here takes room."""
    bound_by: str
    """Name of the estimator that gave the smallest answer, or what stood in for it."""


class Estimator:
    """Estimates for one binding and turn."""

    def __init__(
        self,
        binding: Binding,
        settings: KarmadaSettings,
        others: Estimates | None = None,
        assumed: Mapping[str, Sequence[Any]] | None = None,
    ) -> None:
        self._binding, self._others = binding, others
        self._models = settings.gate("CustomizedClusterResourceModeling")
        self._assumed = assumed if settings.gate("SchedulingOvercommitProtection") else None
        self._plain = not others and not self._assumed and not takes_no_room(binding)
        self.counts_sets = schedules_sets(binding, settings)
        requests = tuple(binding.requests.items()) if binding.has_requirements else None
        self._key: object = (self._models, requests)
        if self.counts_sets:
            parts = tuple(
                (c.replicas, None if c.requests is None else tuple(c.requests.items()))
                for c in binding.components
            )
            self._key = (self._models, "sets", parts)

    def allocatable(self, cluster: Cluster) -> int:
        """Return what `room` says, as a number only; most answers are remembered."""
        if self._plain:
            capacity = cluster.capacity
            if capacity is None:
                return 0
            known: Estimate | None = capacity.estimates.get(self._key)
            if known is not None and known.replicas != MAX_INT32:
                return known.replicas
        return self.room(cluster).replicas

    def room(self, cluster: Cluster) -> Room:
        """Return how many more replicas (or component sets) fit into a cluster."""
        binding = self._binding
        if takes_no_room(binding):
            return _NOT_ESTIMATED
        general = None
        if self._others is None or GENERAL not in self._others:
            general = self._general(cluster)
        replicas, by = (MAX_INT32, "") if general is None else (general.replicas, GENERAL)
        for name, answers in (self._others or {}).items():
            answer = answers.get(cluster.name, NO_ANSWER)
            if answer != NO_ANSWER and answer < replicas:
                replicas, by = answer, name
        if replicas == MAX_INT32:
            return Room(binding.replicas, general, "nothing bounds it: spec.replicas")
        return Room(replicas, general, by)

    def _general(self, cluster: Cluster) -> Estimate:
        capacity = cluster.capacity
        if capacity is None:
            return Estimate(0, "no status.resourceSummary", "none", "the cluster reports none")
        assumed = (self._assumed or {}).get(cluster.name)
        if assumed:
            return self._estimate(less_assumed(capacity, assumed), assumed)
        known: Estimate | None = capacity.estimates.get(self._key)
        if known is None:
            if len(capacity.estimates) >= _REMEMBERED:
                capacity.estimates.clear()
            known = capacity.estimates[self._key] = self._estimate(capacity, ())
        return known

    def _estimate(self, capacity: Capacity, assumed: Sequence[Any]) -> Estimate:
        binding = self._binding
        if self.counts_sets:
            return component_sets(capacity, binding.components, self._models, assumed)
        if capacity.pods <= 0:
            return Estimate(0, PODS, "summary", "no pod more")
        free = f"{capacity.pods} pods free"
        if not binding.has_requirements:
            return Estimate(capacity.pods, PODS, "summary", free)
        if self._models and capacity.grades is not None and not capacity.grades_error:
            placed = replicas_by_models(capacity.grades, binding.requests, assumed)
            if placed.replicas < capacity.pods:
                return placed
            return Estimate(capacity.pods, PODS, "models", free)
        return replicas_by_summary(capacity, binding.requests)


_NOT_ESTIMATED = Room(MAX_INT32, None, "takes no room: not estimated")


def takes_no_room(binding: Binding) -> bool:
    """Tell whether there is nothing to estimate: no replicas and no components."""
    return binding.replicas == 0 and not binding.components


def schedules_sets(binding: Binding, settings: KarmadaSettings) -> bool:
    """Tell whether a workload of several components is placed whole, in exactly one cluster."""
    return (
        settings.gate("MultiplePodTemplatesScheduling")
        and bool(binding.components)
        and any(
            c.by_field == CLUSTER and c.min_groups == 1 and c.max_groups == 1
            for c in binding.placement.spread
        )
    )


def replicas_by_summary(capacity: Capacity, requests: Mapping[str, str]) -> Estimate:
    """Return how often a request fits into the sums of a cluster, whatever its nodes look like."""
    least, bound_by, detail = capacity.pods, PODS, f"{capacity.pods} pods free"
    for resource, text in requests.items():
        need = _units(resource, text)
        if need <= 0:
            continue
        free = capacity.free.get(resource)
        if free is None:
            return Estimate(0, resource, "summary", "the cluster does not list it")
        if free.value <= 0:
            return Estimate(0, resource, "summary", "nothing left")
        left = free.milli if resource == "cpu" else free.value
        fits = left // need
        if fits < least:
            least, bound_by = fits, resource
            asked = format_quantity(resource, need)
            detail = f"{format_quantity(resource, left)} free / {asked} each"
    return Estimate(least, bound_by, "summary", detail)


def _units(resource: str, text: str) -> int:
    amount = quantity(text)[0]
    return away(amount * 1000) if resource == "cpu" else away(amount)

"""Descheduling: which replicas a binding takes back from members that cannot start them.

Source: Karmada v1.19 `pkg/descheduler`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lab.core.estimators import EstimatorError
from lab.core.labels import APPLIED_PLACEMENT
from lab.core.manifest import Manifest, annotations_of, get_in, set_in, spec_of, status_of
from lab.core.policy import AGGREGATED, placement_of

NOT_REPORTED = -1
_KIND = ("apps/v1", "Deployment")


@dataclass(frozen=True, slots=True)
class Share:
    """One target of a binding: assigned, ready, stuck and what it is to be assigned."""

    cluster: str
    assigned: int
    ready: int
    """NOT_REPORTED: the member's status says nothing of ready replicas."""
    unschedulable: int
    target: int


@dataclass(frozen=True, slots=True)
class Descheduling:
    """What becomes of a binding: the shares, and why nobody could be asked."""

    shares: tuple[Share, ...]
    error: str = ""

    @property
    def taken_back(self) -> int:
        """Return how many replicas are taken back in all."""
        return sum(share.assigned - share.target for share in self.shares)


def is_descheduled(binding: Manifest) -> bool:
    """Tell whether a binding is one the descheduler looks at: a dynamically divided Deployment."""
    resource = spec_of(binding).get("resource") or {}
    if (resource.get("apiVersion"), resource.get("kind")) != _KIND:
        return False
    return _is_dynamic(annotations_of(binding).get(APPLIED_PLACEMENT) or "")


@lru_cache(maxsize=4096)
def _is_dynamic(text: str) -> bool:
    try:
        source = json.loads(text)
    except ValueError:
        return False
    if not isinstance(source, Mapping):
        return False
    return placement_of(source).strategy in {AGGREGATED, "DynamicWeight"}


def lacks_replicas(binding: Manifest) -> list[str]:
    """Return the targets that report fewer ready replicas than they were assigned, in order."""
    return [share.cluster for share in _shares(binding) if share.ready < share.assigned]


def deschedule(binding: Manifest, unschedulable: Callable[[str], int]) -> Descheduling:
    """Return what is taken back from the members that cannot start their replicas.

    One estimator that gives no answer makes all of them count for nothing.

    Args:
        binding: A binding as `is_descheduled` lets through.
        unschedulable: Asks a member's estimator; raises EstimatorError for want of an answer.
    """
    error = ""
    found: dict[str, int] = {}
    for cluster in lacks_replicas(binding):
        try:
            found[cluster] = unschedulable(cluster)
        except EstimatorError as problem:
            error = error or f"{cluster}: {problem}"
    if error:
        found = {}
    return Descheduling(
        tuple(_share(share, found.get(share.cluster, 0)) for share in _shares(binding)), error
    )


def _share(share: Share, stuck: int) -> Share:
    """Take back what is stuck, but no replica that is ready."""
    target = share.assigned
    if 0 < stuck <= share.assigned:
        target = share.assigned - stuck
        if target < share.ready <= share.assigned:
            target = share.ready
    return Share(share.cluster, share.assigned, share.ready, stuck, target)


def _shares(binding: Manifest) -> list[Share]:
    ready: dict[str, int] = {}
    for item in status_of(binding).get("aggregatedStatus") or ():
        count = get_in(item, ("status", "readyReplicas"))
        if count is not None:
            ready[str(item.get("clusterName"))] = int(count)
    shares = []
    for target in spec_of(binding).get("clusters") or ():
        name, assigned = str(target.get("name")), int(target.get("replicas") or 0)
        shares.append(Share(name, assigned, ready.get(name, NOT_REPORTED), 0, assigned))
    return shares


def with_shares(binding: Manifest, shares: Sequence[Share]) -> Manifest:
    """Return the binding with what its targets are to be assigned."""
    targets: list[Mapping[str, Any]] = list(spec_of(binding).get("clusters") or ())
    changed = [
        _given(target, share.target) if share.target != share.assigned else target
        for target, share in zip(targets, shares, strict=True)
    ]
    return set_in(binding, ("spec", "clusters"), changed)


def _given(target: Mapping[str, Any], replicas: int) -> Mapping[str, Any]:
    """Return a target with so many replicas; none at all are not written."""
    given = {name: value for name, value in target.items() if name != "replicas"}
    return {**given, "replicas": replicas} if replicas else given

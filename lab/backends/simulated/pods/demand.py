"""What one pod asks of a node: resources, where it may run, what it tolerates.

Source: k8s.io/component-helpers `resource.PodRequests`, `nodeaffinity`, core/v1 `ToleratesTaint`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.core.quantity import resource_value
from lab.core.selectors import Requirement
from lab.core.taints import Taint, Toleration, tolerations_of

HARD_EFFECTS = ("NoSchedule", "NoExecute")


@dataclass(frozen=True, slots=True)
class Demand:
    """Equal demands are equal objects' worth of data: they key the scheduler's memory."""

    requests: tuple[tuple[str, int], ...]
    """(resource, count in `resource_value` units), sorted; without "pods", which is always 1."""
    node_selector: tuple[tuple[str, str], ...]
    node_terms: tuple[tuple[tuple[str, str, tuple[str, ...], bool], ...], ...] | None
    """Required node affinity: any of these terms; per part (key, operator, values, is field)."""
    tolerations: tuple[Toleration, ...]
    node_name: str = ""

    def admits_labels(self, labels: Mapping[str, str], name: str) -> bool:
        """Tell whether nodeSelector and required node affinity accept a node."""
        if any(labels.get(key) != value for key, value in self.node_selector):
            return False
        if self.node_terms is None:
            return True
        return any(bool(term) and _term(term, labels, name) for term in self.node_terms)

    def untolerated(self, taints: Sequence[Taint]) -> Taint | None:
        """Return the first hard taint that is not tolerated, or None."""
        for taint in taints:
            hard = taint.effect in HARD_EFFECTS
            if hard and not any(each.tolerates(taint) for each in self.tolerations):
                return taint
        return None

    @property
    def reads_names(self) -> bool:
        """Tell whether the affinity looks at a node's name or hostname, not only at its class."""
        keys = {key for key, _ in self.node_selector}
        keys |= {part[0] for term in self.node_terms or () for part in term}
        return bool(keys & {"kubernetes.io/hostname", "metadata.name"})


def _term(
    term: Sequence[tuple[str, str, tuple[str, ...], bool]], labels: Mapping[str, str], name: str
) -> bool:
    for key, operator, values, is_field in term:
        source = {"metadata.name": name} if is_field else labels
        if operator not in {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"}:
            return False
        if not Requirement(key, operator, values).matches(source):
            return False
    return True


def demand_of(pod_spec: Mapping[str, Any]) -> Demand:
    """Return the demand of a pod spec."""
    required = (
        ((pod_spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
            "requiredDuringSchedulingIgnoredDuringExecution"
        )
    ) or None
    terms = None
    if required is not None:
        terms = tuple(
            tuple(
                (str(part.get("key")), str(part.get("operator")), _texts(part), is_field)
                for kind, is_field in (("matchExpressions", False), ("matchFields", True))
                for part in entry.get(kind) or ()
            )
            for entry in required.get("nodeSelectorTerms") or ()
        )
    selector = pod_spec.get("nodeSelector") or {}
    return Demand(
        requests=tuple(sorted(pod_requests(pod_spec).items())),
        node_selector=tuple(sorted((str(k), str(v)) for k, v in selector.items())),
        node_terms=terms,
        tolerations=tolerations_of(pod_spec.get("tolerations")),
        node_name=str(pod_spec.get("nodeName") or ""),
    )


def _texts(part: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in part.get("values") or ())


def pod_requests(pod_spec: Mapping[str, Any]) -> dict[str, int]:
    """Return what a pod reserves, per resource in `resource_value` units.

    Containers and sidecars add up; plain init containers run one after another beside the sidecars
    started before them, so only the greatest of them counts; overhead comes on top.
    """
    total: dict[str, int] = {}
    for container in pod_spec.get("containers") or ():
        _add(total, _container(container))
    sidecars: dict[str, int] = {}
    peak: dict[str, int] = {}
    for container in pod_spec.get("initContainers") or ():
        own = _container(container)
        if container.get("restartPolicy") == "Always":
            _add(total, own)
            _add(sidecars, own)
            own = {}
        for resource in {**sidecars, **own}:
            here = sidecars.get(resource, 0) + own.get(resource, 0)
            peak[resource] = max(peak.get(resource, 0), here)
    for resource, count in peak.items():
        total[resource] = max(total.get(resource, 0), count)
    overhead = pod_spec.get("overhead") or {}
    _add(total, {name: resource_value(name, text) for name, text in overhead.items()})
    return {resource: count for resource, count in total.items() if count > 0}


def pod_limits(pod_spec: Mapping[str, Any]) -> dict[str, int]:
    """Return the sum of the containers' limits, per resource in `resource_value` units."""
    total: dict[str, int] = {}
    for container in pod_spec.get("containers") or ():
        limits = (container.get("resources") or {}).get("limits") or {}
        _add(total, {name: resource_value(name, text) for name, text in limits.items()})
    return total


def _container(container: Mapping[str, Any]) -> dict[str, int]:
    resources = container.get("resources") or {}
    # The API server fills requests from limits.
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: resource_value(name, text) for name, text in asked.items()}


def _add(total: dict[str, int], more: Mapping[str, int]) -> None:
    for resource, count in more.items():
        total[resource] = total.get(resource, 0) + count

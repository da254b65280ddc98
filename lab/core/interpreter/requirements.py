"""What one replica of a pod template needs: node claim and resource request.

Modelled on Karmada v1.19 `pkg/util/resource.go` (AddPodTemplateRequest) and
`pkg/util/helper/binding.go` (GenerateReplicaRequirements).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.interpreter.fields import InterpretError, items, mapping, text
from lab.core.manifest import get_in
from lab.core.quantity import resource_value
from lab.core.selectors import label_key_error

_PLAIN = frozenset({"cpu", "memory", "ephemeral-storage", "pods"})
_BINARY = frozenset({"memory", "ephemeral-storage"})
_HARD_AFFINITY = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")


def replica_requirements(
    pod_spec: Mapping[str, Any], *, with_priority_class: bool = False
) -> dict[str, Any] | None:
    """Return the requirements of one replica, None when nothing is asked for.

    Args:
        pod_spec: The pod spec of the template.
        with_priority_class: Name the priority class too (gate ResourceQuotaEstimate).
    """
    claim, request = _node_claim(pod_spec), pod_request(pod_spec)
    if claim is None and not request:
        return None
    result: dict[str, Any] = {}
    if claim is not None:
        result["nodeClaim"] = claim
    if request:
        result["resourceRequest"] = {
            name: canonical_quantity(name, amount) for name, amount in sorted(request.items())
        }
    if with_priority_class and text(pod_spec, "priorityClassName"):
        result["priorityClassName"] = text(pod_spec, "priorityClassName")
    return result


def _node_claim(pod_spec: Mapping[str, Any]) -> dict[str, Any] | None:
    selector = pod_spec.get("nodeSelector")
    tolerations = items(pod_spec, "tolerations")
    affinity = get_in(pod_spec, _HARD_AFFINITY)
    if selector is None and affinity is None and not tolerations:
        return None
    claim: dict[str, Any] = {}
    if affinity is not None:
        claim["hardNodeAffinity"] = affinity
    if selector:
        claim["nodeSelector"] = selector
    if tolerations:
        claim["tolerations"] = tolerations
    return claim


def pod_request(pod_spec: Mapping[str, Any]) -> dict[str, int]:
    """Return what a pod asks for, in `resource_value` units, without zeros.

    Per resource: the sum over containers or the largest init container, plus the overhead; a
    request that is missing counts as the limit.
    """
    total: dict[str, int] = {}
    for container in items(pod_spec, "containers"):
        _add(total, _effective_request(container))
    for container in items(pod_spec, "initContainers"):
        for name, amount in _effective_request(container).items():
            total[name] = max(total.get(name, 0), amount)
    _add(total, _counted(mapping(pod_spec, "overhead")))
    return {name: amount for name, amount in total.items() if amount > 0}


def _effective_request(container: Mapping[str, Any]) -> dict[str, int]:
    limits = mapping(container, "resources", "limits")
    return _counted({**limits, **mapping(container, "resources", "requests")})


def _counted(resources: Mapping[str, Any]) -> dict[str, int]:
    counted = {}
    for name, amount in resources.items():
        if name not in _PLAIN and not is_scalar_resource(name):
            continue
        try:
            counted[name] = resource_value(name, amount)
        except ValueError as error:
            raise InterpretError(f"resources.{name}: {error}") from None
    return counted


def _add(total: dict[str, int], more: Mapping[str, int]) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, 0) + amount


def is_scalar_resource(name: str) -> bool:
    """Tell whether the scheduler counts a resource beyond cpu, memory, storage and pods."""
    native = "/" not in name or "kubernetes.io/" in name
    extended = (
        not native
        and not name.startswith("requests.")
        and label_key_error(f"requests.{name}") is None
    )
    return (
        extended
        or name.startswith(("hugepages-", "attachable-volumes-"))
        or "kubernetes.io/" in name
    )


def canonical_quantity(resource: str, amount: int) -> str:
    """Return a count in `resource_value`'s unit as Go's Quantity writes it.

    Example:
        >>> canonical_quantity("cpu", 1500), canonical_quantity("memory", 104857600)
        ('1500m', '100Mi')
        >>> canonical_quantity("nvidia.com/gpu", 2000), canonical_quantity("memory", 1000)
        ('2k', '1k')
    """
    if resource in _BINARY or resource.startswith("hugepages-"):
        if amount >= 1024:
            for suffix in ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"):
                if amount % 1024 or suffix == "Ei":
                    return f"{amount}{suffix}"
                amount //= 1024
        return _decimal(amount, "")
    return _decimal(amount, "m" if resource == "cpu" else "")


def _decimal(amount: int, suffix: str) -> str:
    suffixes = ("m", "", "k", "M", "G", "T", "P", "E")
    index = suffixes.index(suffix)
    while amount and amount % 1000 == 0 and index < len(suffixes) - 1:
        amount //= 1000
        index += 1
    return f"{amount}{suffixes[index]}" if amount else "0"

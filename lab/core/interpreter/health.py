"""InterpretHealth: does a member's object do what it should?

Modelled on Karmada v1.19 `native/healthy.go`. A kind without a rule counts as healthy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lab.core.interpreter.fields import integer, items, optional_integer, text
from lab.core.manifest import Manifest, condition


def _observed(obj: Manifest) -> bool:
    """Whether the member's controller has seen the present spec."""
    seen = integer(obj, "status", "observedGeneration")
    return seen == integer(obj, "metadata", "generation")


def _rolled_out(obj: Manifest) -> bool:
    wanted = optional_integer(obj, "spec", "replicas")
    updated = integer(obj, "status", "updatedReplicas")
    if not _observed(obj) or (wanted is not None and updated < wanted):
        return False
    return integer(obj, "status", "availableReplicas") >= updated


def _replica_set(obj: Manifest) -> bool:
    wanted = optional_integer(obj, "spec", "replicas")
    available = integer(obj, "status", "availableReplicas")
    return _observed(obj) and (wanted is None or available >= wanted)


def _daemon_set(obj: Manifest) -> bool:
    updated = integer(obj, "status", "updatedNumberScheduled")
    if not _observed(obj) or updated < integer(obj, "status", "desiredNumberScheduled"):
        return False
    return integer(obj, "status", "numberAvailable") >= updated


def _has_address(obj: Manifest) -> bool:
    entries = items(obj, "status", "loadBalancer", "ingress")
    return any(entry.get("hostname") or entry.get("ip") for entry in entries)


def _service(obj: Manifest) -> bool:
    return text(obj, "spec", "type") != "LoadBalancer" or _has_address(obj)


def _claim(obj: Manifest) -> bool:
    return text(obj, "status", "phase") == "Bound"


def _pod(obj: Manifest) -> bool:
    phase = text(obj, "status", "phase")
    if phase == "Succeeded":
        return True
    ready = condition(obj, "Ready")
    return phase == "Running" and ready is not None and ready.get("status") == "True"


def _disruption_budget(obj: Manifest) -> bool:
    healthy = integer(obj, "status", "currentHealthy")
    return healthy >= integer(obj, "status", "desiredHealthy")


HOOKS: Mapping[tuple[str, str], Callable[[Manifest], bool]] = {
    ("apps/v1", "Deployment"): _rolled_out,
    ("apps/v1", "StatefulSet"): _rolled_out,
    ("apps/v1", "ReplicaSet"): _replica_set,
    ("apps/v1", "DaemonSet"): _daemon_set,
    ("v1", "Service"): _service,
    ("networking.k8s.io/v1", "Ingress"): _has_address,
    ("v1", "PersistentVolumeClaim"): _claim,
    ("v1", "Pod"): _pod,
    ("policy/v1", "PodDisruptionBudget"): _disruption_budget,
}

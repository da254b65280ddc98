"""WorkloadRebalancer: which workloads it still has to have divided anew, and how they fared.

Source: Karmada v1.19 `pkg/controllers/workloadrebalancer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.core.binding.names import CLUSTER_RESOURCE_BINDING, RESOURCE_BINDING, binding_name
from lab.core.labels import BINDING_API
from lab.core.manifest import Manifest, seconds_of, set_in, spec_of, status_of, timestamp
from lab.core.model import HUB, Key

SUCCESSFUL = "Successful"
FAILED = "Failed"
NOT_FOUND = "ReferencedBindingNotFound"
_FIELDS = ("apiVersion", "kind", "name", "namespace")

Workload = Mapping[str, str]
"""A reference as the spec writes it: apiVersion, kind, name and, if it has one, namespace."""


@dataclass(frozen=True, slots=True)
class Rebalance:
    """What a WorkloadRebalancer asks for now."""

    triggered: tuple[Manifest, ...]
    """Bindings with their new `rescheduleTriggeredAt`, to be written."""
    status: Mapping[str, Any]
    """The status afterwards; the standing one, as an equal value, if nothing is new."""
    explanation: Mapping[str, Any]


def rebalance(
    rebalancer: Manifest, find_binding: Callable[[Key], Manifest | None], now_s: float
) -> Rebalance:
    """Return what a WorkloadRebalancer does when it is looked at.

    A workload that succeeded or failed once is left alone ever after: the object acts once.

    Args:
        rebalancer: The object as stored.
        find_binding: A binding by its key.
        now_s: Becomes `finishTime` if the status changes.
    """
    asked_at = str((rebalancer.get("metadata") or {}).get("creationTimestamp") or "")
    observed = _observed(rebalancer)
    triggered: list[Manifest] = []
    told: list[dict[str, Any]] = []
    for index, entry in enumerate(observed):
        if entry.get("result"):
            continue
        key = binding_of(entry["workload"])
        binding = find_binding(key)
        if binding is None:
            observed[index] = {**entry, "result": FAILED, "reason": NOT_FOUND}
            told.append({"binding": str(key), "result": FAILED, "reason": NOT_FOUND})
            continue
        before = spec_of(binding).get("rescheduleTriggeredAt")
        due = not before or seconds_of(asked_at) > seconds_of(str(before))
        if due:
            triggered.append(set_in(binding, ("spec", "rescheduleTriggeredAt"), asked_at))
        observed[index] = {**entry, "result": SUCCESSFUL}
        told.append(
            {
                "binding": str(key),
                "result": SUCCESSFUL,
                "triggered": due,
                "before": before,
                "lastScheduledTime": status_of(binding).get("lastScheduledTime"),
            }
        )
    standing = status_of(rebalancer)
    status: dict[str, Any] = {
        "observedWorkloads": observed,
        "observedGeneration": _version(rebalancer),
    }
    if standing.get("finishTime"):
        status["finishTime"] = standing["finishTime"]
    if status != standing:
        status["finishTime"] = timestamp(now_s)
    return Rebalance(
        tuple(triggered), status, {"rescheduleTriggeredAt": asked_at, "workloads": told}
    )


def lifetime_s(rebalancer: Manifest) -> float | None:
    """Return how long a finished rebalancer stays (s), None if it is not removed."""
    seconds = spec_of(rebalancer).get("ttlSecondsAfterFinished")
    return None if seconds is None else float(seconds)


def binding_of(workload: Workload) -> Key:
    """Return the key of the binding of a referenced workload.

    Example:
        >>> str(binding_of({"kind": "Deployment", "name": "web", "namespace": "default"}))
        'ResourceBinding default/web-deployment'
    """
    namespace = workload.get("namespace") or ""
    kind = RESOURCE_BINDING if namespace else CLUSTER_RESOURCE_BINDING
    name = binding_name(str(workload.get("kind")), str(workload.get("name")))
    return Key(HUB, BINDING_API, kind, namespace, name)


def _version(rebalancer: Manifest) -> int:
    return int((rebalancer.get("metadata") or {}).get("generation") or 0)


def _observed(rebalancer: Manifest) -> list[dict[str, Any]]:
    """Return the entries to look at: those of the spec, and what succeeded before it changed."""
    wanted = {_identity(each): _reference(each) for each in _workloads(rebalancer)}
    entries: list[dict[str, Any]] = []
    for entry in status_of(rebalancer).get("observedWorkloads") or ():
        identity = _identity(entry["workload"])
        if wanted.pop(identity, None) is not None or entry.get("result") == SUCCESSFUL:
            entries.append(dict(entry))
    entries += [{"workload": reference} for reference in wanted.values()]
    return sorted(entries, key=lambda entry: " ".join(_identity(entry["workload"])))


def _workloads(rebalancer: Manifest) -> Sequence[Workload]:
    found: Sequence[Workload] = spec_of(rebalancer).get("workloads") or ()
    return found


def _identity(workload: Workload) -> tuple[str, str, str, str]:
    version, kind, name, namespace = (str(workload.get(field) or "") for field in _FIELDS)
    return version, kind, namespace, name


def _reference(workload: Workload) -> dict[str, str]:
    return {field: str(workload[field]) for field in _FIELDS if workload.get(field)}

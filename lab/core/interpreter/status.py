"""InterpretStatus: what of a member object's status travels back to the hub.

Modelled on Karmada v1.19 `native/reflectstatus.go`: fields are written as Go writes them, so a zero
is left out where the API type says `omitempty`. A kind without a rule reports its whole status.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lab.core.interpreter.fields import (
    InterpretError,
    described,
    integer,
    items,
    mapping,
    without_zeros,
)
from lab.core.labels import TEMPLATE_GENERATION
from lab.core.manifest import Manifest, annotations_of, get_in

Status = Mapping[str, Any]


def whole_status(obj: Manifest) -> Status | None:
    """Return `status` as it stands, None when there is none.

    Raises:
        InterpretError: `status` is something other than a map.
    """
    if "status" not in obj:
        return None
    status = obj["status"]
    if not isinstance(status, Mapping):
        raise InterpretError(f"{described(obj)}: status is {status!r}, needs a map")
    return status


def _generations(obj: Manifest) -> dict[str, int]:
    """Generation here, and generation of the template that was applied (an annotation)."""
    written = annotations_of(obj).get(TEMPLATE_GENERATION, "")
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", written):
        raise InterpretError(
            f"{described(obj)}: annotation {TEMPLATE_GENERATION} is {written!r}, needs a number"
        )
    return {
        "generation": integer(obj, "metadata", "generation"),
        "resourceTemplateGeneration": int(written),
    }


def _counters(*optional: str, always: tuple[str, ...] = ()) -> Callable[[Manifest], Status | None]:
    """Make a rule that reports generations and counters; `always` ones even when zero."""

    def reflect(obj: Manifest) -> Status | None:
        status = whole_status(obj)
        if status is None:
            return None
        fields = {name: integer(status, name) for name in optional}
        result = without_zeros({**_generations(obj), **fields})
        result.update({name: integer(status, name) for name in always})
        return result or None

    return reflect


def _service(obj: Manifest) -> Status | None:
    if get_in(obj, ("spec", "type")) != "LoadBalancer":
        return None
    status = whole_status(obj)
    return None if status is None else {"loadBalancer": mapping(status, "loadBalancer")}


def _job(obj: Manifest) -> Status | None:
    status = whole_status(obj)
    if status is None:
        return None
    return without_zeros(
        {
            "active": integer(status, "active"),
            "succeeded": integer(status, "succeeded"),
            "failed": integer(status, "failed"),
            "conditions": list(items(status, "conditions")),
            "startTime": status.get("startTime"),
            "completionTime": status.get("completionTime"),
        }
    )


def _disruption_budget(obj: Manifest) -> Status | None:
    status = whole_status(obj)
    if status is None:
        return None
    names = ("disruptionsAllowed", "expectedPods", "desiredHealthy", "currentHealthy")
    result: dict[str, Any] = {name: integer(status, name) for name in names}
    if pods := mapping(status, "disruptedPods"):
        result["disruptedPods"] = pods
    return result


def _autoscaler(obj: Manifest) -> Status | None:
    status = whole_status(obj)
    if status is None:
        return None
    current = without_zeros({"currentReplicas": integer(status, "currentReplicas")})
    return {**current, "desiredReplicas": integer(status, "desiredReplicas")}


HOOKS: Mapping[tuple[str, str], Callable[[Manifest], Status | None]] = {
    ("apps/v1", "Deployment"): _counters(
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
    ),
    ("apps/v1", "ReplicaSet"): _counters(
        "readyReplicas", "availableReplicas", "observedGeneration", always=("replicas",)
    ),
    ("apps/v1", "StatefulSet"): _counters(
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        always=("replicas", "availableReplicas"),
    ),
    ("apps/v1", "DaemonSet"): _counters(
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "observedGeneration",
        always=(
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
        ),
    ),
    ("v1", "Service"): _service,
    ("networking.k8s.io/v1", "Ingress"): whole_status,
    ("batch/v1", "Job"): _job,
    ("policy/v1", "PodDisruptionBudget"): _disruption_budget,
    ("autoscaling/v2", "HorizontalPodAutoscaler"): _autoscaler,
}


def reflect_status(obj: Manifest) -> Status | None:
    """Return what a member object's status says to the hub, None when there is nothing yet.

    Raises:
        InterpretError: The status or the generation annotation cannot be read.
    """
    rule = HOOKS.get((str(obj.get("apiVersion")), str(obj.get("kind"))), whole_status)
    return rule(obj)

"""AggregateStatus: one status for the template out of the statuses of its members.

Modelled on Karmada v1.19 `native/aggregatestatus.go`. `items` are entries of a binding's
`status.aggregatedStatus`; one without `status` has not reported yet. Zeros are left out where the
API type says `omitempty`; the template itself comes back when nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.core.interpreter.addresses import merge_addresses
from lab.core.interpreter.aggregate_job import aggregate_job
from lab.core.interpreter.fields import integer, items, mapping, text
from lab.core.manifest import Manifest, seconds_of, set_in

Items = Sequence[Mapping[str, Any]]
Status = Mapping[str, Any]


def reported(statuses: Items) -> list[Status]:
    """Return the statuses of the members that have reported one."""
    return [item["status"] for item in statuses if item.get("status") is not None]


def _replaced(template: Manifest, status: Status) -> Manifest:
    if (template.get("status") or {}) == status:
        return template
    return set_in(template, ("status",), status)


# ── workloads: sums and the observed generation ────────────────────────────────────────────────


def _summing(
    *counters: str, always: tuple[str, ...] = (), own_generation: bool = False
) -> Callable[[Manifest, Items, float], Manifest]:
    """Make a rule that sums counters and advances observedGeneration when all members caught up.

    Args:
        counters: Fields to sum, left out when zero.
        always: Fields to sum, written even when zero.
        own_generation: Compare a member's template generation with its own generation instead of
            the template's (Karmada's StatefulSet rule).
    """

    def aggregate(template: Manifest, statuses: Items, now_s: float) -> Manifest:
        old = mapping(template, "status")
        members = reported(statuses)
        wanted = integer(template, "metadata", "generation")
        caught_up = 0
        for member in members:
            generation = integer(member, "generation")
            bound = generation if own_generation else wanted
            seen = integer(member, "observedGeneration") >= generation
            caught_up += seen and integer(member, "resourceTemplateGeneration") >= bound
        observed = integer(old, "observedGeneration")
        if caught_up == len(statuses):
            observed = wanted
        sums = {name: sum(integer(m, name) for m in members) for name in (*counters, *always)}
        sums["observedGeneration"] = observed
        if all(integer(old, name) == value for name, value in sums.items()):
            return template
        new = dict(old)
        for name, value in sums.items():
            if value or name in always:
                new[name] = value
            else:
                new.pop(name, None)
        return _replaced(template, new)

    return aggregate


# ── addresses ──────────────────────────────────────────────────────────────────────────────────


def _service(template: Manifest, statuses: Items, now_s: float) -> Manifest:
    if text(template, "spec", "type") != "LoadBalancer":
        return template
    return _replaced(template, _load_balancer(statuses, with_mode=True))


def _ingress(template: Manifest, statuses: Items, now_s: float) -> Manifest:
    return _replaced(template, _load_balancer(statuses, with_mode=False))


def _load_balancer(statuses: Items, *, with_mode: bool) -> Status:
    addresses = [
        address
        for member in reported(statuses)
        for address in items(member, "loadBalancer", "ingress")
    ]
    merged = merge_addresses(addresses, with_mode=with_mode)
    return {"loadBalancer": {"ingress": merged} if merged else {}}


# ── the others ─────────────────────────────────────────────────────────────────────────────────


def _cron_job(template: Manifest, statuses: Items, now_s: float) -> Manifest:
    members = reported(statuses)
    new = dict(mapping(template, "status"))
    active = [reference for member in members for reference in items(member, "active")]
    times = {
        name: _latest([member.get(name) for member in members])
        for name in ("lastScheduleTime", "lastSuccessfulTime")
    }
    for name, value in {"active": active, **times}.items():
        if value:
            new[name] = value
        else:
            new.pop(name, None)
    return template if new == mapping(template, "status") else _replaced(template, new)


def _latest(times: Sequence[str | None]) -> str | None:
    return max((time for time in times if time), key=seconds_of, default=None)


def _first_phase(order: Sequence[str], statuses: Items, missing: str) -> str:
    phases = {
        missing if item.get("status") is None else text(item["status"], "phase")
        for item in statuses
    }
    return next((phase for phase in order if phase in phases), "")


def _pod(template: Manifest, statuses: Items, now_s: float) -> Manifest:
    new: dict[str, Any] = {}
    order = ("Failed", "Pending", "Running", "Succeeded")
    if phase := _first_phase(order, statuses, "Pending"):
        new["phase"] = phase
    for group in ("initContainerStatuses", "containerStatuses"):
        entries = [
            {"ready": bool(entry.get("ready")), "state": entry.get("state") or {}}
            for member in reported(statuses)
            for entry in items(member, group)
        ]
        if entries:
            new[group] = entries
    return _replaced(template, new)


def _volume(template: Manifest, statuses: Items, now_s: float) -> Manifest:
    order = ("Failed", "Pending", "Available", "Bound", "Released")
    phase = _first_phase(order, statuses, "Pending")
    return _replaced(template, {"phase": phase} if phase else {})


def _volume_claim(template: Manifest, statuses: Items, now_s: float) -> Manifest:
    phase = "Bound"
    for member in reported(statuses):
        own = text(member, "phase")
        if own == "Lost":
            phase = own
            break
        if own != "Bound":
            phase = own
    return _replaced(template, {"phase": phase} if phase else {})


def _disruption_budget(template: Manifest, statuses: Items, now_s: float) -> Manifest:
    members = reported(statuses)
    names = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
    new: dict[str, Any] = {name: sum(integer(m, name) for m in members) for name in names}
    pods = {
        f"{item.get('clusterName')}/{pod}": time
        for item in statuses
        for pod, time in mapping(item.get("status") or {}, "disruptedPods").items()
    }
    if pods:
        new["disruptedPods"] = pods
    return _replaced(template, new)


def _autoscaler(template: Manifest, statuses: Items, now_s: float) -> Manifest:
    members = reported(statuses)
    current = sum(integer(member, "currentReplicas") for member in members)
    desired = sum(integer(member, "desiredReplicas") for member in members)
    new = {"currentReplicas": current} if current else {}
    return _replaced(template, {**new, "desiredReplicas": desired})


def _job(template: Manifest, statuses: Items, now_s: float) -> Manifest:
    status = aggregate_job(template, statuses, now_s)
    return template if status is None else _replaced(template, status)


HOOKS: Mapping[tuple[str, str], Callable[[Manifest, Items, float], Manifest]] = {
    ("apps/v1", "Deployment"): _summing(
        "replicas",
        "readyReplicas",
        "updatedReplicas",
        "availableReplicas",
        "unavailableReplicas",
    ),
    ("apps/v1", "ReplicaSet"): _summing("readyReplicas", "availableReplicas", always=("replicas",)),
    ("apps/v1", "StatefulSet"): _summing(
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        always=("replicas", "availableReplicas"),
        own_generation=True,
    ),
    ("apps/v1", "DaemonSet"): _summing(
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        always=(
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
        ),
    ),
    ("v1", "Service"): _service,
    ("networking.k8s.io/v1", "Ingress"): _ingress,
    ("batch/v1", "Job"): _job,
    ("batch/v1", "CronJob"): _cron_job,
    ("v1", "Pod"): _pod,
    ("v1", "PersistentVolume"): _volume,
    ("v1", "PersistentVolumeClaim"): _volume_claim,
    ("policy/v1", "PodDisruptionBudget"): _disruption_budget,
    ("autoscaling/v2", "HorizontalPodAutoscaler"): _autoscaler,
}

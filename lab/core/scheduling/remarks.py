"""What of a placement had no say in a turn, and what would bring the next one about.

These are the things people stumble over: settings that are accepted and do nothing, and changes
that are expected to move a workload and do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lab.core.duration import format_duration
from lab.core.manifest import get_in
from lab.core.policy import CLUSTER, REGION
from lab.core.scheduling.cycle_log import CycleLog
from lab.core.scheduling.division import FRESH, SCALE_DOWN
from lab.core.scheduling.errors import NO_CLUSTER_FIT, UNSCHEDULABLE
from lab.core.scheduling.framework import Binding
from lab.core.scheduling.triggers import Trigger
from lab.core.scheduling.turn import Inputs, Result
from lab.core.settings import KarmadaSettings


def ignored(request: Binding, turn: Inputs, logs: Sequence[CycleLog], start: int) -> list[str]:
    """Return sentences on what was asked for, or might be expected, and had no say."""
    return [
        *_groups(request, start),
        *_spread(request),
        *_room(request, turn, logs),
        *_workload(request, turn),
        *_readiness(request, turn, logs),
    ]


def _groups(request: Binding, start: int) -> Iterator[str]:
    placement = request.placement
    terms = placement.terms or ()
    if placement.affinity is not None and terms:
        yield "clusterAffinities beside clusterAffinity: only clusterAffinity filters"
    if start:
        names = ", ".join(term.name for term in terms[:start])
        yield (
            f"affinity groups before {terms[start].name} ({names}): the group last used is the "
            "starting point; only a reschedule begins with the first again"
        )
    if not request.is_workload and any(term.overflow for term in terms):
        yield "overflowAffinities: only workloads overflow, the rest stays in the main group"


def _spread(request: Binding) -> Iterator[str]:
    placement = request.placement
    for index, constraint in enumerate(placement.spread):
        if constraint.by_label:
            yield (
                f"spreadConstraints[{index}].spreadByLabel {constraint.by_label}: accepted by the "
                "API, not implemented by the scheduler"
            )
    if placement.spread and placement.ignores_spread:
        yield (
            "all spreadConstraints: static weights divide over every cluster that passes the "
            "filters (which still refuse clusters without the field to spread by)"
        )
        return
    region = placement.constraint(REGION)
    for index, constraint in enumerate(placement.spread):
        field = constraint.by_field
        if field in {"zone", "provider"}:
            yield (
                f"spreadConstraints[{index}] ({field}): it only refuses clusters without a "
                f"{field}; the number of {field}s is not looked at"
            )
        elif field in {CLUSTER, REGION} and constraint.max_groups == 0:
            if field == CLUSTER and region is not None:
                what = "unset, so exactly one cluster per region is taken"
            else:
                what = f"unset, which means none: no {field} can be chosen"
            yield f"spreadConstraints[{index}].maxGroups is {what}"
    if region is not None:
        yield "room once regions are chosen: clusters are filled up by score, capacity unchecked"


def _room(request: Binding, turn: Inputs, logs: Sequence[CycleLog]) -> Iterator[str]:
    strategy = request.placement.strategy
    if request.is_workload and strategy == "StaticWeight":
        yield "free capacity: static weights divide whether or not replicas fit"
    if request.is_workload and strategy == "Duplicated":
        yield "free capacity: Duplicated gives every selected cluster all replicas"
    modes = {division.mode for log in logs for division in log.divisions}
    if SCALE_DOWN in modes:
        yield "free capacity: a scale-down keeps the proportions of the present replicas"
    if FRESH not in modes and any(d.kept for log in logs for d in log.divisions):
        yield "balance: replicas already placed stay where they are, only the rest is divided"
    if turn.settings.enable_scheduler_estimator and not turn.estimates:
        yield "the accurate estimator: switched on, but none answered, so only sums are looked at"
    claim = get_in(turn.manifest, ("spec", "replicaRequirements", "nodeClaim"))
    if claim and not turn.estimates:
        yield "node selectors, node affinity and tolerations: the general estimator knows no nodes"


def _workload(request: Binding, turn: Inputs) -> Iterator[str]:
    placement, settings = request.placement, turn.settings
    grouped = placement.affinity_label or placement.anti_affinity_label
    if grouped and not settings.gate("WorkloadAffinity"):
        yield "workloadAffinity: the feature gate WorkloadAffinity is off"
    if request.components and not settings.gate("MultiplePodTemplatesScheduling"):
        yield "components in estimation: the gate MultiplePodTemplatesScheduling is off"
    empty = request.replicas == 0 and request.has_requirements
    if empty and not settings.enable_empty_workload_propagation:
        yield (
            "0 replicas of a workload with requests: dividing 0 leaves no cluster at all "
            "(--enable-empty-workload-propagation would keep them)"
        )


def _readiness(request: Binding, turn: Inputs, logs: Sequence[CycleLog]) -> Iterator[str]:
    feasible = {name for log in logs for name in log.feasible}
    for cluster in turn.snapshot:
        if cluster.name in feasible and cluster.ready != "True":
            yield (
                f"{cluster.name} has Ready={cluster.ready}: readiness is no filter, only a taint "
                "that is not tolerated keeps new workloads away (its capacity is the last reported)"
            )


def next_turn(
    request: Binding, result: Result, trigger: Trigger, settings: KarmadaSettings
) -> list[str]:
    """Return sentences on what would make the scheduler schedule this binding again."""
    placement = request.placement
    if placement.terms:
        group = result.affinity or request.observed_affinity or placement.terms[0].name
        found = [f"a change of the placement (of the affinity groups only {group} counts)"]
        meant = f"matching affinity group {group}"
    else:
        found, meant = ["a change of the placement"], "matching the clusterAffinity"
    if placement.affinity is None and not placement.terms:
        meant = "(any: there is no affinity)"
    if request.is_workload:
        found.append("a change of the replicas")
    again = ", from the first affinity group" if placement.terms else ""
    found.append(f"a reschedule request (WorkloadRebalancer): divided anew{again}")
    found.append("a target cluster being deleted")
    after = sum(target.get("replicas") or 0 for target in result.targets)
    if result.error is not None and result.error.reason != NO_CLUSTER_FIT:
        after = sum(request.assigned.values())
    if placement.is_duplicated or not request.is_workload:
        found.append(f"a change of labels, taints or spec of a cluster {meant}")
    elif after != request.replicas:
        found.append(
            f"a change of labels, taints or spec of a cluster {meant}, as long as the replicas in "
            "spec.clusters do not add up"
        )
    else:
        found.append(
            "not by clusters that join, recover or get more room: a divided workload stays until "
            "one of the above"
        )
    return [*_retry(result, trigger, settings), *found]


def _retry(result: Result, trigger: Trigger, settings: KarmadaSettings) -> Iterator[str]:
    if result.error is None or not trigger.schedules:
        return
    if result.error.reason == NO_CLUSTER_FIT:
        yield "no retry: NoClusterFit waits for one of these events"
    elif result.error.reason == UNSCHEDULABLE:
        hold = format_duration(settings.scheduler_unschedulable_hold_s)
        yield f"a retry after {hold}; more free capacity alone wakes nothing before"
    else:
        first = format_duration(settings.scheduler_backoff_initial_s)
        last = format_duration(settings.scheduler_backoff_max_s)
        yield f"a retry after {first}, doubling up to {last}"

"""The explanation of a turn, as JSON-ready data: every verdict, number and choice.

It is worked out by running the (pure) turn again with a log, so that a turn nobody asks about pays
nothing for it. Keys of a dict are in the order a reader should see them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lab.core.cluster import Cluster
from lab.core.manifest import spec_of
from lab.core.scheduling.cycle import first_term, run_groups
from lab.core.scheduling.cycle_log import CycleLog
from lab.core.scheduling.division import DivisionLog
from lab.core.scheduling.estimate_facts import estimates_of
from lab.core.scheduling.framework import Binding, Verdict
from lab.core.scheduling.registry import scores
from lab.core.scheduling.remarks import ignored, next_turn
from lab.core.scheduling.request import read_binding
from lab.core.scheduling.triggers import NO_PLACEMENT, Trigger
from lab.core.scheduling.turn import Inputs, Result
from lab.core.scheduling.webster import Seat

Json = dict[str, Any]


def explanation_of(inputs: Inputs, trigger: Trigger) -> Json:
    """Return the explanation of a turn. A turn that schedules nothing is played as if it did."""
    if trigger is NO_PLACEMENT:
        return {"trigger": _trigger(trigger), "cycles": [], "ignored": [], "next": []}
    request = read_binding(inputs.manifest, inputs.others)
    logs: list[CycleLog] = []
    result = run_groups(request, inputs, logs)
    names = [term.name for term in request.placement.terms or ()]
    start = first_term(request.placement, request.observed_affinity, request.fresh)
    return {
        "binding": _binding(request),
        "trigger": _trigger(trigger),
        "hypothetical": not trigger.schedules,
        "result": _result(result, spec_of(inputs.manifest).get("clusters") or []),
        "strategy": request.placement.strategy or "unknown",
        "mode": _mode(request, logs),
        "groups": {"all": names, "skipped": names[:start], "tried": [log.affinity for log in logs]}
        if names
        else {},
        "cycles": [_cycle(log, request, inputs) for log in logs],
        "ignored": ignored(request, inputs, logs, start),
        "next": next_turn(request, result, trigger, inputs.settings),
        "if_rescheduled": _if_rescheduled(request, inputs),
    }


def _binding(request: Binding) -> Json:
    return {
        "namespace": request.namespace,
        "name": request.name,
        "resource": {
            "apiVersion": request.api_version,
            "kind": request.kind,
            "namespace": request.resource_namespace,
            "name": request.resource_name,
            "uid": request.uid,
        },
        "replicas": request.replicas,
        "workload": request.is_workload,
        "requests": dict(request.requests),
        "components": [{"name": c.name, "replicas": c.replicas} for c in request.components],
        "present": dict(request.assigned),
        "observedAffinity": request.observed_affinity,
    }


def _trigger(trigger: Trigger) -> Json:
    return {"schedules": trigger.schedules, "name": trigger.name, "text": trigger.text}


def _result(result: Result, before: Sequence[Mapping[str, Any]]) -> Json:
    if result.error is not None:
        cleared = result.error.reason == "NoClusterFit"
        after: Sequence[Mapping[str, Any]] = [] if cleared else before
        base = {"reason": result.error.reason, "error": str(result.error)}
    else:
        after = result.targets
        base = {"reason": "Success", "error": ""}
    was = {str(entry.get("name")): entry.get("replicas") or 0 for entry in before}
    now = {str(entry.get("name")): entry.get("replicas") or 0 for entry in after}
    return {
        **base,
        "affinity": result.affinity,
        "clusters": [dict(entry) for entry in after],
        "changes": {
            "added": [name for name in now if name not in was],
            "removed": [name for name in was if name not in now],
            "resized": {
                name: {"from": was[name], "to": now[name]}
                for name in now
                if name in was and was[name] != now[name]
            },
        },
    }


def _mode(request: Binding, logs: Sequence[CycleLog]) -> str:
    if not request.is_workload:
        return "no replicas: every selected cluster"
    if len(request.components) > 1:
        return "components: placed whole, not divided"
    modes = [division.mode for log in logs[-1:] for division in log.divisions if division.mode]
    return ", ".join(dict.fromkeys(modes)) or "not reached"


def _cycle(log: CycleLog, request: Binding, inputs: Inputs) -> Json:
    cycle_request = replace(request, observed_affinity=log.affinity or request.observed_affinity)
    chosen = {candidate.name for candidate in log.selected}
    ranks = {candidate.name: rank for rank, candidate in enumerate(log.candidates, 1)}
    placed = {target["name"]: target.get("replicas", 0) for target in log.targets}
    return {
        "affinity": log.affinity,
        "error": log.error,
        "reason": log.reason,
        "clusters": [
            _cluster(cluster, log, cycle_request, inputs, ranks, chosen, placed)
            for cluster in inputs.snapshot
        ],
        "selection": {
            "by": log.selection.by,
            "steps": log.selection.steps,
            "regions": log.selection.groups,
            "paths": log.selection.paths,
            "chosen": [candidate.name for candidate in log.selected],
            "rejected": [c.name for c in log.candidates if c.name not in chosen],
        },
        "divisions": [_division(division) for division in log.divisions],
    }


def _cluster(
    cluster: Cluster,
    log: CycleLog,
    request: Binding,
    inputs: Inputs,
    ranks: Mapping[str, int],
    chosen: set[str],
    placed: Mapping[str, int],
) -> Json:
    rank = ranks.get(cluster.name)
    found: Json = {
        "name": cluster.name,
        "present": request.assigned.get(cluster.name),
        "isTarget": cluster.name in request.assigned,
        "deleting": cluster.deleting,
        "ready": cluster.ready,
        "provider": cluster.provider,
        "region": cluster.region,
        "zones": list(cluster.zones),
        "verdicts": {
            name: _verdict(verdict) for name, verdict in log.verdicts.get(cluster.name, {}).items()
        },
        "feasible": rank is not None,
    }
    if rank is None:
        return found
    candidate = log.candidates[rank - 1]
    room = log.rooms[cluster.name]
    return {
        **found,
        "scores": {p.name: p.score_cluster(request, cluster) for p in scores()},
        "score": candidate.score,
        "tier": candidate.tier,
        "estimates": estimates_of(room, request, cluster, inputs.estimates),
        "allocatable": candidate.allocatable,
        "available": candidate.available,
        "boundBy": room.bound_by,
        "rank": rank,
        "selected": cluster.name in chosen,
        "replicas": placed.get(cluster.name),
    }


def _verdict(verdict: Verdict) -> Json:
    return {"passed": not verdict.reason, "reason": verdict.reason, "note": verdict.note}


def _division(log: DivisionLog) -> Json:
    seats = log.seats
    return {
        "strategy": log.strategy,
        "mode": log.mode,
        "tier": log.tier,
        "target": log.target,
        "weights": log.weights,
        "kept": log.kept,
        "leftOut": log.left_out,
        "seatsGiven": seats.given,
        "seats": [_seat(seat) for seat in seats.seats],
        "result": log.result,
    }


def _seat(seat: Seat) -> Json:
    return {
        "number": seat.number,
        "name": seat.name,
        "votes": seat.votes,
        "quotient": seat.quotient,
        "tiedWith": list(seat.tied_with),
    }


def _if_rescheduled(request: Binding, inputs: Inputs) -> Json:
    """What a reschedule (a WorkloadRebalancer) would give now: fresh, from the first group."""
    result = run_groups(replace(request, fresh=True), inputs)
    if result.error is not None:
        return {"error": str(result.error), "reason": result.error.reason}
    return {"clusters": result.targets, "affinity": result.affinity}

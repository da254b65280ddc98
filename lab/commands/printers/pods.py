"""The pod table, as kubectl's own `printPod` computes it: one status word out of many fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.commands.printers.column import AGE, NAME, NONE, Column, path
from lab.core.duration import human_age
from lab.core.manifest import (
    Manifest,
    condition,
    get_in,
    is_deleting,
    seconds_of,
    spec_of,
    status_of,
)


def _always_restarts(container: Mapping[str, Any]) -> bool:
    return container.get("restartPolicy") == "Always"


def _state(status: Mapping[str, Any], word: str) -> Mapping[str, Any] | None:
    found = (status.get("state") or {}).get(word)
    return found if isinstance(found, Mapping) else None


def _terminated_word(state: Mapping[str, Any]) -> str:
    if state.get("reason"):
        return str(state["reason"])
    if state.get("signal"):
        return f"Signal:{state['signal']}"
    return f"ExitCode:{state.get('exitCode') or 0}"


def ready_counts(pod: Manifest) -> tuple[int, int]:
    """Return how many containers are ready, and how many there are."""
    spec, status = spec_of(pod), status_of(pod)
    sidecars = {
        each.get("name") for each in spec.get("initContainers") or () if _always_restarts(each)
    }
    total = len(spec.get("containers") or ()) + len(sidecars)
    ready = sum(
        1
        for each in status.get("initContainerStatuses") or ()
        if each.get("name") in sidecars and each.get("ready")
    )
    ready += sum(
        1
        for each in status.get("containerStatuses") or ()
        if each.get("ready") and _state(each, "running") is not None
    )
    return ready, total


def status_word(pod: Manifest) -> str:
    """Return the STATUS column: a phase, a waiting reason, `Init:0/1`, `Terminating`, and so on."""
    status = status_of(pod)
    word = str(status.get("reason") or status.get("phase") or "")
    scheduled = condition(pod, "PodScheduled")
    if scheduled and scheduled.get("reason") == "SchedulingGated":
        word = "SchedulingGated"
    word = _init_word(pod) or _main_word(pod, word)
    if is_deleting(pod):
        if status.get("reason") == "NodeLost":
            return "Unknown"
        if status.get("phase") not in {"Succeeded", "Failed"}:
            return "Terminating"
    return word


def _init_word(pod: Manifest) -> str:
    spec = spec_of(pod)
    declared = {each.get("name"): each for each in spec.get("initContainers") or ()}
    for index, each in enumerate(status_of(pod).get("initContainerStatuses") or ()):
        terminated, waiting = _state(each, "terminated"), _state(each, "waiting")
        if terminated is not None and (terminated.get("exitCode") or 0) == 0:
            continue
        if _always_restarts(declared.get(each.get("name"), {})) and each.get("started"):
            continue
        if terminated is not None:
            return "Init:" + _terminated_word(terminated)
        if waiting and waiting.get("reason") and waiting["reason"] != "PodInitializing":
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{len(declared)}"
    return ""


def _main_word(pod: Manifest, word: str) -> str:
    running = False
    for each in reversed(status_of(pod).get("containerStatuses") or ()):
        waiting, terminated = _state(each, "waiting"), _state(each, "terminated")
        if waiting and waiting.get("reason"):
            word = str(waiting["reason"])
        elif terminated is not None:
            word = _terminated_word(terminated)
        elif each.get("ready") and _state(each, "running") is not None:
            running = True
    if word == "Completed" and running:
        ready = condition(pod, "Ready")
        return "Running" if ready and ready.get("status") == "True" else "NotReady"
    return word


def restarts(pod: Manifest, now_s: float) -> str:
    """The RESTARTS column, with the time since the last one."""
    total, last = 0, ""
    for each in status_of(pod).get("containerStatuses") or ():
        total += int(each.get("restartCount") or 0)
        finished = get_in(each, ("lastState", "terminated", "finishedAt")) or ""
        last = max(last, str(finished))
    if not total or not last:
        return str(total)
    try:
        return f"{total} ({human_age(max(0.0, now_s - seconds_of(last)))} ago)"
    except ValueError:
        return str(total)


def _ready(pod: Manifest, now_s: float) -> str:
    ready, total = ready_counts(pod)
    return f"{ready}/{total}"


def _status(pod: Manifest, now_s: float) -> str:
    return status_word(pod)


def _gates(pod: Manifest, now_s: float) -> str:
    gates = spec_of(pod).get("readinessGates") or ()
    if not gates:
        return NONE
    true = 0
    for gate in gates:
        found = condition(pod, str(gate.get("conditionType")))
        true += bool(found and found.get("status") == "True")
    return f"{true}/{len(gates)}"


POD = (
    NAME,
    Column("Ready", _ready),
    Column("Status", _status),
    Column("Restarts", restarts),
    AGE,
    Column("IP", path("status", "podIP", default=NONE), wide=True),
    Column("Node", path("spec", "nodeName", default=NONE), wide=True),
    Column("Nominated Node", path("status", "nominatedNodeName", default=NONE), wide=True),
    Column("Readiness Gates", _gates, wide=True),
)

"""Evictions: how a binding leaves a cluster, and when the task about it is over.

Source: Karmada v1.19 `pkg/apis/work/v1alpha2/binding_types_helper.go` (GracefulEvictCluster) and
`pkg/controllers/gracefuleviction/evictiontask.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lab.core.manifest import (
    Manifest,
    drop_in,
    get_in,
    set_in,
    spec_of,
    status_of,
    timestamp,
)
from lab.core.policy import placement_of
from lab.core.reading import moment_s

Task = Mapping[str, Any]
"""An entry of spec.gracefulEvictionTasks."""

DIRECTLY = "Directly"
GRACEFULLY = "Gracefully"
NEVER = "Never"

TAINT_MANAGER = "TaintManager"
TAINT_UNTOLERATED = "TaintUntolerated"


@dataclass(frozen=True, slots=True)
class Eviction:
    """What a controller asks for when it takes a cluster away from a binding.

    `preserved_labels` and `clusters_before` carry an application's state to its next cluster.
    """

    cluster: str
    reason: str
    producer: str
    purge_mode: str = ""
    message: str = ""
    grace_period_s: int | None = None
    suppress_deletion: bool | None = None
    preserved_labels: Mapping[str, str] | None = None
    clusters_before: Sequence[str] = ()


def tasks_of(binding: Manifest | None) -> Sequence[Task]:
    """Return a binding's eviction tasks, never None; a binding that is not there has none."""
    return () if binding is None else spec_of(binding).get("gracefulEvictionTasks") or ()


def with_tasks(binding: Manifest, tasks: Sequence[Task]) -> Manifest:
    """Return a binding with these eviction tasks."""
    place = ("spec", "gracefulEvictionTasks")
    return set_in(binding, place, list(tasks)) if tasks else drop_in(binding, place)


def evicted(binding: Manifest, eviction: Eviction) -> Manifest:
    """Return the binding without the cluster, with a task about it; itself if it is no target.

    A cluster that has a task already gets no second one.

    Example:
        >>> binding = {"spec": {"clusters": [{"name": "west", "replicas": 2}]}}
        >>> evicted(binding, Eviction("west", "TaintUntolerated", "TaintManager"))["spec"]
        {'gracefulEvictionTasks': [{'fromCluster': 'west', 'replicas': 2, 'reason': 'TaintUntolerated', 'producer': 'TaintManager'}]}
    """  # noqa: E501 — what the example prints
    targets = list(spec_of(binding).get("clusters") or ())
    leaving = next((each for each in targets if each.get("name") == eviction.cluster), None)
    if leaving is None:
        return binding
    kept = [each for each in targets if each is not leaving]
    place = ("spec", "clusters")
    moved = set_in(binding, place, kept) if kept else drop_in(binding, place)
    tasks = tasks_of(binding)
    if any(task.get("fromCluster") == eviction.cluster for task in tasks):
        return moved
    return with_tasks(moved, [*tasks, _task(eviction, leaving)])


def _task(eviction: Eviction, leaving: Mapping[str, Any]) -> Task:
    fields = {
        "fromCluster": eviction.cluster,
        "purgeMode": eviction.purge_mode or None,
        "replicas": leaving.get("replicas") or None,
        "reason": eviction.reason,
        "message": eviction.message or None,
        "producer": eviction.producer,
        "gracePeriodSeconds": eviction.grace_period_s,
        "suppressDeletion": eviction.suppress_deletion,
        "preservedLabelState": dict(eviction.preserved_labels or {}) or None,
        "clustersBeforeFailover": list(eviction.clusters_before) or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


# ── the end of a task ──────────────────────────────────────────────────────────────────────────

Verdict = Literal[
    "stamped", "suppressed", "confirmed", "timeout", "healthy", "waiting", "recovered"
]
KEPT: frozenset[Verdict] = frozenset({"stamped", "suppressed", "waiting"})


@dataclass(frozen=True, slots=True)
class Assessment:
    """What became of one task: `task` as it stands now, and why it is kept or dropped.

    `until_s` is when its time is up (s of the run), None if no time limits it.
    """

    task: Task
    verdict: Verdict
    text: str
    until_s: float | None = None

    @property
    def kept(self) -> bool:
        """Tell whether the task stays."""
        return self.verdict in KEPT


def assess_tasks(
    binding: Manifest,
    now_s: float,
    timeout_s: float,
    *,
    leaks: bool = False,
    keeps_last: bool = False,
) -> list[Assessment]:
    """Return what becomes of each eviction task now.

    Args:
        binding: Its tasks, its targets, and the health that members last reported.
        now_s: Second of the run.
        timeout_s: How long a task without a time of its own may wait.
        leaks: A task's own time also counts for the tasks behind it (quirk).
        keeps_last: Time ends no task of a binding without targets (without a quirk).
    """
    found: list[Assessment] = []
    inherited_s = timeout_s
    for task in tasks_of(binding):
        own = task.get("gracePeriodSeconds")
        limit_s = inherited_s if own is None else float(own)
        if moment_s(task.get("creationTimestamp")) is None:
            stamped = {**task, "creationTimestamp": timestamp(now_s)}
            until_s = _until_s(stamped, timeout_s if own is None else limit_s)
            found.append(Assessment(stamped, "stamped", "new: its time begins now", until_s))
            continue
        if leaks:
            inherited_s = limit_s
        found.append(_assess(binding, task, now_s, limit_s, keeps_last))
    return found


def _until_s(task: Task, limit_s: float) -> float | None:
    if task.get("suppressDeletion") is not None:
        return None
    return round((moment_s(task["creationTimestamp"]) or 0.0) + limit_s, 6)


def _assess(
    binding: Manifest, task: Task, now_s: float, limit_s: float, keeps_last: bool
) -> Assessment:
    suppressed = task.get("suppressDeletion")
    if suppressed is not None:
        if suppressed:
            text = "suppressDeletion is true: the old copy stays until a person clears it"
            return Assessment(task, "suppressed", text)
        text = "suppressDeletion is false: a person has let the old copy go"
        return Assessment(task, "confirmed", text)
    until_s = _until_s(task, limit_s)
    assert until_s is not None
    if keeps_last and not spec_of(binding).get("clusters") and waits_for(binding):
        return Assessment(task, "waiting", "no other cluster has it: the last copy is kept")
    if now_s >= until_s:
        text = f"its {limit_s:g} s are over: the old copy goes, with a replacement or without"
        return Assessment(task, "timeout", text, until_s)
    waiting = waits_for(binding)
    if waiting:
        return Assessment(task, "waiting", waiting, until_s)
    return Assessment(task, "healthy", "every target cluster reports Healthy", until_s)


def waits_for(binding: Manifest) -> str:
    """Return what a replacement still lacks, empty if it is there and healthy.

    The health is the last one reported; it may be about an older spec of the object. A binding
    without any target that was scheduled at this generation lacks nothing.
    """
    generation = int(get_in(binding, ("metadata", "generation")) or 0)
    if int(status_of(binding).get("schedulerObservedGeneration") or 0) != generation:
        return "the scheduler has not placed this generation of the binding"
    health: dict[str, str] = {}
    for item in status_of(binding).get("aggregatedStatus") or ():
        health.setdefault(str(item.get("clusterName")), str(item.get("health") or ""))
    for target in spec_of(binding).get("clusters") or ():
        name = str(target.get("name"))
        if name not in health:
            return f"{name} has reported nothing"
        if health[name] != "Healthy":
            return f"{name} is {health[name] or 'without health'}"
    return ""


def cancellable(binding: Manifest, task: Task) -> bool:
    """Tell whether the cluster of a task could be a target again as if nothing had been.

    Only for tasks of the taint manager, while the old copy has not been told to go and its
    replicas have not been placed elsewhere.
    """
    if task.get("producer") != TAINT_MANAGER or task.get("purgeMode") == DIRECTLY:
        return False
    spec = spec_of(binding)
    targets = spec.get("clusters") or ()
    wanted, leaving = int(spec.get("replicas") or 0), int(task.get("replicas") or 0)
    if not leaving or placement_of(spec.get("placement") or {}).is_duplicated:
        return True
    return sum(int(each.get("replicas") or 0) for each in targets) + leaving <= wanted


def reinstated(binding: Manifest, cluster: str) -> Manifest:
    """Return the binding with an evicted cluster as a target again, its task cancelled."""
    tasks = tasks_of(binding)
    task = next(each for each in tasks if each.get("fromCluster") == cluster)
    targets = list(spec_of(binding).get("clusters") or ())
    if not any(each.get("name") == cluster for each in targets):
        replicas = {"replicas": task["replicas"]} if task.get("replicas") else {}
        targets.append({"name": cluster, **replicas})
    back = set_in(binding, ("spec", "clusters"), targets)
    return with_tasks(back, [each for each in tasks if each is not task])


def next_check_s(kept: Sequence[Assessment], now_s: float) -> float | None:
    """Return in how many seconds the first kept task runs out, None if time ends none."""
    times = [each.until_s for each in kept if each.until_s is not None]
    return max(0.0, round(min(times) - now_s, 6)) if times else None

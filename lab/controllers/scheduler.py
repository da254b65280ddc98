"""Scheduler: when a binding is scheduled, and what is written afterwards.

Source: Karmada v1.19 `pkg/scheduler/{scheduler,event_handler,helper}.go`. Where to place is decided
in `lab.core.scheduling`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lab.controllers.assumptions import Assumptions
from lab.controllers.estimates import Estimates
from lab.controllers.lineage import (
    BINDING,
    CLUSTER,
    CLUSTER_BINDING,
    SCHEDULER,
    QueueFactory,
    key_in_hub,
)
from lab.controllers.scheduling_queue import SchedulingQueue
from lab.controllers.watching import generation, hub_change
from lab.core.binding import resource_key
from lab.core.cluster import ClusterSnapshot, snapshot_of
from lab.core.estimators import Estimators
from lab.core.labels import APPLIED_PLACEMENT
from lab.core.manifest import (
    Manifest,
    annotations_of,
    is_deleting,
    namespace_of,
    set_condition,
    spec_of,
    status_of,
    timestamp,
)
from lab.core.model import (
    HUB,
    Action,
    Answered,
    Decision,
    Due,
    Event,
    Index,
    Key,
    Note,
    Observed,
    Patch,
    Plan,
    Queue,
    View,
)
from lab.core.policy import placement_of
from lab.core.scheduling import (
    Outcome,
    affected_bindings,
    binding_event_counts,
    is_mine,
    schedule,
)
from lab.core.scheduling.accurate import ACCURATE
from lab.core.scheduling.errors import NO_CLUSTER_FIT, SUCCESS, UNSCHEDULABLE
from lab.core.scheduling.turn import Assumed
from lab.core.settings import KarmadaSettings

SUCCESS_MESSAGE = "Binding has been scheduled successfully."


class Scheduler:
    """One worker over both kinds of bindings."""

    name = "karmada-scheduler"
    client = SCHEDULER
    workers = 1
    indexes: Sequence[Index] = ()

    def __init__(
        self, settings: KarmadaSettings, queues: QueueFactory, estimators: Estimators | None = None
    ) -> None:
        self._settings = settings
        self._queues = queues
        self._estimators = estimators if settings.enable_scheduler_estimator else None
        self._snapshot: ClusterSnapshot | None = None
        self._assumptions = Assumptions()
        self._writing: tuple[Action, Manifest, Outcome, float] | None = None

    def make_queue(self) -> Queue:
        """Return the priority queue with its pools, or a plain one with the gate off."""
        if not self._settings.gate("PriorityBasedScheduling"):
            return self._queues()
        return SchedulingQueue(
            self._settings.scheduler_backoff_initial_s,
            self._settings.scheduler_backoff_max_s,
            self._settings.scheduler_unschedulable_hold_s,
            _is_unschedulable,
        )

    # ── events ─────────────────────────────────────────────────────────────────────────────────

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Bindings come with a new generation, and with clusters they could use or use."""
        if (cluster := hub_change(event, *CLUSTER)) is not None:
            self._snapshot = None
            return list(self._after_cluster(cluster, view))
        if isinstance(event, Answered):
            self._learn(event)
            return ()
        change = hub_change(event, *BINDING) or hub_change(event, *CLUSTER_BINDING)
        if change is not None:
            self._assumptions.observed(change.key, change.old, change.object)
        if change is None or change.object is None or not is_mine(change.object, self._settings):
            return ()
        old = change.old
        if old is not None and not is_mine(old, self._settings):
            old = None  # it comes into this scheduler's sight: as good as new
        return (_due(change.object),) if binding_event_counts(old, change.object) else ()

    def _learn(self, answer: Answered) -> None:
        """A result that was accepted takes room, until it shows in what the members report."""
        if self._writing is not None and self._writing[0] is answer.action:
            action, binding, outcome, now_s = self._writing
            self._writing = None
            if answer.error is None and action.key.kind == BINDING[1]:
                self._assumptions.placed(action.key, binding, outcome.clusters, now_s)

    def _after_cluster(self, change: Observed, view: View) -> Iterator[Due]:
        for kind in (BINDING, CLUSTER_BINDING):
            bindings = view.list(HUB, *kind)
            for binding in affected_bindings(bindings, change.old, change.object, self._settings):
                yield _due(binding)

    # ── one binding ────────────────────────────────────────────────────────────────────────────

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Binding -> spec.clusters, the placement they were decided for, and the condition."""
        binding = view.get(key)
        if binding is None:
            return Plan()
        if is_deleting(binding):
            word = "resourceBinding" if key.namespace else "clusterResourceBinding"
            place = f"{key.namespace}/{key.name}" if key.namespace else key.name
            return Plan(
                notes=_failure_notes(key, binding, f"skip schedule deleting {word}: {place}")
            )
        if spec_of(binding).get("placement") is None:
            place = f"{key.namespace}/{key.name}" if key.namespace else key.name
            word = f"{key.kind[0].lower()}{key.kind[1:]}"
            return Plan(error=f"failed to get placement from {word}({place})")
        if self._snapshot is None:
            self._snapshot = snapshot_of(view.list(HUB, *CLUSTER))
        protects = self._settings.gate("SchedulingOvercommitProtection")
        assumed = self._assumptions.by_cluster(now_s) if protects else None
        outcome, errors = self._schedule(view, binding, self._snapshot, assumed)
        plan = plan_for(key, binding, outcome, now_s, errors)
        results = [
            each for each in plan.actions if isinstance(each, Patch) and not each.subresource
        ]
        if protects and results:
            self._writing = (results[0], binding, outcome, now_s)
        return plan

    def _schedule(
        self, view: View, binding: Manifest, snapshot: ClusterSnapshot, assumed: Assumed | None
    ) -> tuple[Outcome, Mapping[str, str]]:
        """Return the outcome, and the members whose estimator failed: then none of them counts."""
        others: Sequence[Manifest] = ()
        if self._settings.gate("WorkloadAffinity"):
            others = view.list(HUB, *BINDING, namespace_of(binding))
        asked = None
        if self._estimators is not None:
            asked = Estimates(self._estimators, binding, self._settings, assumed)
        outcome = schedule(
            binding,
            snapshot,
            self._settings,
            others=others,
            replace_estimates=None if asked is None else {ACCURATE: asked},
            assumed=assumed,
        )
        if asked is None:
            return outcome, {}
        asked.close()
        if asked.errors:
            outcome = schedule(binding, snapshot, self._settings, others=others, assumed=assumed)
        return outcome, asked.errors


def plan_for(
    key: Key,
    binding: Manifest,
    outcome: Outcome,
    now_s: float,
    estimator_errors: Mapping[str, str] | None = None,
) -> Plan:
    """Return the writes, notes and the decision of one turn."""
    status = status_of(binding)
    if outcome.noop:
        observed = generation(binding)
        if status.get("schedulerObservedGeneration") == observed:
            return Plan()
        body = {"status": {"schedulerObservedGeneration": observed}}
        return Plan((Patch(key, body, "merge", "status"),))
    explanation = _explained(outcome)
    if estimator_errors:
        explanation["estimatorErrors"] = dict(estimator_errors)
    decision = Decision(key, "schedule", _summary(outcome), explanation)
    message = outcome.error or ""
    actions: list[Action] = []
    if outcome.reason in {SUCCESS, NO_CLUSTER_FIT}:
        actions += _result_patch(key, binding, outcome)
    changes: dict[str, Any] = {}
    if outcome.reason == SUCCESS:
        condition = _condition("True", SUCCESS, SUCCESS_MESSAGE)
        changes["schedulerObservedGeneration"] = generation(binding)
        changes["lastScheduledTime"] = timestamp(now_s)
        if outcome.observed_affinity:
            changes["schedulerObservingAffinityName"] = outcome.observed_affinity
        notes = _success_notes(key, binding, outcome)
    else:
        condition = _condition("False", outcome.reason, message)
        notes = _failure_notes(key, binding, message)
    changes["conditions"] = set_condition(status.get("conditions"), condition, now_s)
    changes = {name: value for name, value in changes.items() if status.get(name) != value}
    if changes:
        actions.append(Patch(key, {"status": changes}, "merge", "status"))
    failed = outcome.reason not in {SUCCESS, NO_CLUSTER_FIT}
    return Plan(
        actions,
        notes=notes,
        decisions=(decision,),
        error=message if failed else None,
    )


def _result_patch(key: Key, binding: Manifest, outcome: Outcome) -> Iterator[Patch]:
    placement = placement_of(spec_of(binding)["placement"]).text
    body: dict[str, Any] = {}
    if annotations_of(binding).get(APPLIED_PLACEMENT) != placement:
        body["metadata"] = {"annotations": {APPLIED_PLACEMENT: placement}}
    clusters = [dict(target) for target in outcome.clusters]
    if clusters != list(spec_of(binding).get("clusters") or ()):
        body["spec"] = {"clusters": clusters or None}
    if body:
        yield Patch(key, body)


def _summary(outcome: Outcome) -> str:
    if outcome.reason != SUCCESS:
        return f"{outcome.reason}: {outcome.error}"
    targets = ", ".join(f"{c['name']}:{c.get('replicas') or 0}" for c in outcome.clusters)
    return f"{targets or 'no cluster'} ({outcome.trigger})"


def _explained(outcome: Outcome) -> dict[str, Any]:
    """Return the explanation, with what the controller itself reads from it."""
    return {"reason": outcome.reason, "trigger": outcome.trigger, **outcome.explanation}


def _condition(status: str, reason: str, message: str) -> dict[str, str]:
    return {"type": "Scheduled", "status": status, "reason": reason, "message": message}


def _success_notes(key: Key, binding: Manifest, outcome: Outcome) -> list[Note]:
    colon = ":" if key.namespace else ""  # Karmada's two event texts differ by a colon
    targets = ", ".join(f"{c['name']}:{c.get('replicas') or 0}" for c in outcome.clusters)
    text = f"{SUCCESS_MESSAGE} Result{colon} {{{targets}}}"
    return [
        Note(each, "Normal", "ScheduleBindingSucceed", text)
        for each in (key, resource_key(binding))
    ]


def _failure_notes(key: Key, binding: Manifest, message: str) -> list[Note]:
    return [
        Note(each, "Warning", "ScheduleBindingFailed", message)
        for each in (key, resource_key(binding))
    ]


def _due(binding: Manifest) -> Due:
    priority = (spec_of(binding).get("schedulePriority") or {}).get("priority") or 0
    return Due(key_in_hub(binding), 0.0, int(priority))


def _is_unschedulable(plan: Plan) -> bool:
    return any(decision.explanation.get("reason") == UNSCHEDULABLE for decision in plan.decisions)

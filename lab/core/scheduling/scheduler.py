"""One whole turn of the scheduler: from a binding and the clusters to what should be written.

    filter -> score -> candidate list -> select -> assign, once per affinity group until one works

Source: Karmada v1.19 `pkg/scheduler/scheduler.go`, `pkg/scheduler/core/generic_scheduler.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from lab.core.cluster import Cluster, ClusterSnapshot, snapshot_of
from lab.core.manifest import Manifest, name_of, namespace_of, spec_of, status_of
from lab.core.policy import Placement
from lab.core.scheduling.assignment import Target, assign, keep_empty
from lab.core.scheduling.candidates import candidates_of
from lab.core.scheduling.cycle_log import CycleLog
from lab.core.scheduling.errors import (
    NO_CLUSTER_FIT,
    SCHEDULER_ERROR,
    SUCCESS,
    FitError,
    SchedulingError,
)
from lab.core.scheduling.estimation import Estimates, Estimator
from lab.core.scheduling.framework import Binding
from lab.core.scheduling.reading import read_binding
from lab.core.scheduling.registry import filters
from lab.core.scheduling.selection import select
from lab.core.scheduling.triggers import NO_PLACEMENT, Trigger, needs_scheduling
from lab.core.scheduling.turn import Assumed, Inputs, Result
from lab.core.settings import KarmadaSettings


@dataclass(frozen=True)
class Outcome:
    """What a turn came to. Nothing is written here: that is the scheduler controller's work."""

    clusters: list[Target]
    """spec.clusters as it is afterwards."""
    reason: str
    """Reason of the Scheduled condition: Success, NoClusterFit, Unschedulable, SchedulerError."""
    error: str | None
    """Message of the condition when it is not Success."""
    noop: bool
    """Nothing needed scheduling: only the observed generation is to be copied."""
    retried: bool
    """The binding goes back to a queue."""
    observed_affinity: str | None
    """status.schedulerObservingAffinityName afterwards, None if empty."""
    applied_placement: str | None
    """Text for the applied-placement annotation; None: leave it."""
    trigger: str
    """Why the turn scheduled, or did not."""
    _explain: Callable[[], dict[str, Any]] = field(repr=False, compare=False)

    @cached_property
    def explanation(self) -> dict[str, Any]:
        """How it came to that: JSON-ready. Worked out when first asked for."""
        return self._explain()


def schedule(
    binding: Manifest,
    clusters: Sequence[Manifest] | ClusterSnapshot,
    settings: KarmadaSettings,
    *,
    others: Sequence[Manifest] = (),
    replace_estimates: Estimates | None = None,
    assumed: Assumed | None = None,
    explain: bool = False,
) -> Outcome:
    """Look at a binding once, as the scheduler does when it takes it from its queue.

    Args:
        binding: A ResourceBinding or ClusterResourceBinding.
        clusters: All Cluster objects; hand in a ClusterSnapshot when they serve many turns.
        settings: Feature gates and flags.
        others: The other bindings (gate WorkloadAffinity).
        replace_estimates: Answers of further estimators by name and cluster; the smallest counts.
            Under the name `general-estimator` they stand in for the built-in one.
        assumed: What was just placed (gate SchedulingOvercommitProtection).
        explain: Work the explanation out at once instead of when it is read.
    """
    snapshot = snapshot_of(clusters)
    inputs = Inputs(binding, snapshot, settings, others, replace_estimates, assumed)
    trigger = needs_scheduling(binding, snapshot, settings)
    outcome = _turn(inputs, trigger)
    if explain:
        _ = outcome.explanation
    return outcome


def _turn(inputs: Inputs, trigger: Trigger) -> Outcome:
    binding = inputs.manifest
    before = [dict(target) for target in spec_of(binding).get("clusters") or ()]
    observed = status_of(binding).get("schedulerObservingAffinityName") or None

    def explain() -> dict[str, Any]:
        # Imported here: the explanation is built from the parts of this file.
        from lab.core.scheduling.explanation import explanation_of

        return explanation_of(inputs, trigger)

    if not trigger.schedules:
        if trigger is NO_PLACEMENT:
            name = f"{namespace_of(binding)}/{name_of(binding)}"
            text = f"failed to get placement from resourceBinding({name})"
            return Outcome(
                before, SCHEDULER_ERROR, text, False, True, observed, None, trigger.text, explain
            )
        return Outcome(before, SUCCESS, None, True, False, observed, None, trigger.text, explain)
    request = read_binding(binding, inputs.others)
    result = run_groups(request, inputs)
    text = request.placement.text
    if result.error is None:
        if result.targets is None:
            return Outcome(
                before, SUCCESS, None, False, False, observed, None, trigger.text, explain
            )
        after = result.affinity or observed
        return Outcome(
            result.targets, SUCCESS, None, False, False, after, text, trigger.text, explain
        )
    cleared = result.error.reason == NO_CLUSTER_FIT
    return Outcome(
        [] if cleared else before,
        result.error.reason,
        str(result.error),
        False,
        not cleared,
        observed,
        text if cleared else None,
        trigger.text,
        explain,
    )


def first_term(placement: Placement, observed: str, fresh: bool) -> int:
    """Return the affinity term to begin with (index): the last one used, unless rescheduled."""
    if fresh or not observed:
        return 0
    names = [term.name for term in placement.terms or ()]
    return names.index(observed) if observed in names else 0


def run_groups(request: Binding, inputs: Inputs, logs: list[CycleLog] | None = None) -> Result:
    """Run the cycle, for each affinity group in turn until one succeeds.

    The first error decides when all fail. An empty list of groups succeeds without doing anything.
    """
    placement = request.placement
    if placement.terms is None:
        log = _begin(logs, "")
        try:
            return Result(run_cycle(request, inputs, log), None, "")
        except SchedulingError as error:
            return Result(None, error, "")
    first_error = None
    start = first_term(placement, request.observed_affinity, request.fresh)
    for term in placement.terms[start:]:
        log = _begin(logs, term.name)
        cycle = replace(request, observed_affinity=term.name)
        try:
            return Result(run_cycle(cycle, inputs, log), None, term.name)
        except SchedulingError as error:
            first_error = first_error or error
    return Result(None, first_error, "")


def _begin(logs: list[CycleLog] | None, affinity: str) -> CycleLog | None:
    if logs is None:
        return None
    logs.append(CycleLog(affinity))
    return logs[-1]


def run_cycle(request: Binding, inputs: Inputs, log: CycleLog | None = None) -> list[Target]:
    """Filter, score, select and assign, for one affinity group.

    Raises:
        SchedulingError: One of the steps failed; the kind of error decides what follows.
    """
    settings = inputs.settings
    feasible = _filter(request, inputs.snapshot, settings, log)
    estimator = Estimator(request, settings, inputs.estimates, inputs.assumed)
    candidates = candidates_of(request, feasible, estimator)
    if log is not None:
        log.candidates = candidates
        log.rooms = {cluster.name: estimator.room(cluster) for cluster in feasible}
    sets = estimator.counts_sets
    try:
        need = 1 if sets else request.replicas
        chosen = select(request, candidates, need, log.selection if log else None)
        if log is not None:
            log.selected = list(chosen)
    except SchedulingError as error:
        raise _within(log, "failed to select clusters", error) from None
    try:
        targets = assign(request, chosen, sets, log.divisions if log else None)
    except SchedulingError as error:
        raise _within(log, "failed to assign replicas", error) from None
    if settings.enable_empty_workload_propagation:
        targets = keep_empty(targets, chosen)
    if log is not None:
        log.targets = targets
    return targets


def _within(log: CycleLog | None, step: str, error: SchedulingError) -> SchedulingError:
    wrapped = type(error)(f"{step}: {error}")
    if log is not None:
        log.error = str(wrapped)
        log.reason = wrapped.reason
    return wrapped


def _filter(
    request: Binding, snapshot: ClusterSnapshot, settings: KarmadaSettings, log: CycleLog | None
) -> list[Cluster]:
    """Return the clusters that pass every filter.

    Raises:
        FitError: None does.
    """
    plugins = filters(settings)
    feasible, refused = [], {}
    for cluster in snapshot.serving:
        for plugin in plugins:
            reason = plugin.filter_cluster(request, cluster).reason
            if reason:
                refused[cluster.name] = reason
                break
        else:
            feasible.append(cluster)
    if log is not None:
        log.verdicts = {
            cluster.name: {p.name: p.filter_cluster(request, cluster) for p in plugins}
            for cluster in snapshot.serving
        }
        log.feasible = [cluster.name for cluster in feasible]
    if not feasible:
        error = FitError(len(snapshot), refused)
        if log is not None:
            log.error, log.reason = str(error), error.reason
        raise error
    return feasible

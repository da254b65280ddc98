"""One cycle: filter, score, candidate list, select, assign; and the affinity groups around it.

Source: Karmada v1.19 `pkg/scheduler/core/generic_scheduler.go`, `pkg/scheduler/scheduler.go`.
"""

from __future__ import annotations

from dataclasses import replace

from lab.core.cluster import Cluster, ClusterSnapshot
from lab.core.policy import Placement
from lab.core.scheduling.assignment import Target, assign, keep_empty
from lab.core.scheduling.candidates import candidates_of
from lab.core.scheduling.cycle_log import CycleLog
from lab.core.scheduling.errors import FitError, SchedulingError
from lab.core.scheduling.estimation import Estimator
from lab.core.scheduling.framework import ADMIT, Binding, FilterPlugin, Verdict
from lab.core.scheduling.registry import filters
from lab.core.scheduling.selection import select
from lab.core.scheduling.turn import Inputs, Result
from lab.core.settings import KarmadaSettings


def first_term(placement: Placement, observed: str, fresh: bool) -> int:
    """Return the affinity term to begin with (index): the last one used, unless rescheduled."""
    if fresh or not observed:
        return 0
    names = [term.name for term in placement.terms or ()]
    return names.index(observed) if observed in names else 0


def run_groups(request: Binding, inputs: Inputs, logs: list[CycleLog] | None = None) -> Result:
    """Run the cycle, for each affinity group in turn until one succeeds.

    The first error decides when all fail.
    """
    placement = request.placement
    if placement.terms is None:
        log = _begin(logs, "")
        try:
            return Result(run_cycle(request, inputs, log), None, "")
        except SchedulingError as error:
            return Result([], error, "")
    first_error = None
    messages: list[str] = []
    start = first_term(placement, request.observed_affinity, request.fresh)
    for index, term in enumerate(placement.terms[start:], start):
        log = _begin(logs, term.name)
        cycle = replace(request, observed_affinity=term.name)
        try:
            targets = run_cycle(cycle, inputs, log)
            return Result(targets, None, term.name, tuple(messages))
        except SchedulingError as error:
            first_error = first_error or error
            messages.append(
                f"failed to schedule {described(request.namespace, request.name)} with "
                f"clusterAffiliates index({index}): {error}"
            )
    return Result([], first_error, "", tuple(messages))


def described(namespace: str, name: str) -> str:
    """Return a binding as messages name it: only a ResourceBinding has a namespace."""
    if namespace:
        return f"ResourceBinding({namespace}/{name})"
    return f"ClusterResourceBinding({name})"


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
    asked = [plugin.filter_cluster for plugin in plugins if plugin.concerns(request)]
    feasible, refused = [], {}
    for cluster in snapshot.serving:
        for filter_cluster in asked:
            reason = filter_cluster(request, cluster)[0]
            if reason:
                refused[cluster.name] = reason
                break
        else:
            feasible.append(cluster)
    if log is not None:
        log.verdicts = {
            cluster.name: {p.name: _verdict(p, request, cluster) for p in plugins}
            for cluster in snapshot.serving
        }
        log.feasible = [cluster.name for cluster in feasible]
    if not feasible:
        error = FitError(len(snapshot), refused)
        if log is not None:
            log.error, log.reason = str(error), error.reason
        raise error
    return feasible


def _verdict(plugin: FilterPlugin, request: Binding, cluster: Cluster) -> Verdict:
    return plugin.filter_cluster(request, cluster) if plugin.concerns(request) else ADMIT

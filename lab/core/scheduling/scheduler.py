"""One whole turn of the scheduler: from a binding and the clusters to what should be written.

    filter -> score -> candidate list -> select -> assign, once per affinity group until one works

Source: Karmada v1.19 `pkg/scheduler/scheduler.go`, `pkg/scheduler/core/generic_scheduler.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lab.core.cluster import ClusterSnapshot, snapshot_of
from lab.core.manifest import Manifest, name_of, namespace_of, spec_of, status_of
from lab.core.scheduling.assignment import Target
from lab.core.scheduling.cycle import described, run_groups
from lab.core.scheduling.errors import NO_CLUSTER_FIT, SCHEDULER_ERROR, SUCCESS
from lab.core.scheduling.estimation import Estimates
from lab.core.scheduling.request import read_binding
from lab.core.scheduling.triggers import NO_PLACEMENT, Trigger, needs_scheduling
from lab.core.scheduling.turn import Assumed, Inputs
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
    group_errors: tuple[str, ...]
    """Messages of the events about affinity groups that failed, in order."""
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

    text = trigger.text
    errors: tuple[str, ...] = ()
    if trigger is NO_PLACEMENT:
        kind = described(namespace_of(binding), name_of(binding))
        message = f"failed to get placement from {kind[0].lower()}{kind[1:]}"
        return Outcome(
            before, SCHEDULER_ERROR, message, False, True, observed, None, text, errors, explain
        )
    if not trigger.schedules:
        return Outcome(before, SUCCESS, None, True, False, observed, None, text, errors, explain)
    request = read_binding(binding, inputs.others)
    result = run_groups(request, inputs)
    applied, errors = request.placement.text, result.group_errors
    if result.error is None:
        after, group = result.targets, result.affinity or observed
        return Outcome(after, SUCCESS, None, False, False, group, applied, text, errors, explain)
    reason, message = result.error.reason, str(result.error)
    if reason == NO_CLUSTER_FIT:
        return Outcome([], reason, message, False, False, observed, applied, text, errors, explain)
    return Outcome(before, reason, message, False, True, observed, None, text, errors, explain)

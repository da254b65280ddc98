"""When the scheduler looks at a binding, and when it then schedules it.

Source: Karmada v1.19 `pkg/scheduler/scheduler.go`, `helper.go`, `event_handler.go`,
`pkg/util/binding.go`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lab.core.cluster import ClusterSnapshot, cluster_of, snapshot_of
from lab.core.manifest import (
    Manifest,
    annotations_of,
    get_in,
    is_deleting,
    labels_of,
    spec_of,
    status_of,
)
from lab.core.placement_text import CanonicalPlacement, canonical_placement
from lab.core.policy import DIVIDED, DUPLICATED, Placement, placement_of
from lab.core.reading import whole
from lab.core.scheduling.request import reschedule_required
from lab.core.settings import KarmadaSettings

APPLIED_PLACEMENT = "policy.karmada.io/applied-placement"
_OWNER_LABELS = (
    "propagationpolicy.karmada.io/permanent-id",
    "clusterpropagationpolicy.karmada.io/permanent-id",
    "binding.karmada.io/managed-by",
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """Why a turn schedules, or does not."""

    schedules: bool
    name: str
    """A word to test for: placement, replicas, rescheduled, always, cluster-deleting, none…"""
    text: str


NO_PLACEMENT = Trigger(False, "no-placement", "the binding has no placement: an error")
DELETING = Trigger(False, "deleting", "the binding is being deleted: skipped")
FIRST = Trigger(True, "placement", "first scheduling: no placement was applied before")
PLACEMENT = Trigger(True, "placement", "the placement changed since it was last applied")
REPLICAS = Trigger(True, "replicas", "the replicas in spec.clusters are not those of spec.replicas")
RESCHEDULED = Trigger(True, "rescheduled", "a reschedule was asked for after the last scheduling")
DUPLICATED_ALWAYS = Trigger(True, "always", "Duplicated: scheduled every time it is looked at")
NO_WORKLOAD = Trigger(True, "always", "no replicas to divide: scheduled every time it is looked at")
CLUSTER_DELETING = Trigger(True, "cluster-deleting", "a target cluster is being deleted")
NOTHING_NEW = Trigger(False, "none", "placement and replicas are as applied: nothing to schedule")


def needs_scheduling(
    binding: Manifest, clusters: Sequence[Manifest] | ClusterSnapshot, settings: KarmadaSettings
) -> Trigger:
    """Return why a binding that is looked at now would be scheduled, or would not."""
    spec, status = spec_of(binding), status_of(binding)
    source = spec.get("placement")
    if is_deleting(binding):
        return DELETING
    if source is None:
        return NO_PLACEMENT
    placement = placement_of(source)
    applied = annotations_of(binding).get(APPLIED_PLACEMENT) or ""
    if not applied:
        return FIRST
    if placement_changed(placement, applied, status.get("schedulerObservingAffinityName") or ""):
        return PLACEMENT
    if replicas_changed(spec, placement, settings):
        return REPLICAS
    if reschedule_required(spec, status):
        return RESCHEDULED
    if placement.is_duplicated:
        return DUPLICATED_ALWAYS
    if not is_workload(spec):
        return NO_WORKLOAD
    deleting = snapshot_of(clusters).deleting
    if deleting and any(t.get("name") in deleting for t in spec.get("clusters") or ()):
        return CLUSTER_DELETING
    return NOTHING_NEW


def is_workload(spec: Mapping[str, Any]) -> bool:
    """Tell whether a binding's spec is about something with replicas."""
    return bool(
        whole(spec.get("replicas")) > 0
        or spec.get("replicaRequirements") is not None
        or spec.get("components")
    )


def replicas_changed(
    spec: Mapping[str, Any], placement: Placement, settings: KarmadaSettings
) -> bool:
    """Tell whether the replicas in spec.clusters no longer say what spec.replicas asks for."""
    if placement.replica_scheduling is None:
        return False
    targets, replicas = spec.get("clusters") or (), whole(spec.get("replicas"))
    if not targets and spec.get("components") and settings.gate("MultiplePodTemplatesScheduling"):
        return True
    counts = [whole(target.get("replicas")) for target in targets]
    if placement.scheduling_type == DUPLICATED:
        return any(count != replicas for count in counts)
    return placement.scheduling_type == DIVIDED and sum(counts) != replicas


@lru_cache(maxsize=8192)
def _applied(text: str) -> CanonicalPlacement | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if value is not None and not isinstance(value, dict):
        return None
    return canonical_placement(value)


def placement_changed(placement: Placement, applied_text: str, observed: str) -> bool:
    """Tell whether a placement asks for something else than the one last applied.

    Of several affinity terms only the one in force is compared; an unreadable applied text counts
    as unchanged.
    """
    if not applied_text:
        return True
    if placement.text == applied_text:
        return False
    applied = _applied(applied_text)
    if applied is None or applied.text == placement.text:
        return False
    now, then = placement.canonical.value, applied.value
    parts = ("clusterAffinity", "clusterTolerations", "spreadConstraints", "replicaScheduling")
    if any(now.get(part) != then.get(part) for part in parts):
        return True
    if not observed:
        return True
    mine, theirs = placement.canonical.term(observed), applied.term(observed)
    return mine is None or theirs is None or mine != theirs


# ── events: which bindings are looked at ───────────────────────────────────────────────────────


def is_mine(binding: Manifest, settings: KarmadaSettings) -> bool:
    """Tell whether events of a binding reach this scheduler at all: name, suspension, owner."""
    if not _handled(binding, settings):
        return False
    labels = labels_of(binding)
    return any(labels.get(label) for label in _OWNER_LABELS)


def _handled(binding: Manifest, settings: KarmadaSettings) -> bool:
    spec = spec_of(binding)
    if (spec.get("schedulerName") or "default-scheduler") != settings.scheduler_name:
        return False
    return get_in(spec, ("suspension", "scheduling")) is not True


def binding_event_counts(old: Manifest | None, new: Manifest | None) -> bool:
    """Tell whether a change of a binding enqueues it: a new one, or a new generation."""
    if new is None:
        return False
    if old is None:
        return True
    return generation_of(old) != generation_of(new)


def generation_of(manifest: Manifest) -> int:
    """Return metadata.generation, or 0."""
    return whole(get_in(manifest, ("metadata", "generation")))


def cluster_event_objects(old: Manifest | None, new: Manifest | None) -> list[Manifest]:
    """Return the cluster objects whose bindings a change of a cluster enqueues.

    The start of deletion looks at the new object; a change of labels or of the spec (taints are
    spec) at the old and the new one; a new cluster, a gone one and a new status at none.
    """
    if old is None or new is None:
        return []
    if is_deleting(new) and not is_deleting(old):
        return [new]
    if labels_of(old) != labels_of(new) or generation_of(old) != generation_of(new):
        return [old, new]
    return []


def affected_bindings(
    bindings: Iterable[Manifest],
    old: Manifest | None,
    new: Manifest | None,
    settings: KarmadaSettings,
) -> list[Manifest]:
    """Return the bindings that a change of a cluster enqueues, in the order given.

    Being enqueued is not being scheduled: `needs_scheduling` decides that.
    """
    objects = cluster_event_objects(old, new)
    if not objects:
        return []
    return [b for b in bindings if any(enqueued_by(b, o, settings) for o in objects)]


def enqueued_by(binding: Manifest, cluster: Manifest, settings: KarmadaSettings) -> bool:
    """Tell whether a cluster event enqueues a binding: its active affinity matches the cluster."""
    source = spec_of(binding).get("placement")
    if source is None or not _handled(binding, settings):
        return False
    placement, status = placement_of(source), status_of(binding)
    if placement.terms:
        if whole(status.get("schedulerObservedGeneration")) != generation_of(binding):
            return True
        observed = str(status.get("schedulerObservingAffinityName") or "")
        affinity = (placement.term(observed) or placement.terms[0]).affinity
        return affinity.matches(cluster_of(cluster))
    return placement.affinity is None or placement.affinity.matches(cluster_of(cluster))

"""Reading a binding's request, leniently: the scheduler takes what it finds.

Source: Karmada v1.19 `pkg/apis/work/v1alpha2/binding_types.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.manifest import Manifest, seconds_of
from lab.core.policy import placement_of
from lab.core.reading import whole
from lab.core.scheduling.framework import Binding, Component

_NOTHING: Mapping[str, Any] = {}


def read_binding(manifest: Manifest, others: Sequence[Manifest] = ()) -> Binding:
    """Return what a ResourceBinding or ClusterResourceBinding asks for.

    Args:
        manifest: The binding; it must have a placement.
        others: The other bindings, for workload affinity.
    """
    spec, status = manifest.get("spec") or _NOTHING, manifest.get("status") or _NOTHING
    metadata, resource = manifest.get("metadata") or _NOTHING, spec.get("resource") or _NOTHING
    requirements = spec.get("replicaRequirements")
    groups = spec.get("workloadAffinityGroups") or _NOTHING
    tasks = spec.get("gracefulEvictionTasks")
    return Binding(
        metadata.get("name") or "",
        metadata.get("namespace") or "",
        resource.get("apiVersion") or "",
        resource.get("kind") or "",
        resource.get("namespace") or "",
        resource.get("name") or "",
        resource.get("uid") or "",
        whole(spec.get("replicas")),
        requirements is not None,
        (requirements or _NOTHING).get("resourceRequest") or _NOTHING,
        components_of(spec),
        assigned_of(spec),
        frozenset(str(task.get("fromCluster")) for task in tasks) if tasks else frozenset(),
        placement_of(spec.get("placement") or _NOTHING),
        status.get("schedulerObservingAffinityName") or "",
        reschedule_required(spec, status),
        groups.get("affinityGroup") or "",
        groups.get("antiAffinityGroup") or "",
        others,
    )


def components_of(spec: Mapping[str, Any]) -> Sequence[Component]:
    """Return the components of a binding's spec."""
    found = []
    for entry in spec.get("components") or ():
        requirements = entry.get("replicaRequirements")
        requests = None if requirements is None else requirements.get("resourceRequest") or {}
        found.append(Component(str(entry.get("name")), whole(entry.get("replicas")), requests))
    return found


def assigned_of(spec: Mapping[str, Any]) -> dict[str, int]:
    """Return present targets: cluster name to replicas; the first entry of a name counts."""
    assigned: dict[str, int] = {}
    for target in spec.get("clusters") or ():
        assigned.setdefault(str(target.get("name")), target.get("replicas") or 0)
    return assigned


def reschedule_required(spec: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """Tell whether a reschedule was asked for after the last successful turn."""
    asked, last = spec.get("rescheduleTriggeredAt"), status.get("lastScheduledTime")
    if not asked or not last:
        return False
    try:
        return seconds_of(str(asked)) > seconds_of(str(last))
    except ValueError:
        return False

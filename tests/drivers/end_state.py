"""What a run ends with, without what tells only when and in which order it came about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.errors import ApiError
from lab.core.model import HUB
from lab.drivers.federation import Federation

_UNTOLD_KINDS = frozenset({"Event", "Lease", "Pod", "ReplicaSet", "ControllerRevision", "Node"})
"""Kinds whose names or contents are chance, or the story of the run."""
_MOMENTS = frozenset(
    {
        "resourceVersion",
        "uid",
        "creationTimestamp",
        "managedFields",
        "lastTransitionTime",
        "lastUpdateTime",
        "generation",
        "observedGeneration",
        "schedulerObservedGeneration",
        "lastScheduledTime",
        "startTime",
        "renewTime",
    }
)
_IDENTITIES = ("permanent-id", "depended-by", "uid", "generation")
"""Parts of names of labels and annotations."""
Place = tuple[str, str, str, str]


def end_state(federation: Federation) -> Mapping[Place, Any]:
    """Return (cluster, kind, namespace, name) -> object, of the hub and all members."""
    found: dict[Place, Any] = {}
    for cluster in (HUB, *federation.members):
        store = federation.store_of(cluster)
        for kind in store.kinds.all():
            if kind.kind in _UNTOLD_KINDS:
                continue
            try:
                objects = store.list(kind.api_version, kind.kind)
            except ApiError:
                continue
            for each in objects:
                metadata = each["metadata"]
                place = (cluster, kind.kind, metadata.get("namespace", ""), metadata["name"])
                found[place] = timeless(each)
    return found


def timeless(value: Any) -> Any:
    """Return a manifest without moments, versions and identities; conditions in order of type."""
    if isinstance(value, Mapping):
        return {
            name: timeless(each)
            for name, each in value.items()
            if each != [] and name not in _MOMENTS
            and not any(word in name for word in _IDENTITIES)
        }  # fmt: skip
    if isinstance(value, list):
        items = [timeless(each) for each in value]
        if all(isinstance(each, Mapping) and "type" in each for each in items):
            return sorted(items, key=lambda each: str(each["type"]))
        return items
    return value


def differences(
    wanted: Mapping[Place, Any], found: Mapping[Place, Any]
) -> Mapping[Place, tuple[Any, Any]]:
    """Return what differs: place -> (wanted, found), None for what is not there."""
    return {
        place: (wanted.get(place), found.get(place))
        for place in sorted({*wanted, *found})
        if wanted.get(place) != found.get(place)
    }


def without_scheduled(state: Mapping[Place, Any]) -> Mapping[Place, Any]:
    """Leave out the Scheduled condition of bindings.

    Karmada's scheduler writes it after the placement, in a second request. When it starts again
    between the two, or the second is refused, it sees nothing to schedule and writes no condition
    (v1.19 `pkg/scheduler/scheduler.go`, `doScheduleBinding`): the lab does the same.
    """
    found = dict(state)
    for place, each in state.items():
        conditions = (each.get("status") or {}).get("conditions")
        if place[1].endswith("ResourceBinding") and conditions:
            kept = [entry for entry in conditions if entry["type"] != "Scheduled"]
            found[place] = {**each, "status": {**each["status"], "conditions": kept}}
    return found


def without_left_clusters(state: Mapping[Place, Any]) -> Mapping[Place, Any]:
    """Leave out what bindings of dependencies report of clusters they have left.

    Karmada sums their statuses up only when one of their Works changes: when the controller
    manager starts again it looks at scheduled bindings alone, and these are scheduled by nobody
    (v1.19 `pkg/controllers/status/common.go`, `bindingPredicateFn`). After a crash between the
    removal of a Work and the sum, the entry of that cluster stays: the lab does the same.
    """
    found = dict(state)
    for place, each in state.items():
        spec, items = each.get("spec") or {}, (each.get("status") or {}).get("aggregatedStatus")
        if place[1].endswith("ResourceBinding") and items and "placement" not in spec:
            needed = {
                cluster["name"]
                for owner in spec.get("requiredBy") or ()
                for cluster in owner.get("clusters") or ()
            }
            kept = [item for item in items if item["clusterName"] in needed]
            found[place] = {**each, "status": {**each["status"], "aggregatedStatus": kept}}
    return found

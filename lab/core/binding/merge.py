"""Keeping an existing binding up to date: what a sync copies, and what it leaves alone.

Modelled on Karmada v1.19 `pkg/detector/detector.go` (ApplyPolicy).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.binding.names import RESOURCE_BINDING
from lab.core.claiming import PROPAGATION_POLICY, without_cluster_policy_marks
from lab.core.errors import LabError
from lab.core.manifest import (
    Manifest,
    annotations_of,
    get_in,
    labels_of,
    set_in,
    spec_of,
    with_annotations,
    with_labels,
)

_SYNCED = (
    "resource",
    "replicaRequirements",
    "replicas",
    "components",
    "schedulerName",
    "placement",
    "failover",
    "conflictResolution",
    "preserveResourcesOnDeletion",
)
"""Fields of the spec that every sync copies, for both kinds."""
_SYNCED_NAMESPACED = ("propagateDeps", "schedulePriority", "workloadAffinityGroups")
"""Fields kept up to date in a ResourceBinding only; a cluster-scoped one keeps its first."""


class BindingError(LabError):
    """A binding cannot be made or updated now; the detector tries again later."""


def merge_binding(existing: Manifest, wanted: Manifest, policy: Manifest) -> Manifest:
    """Return the existing binding with what a sync copies; the same object if nothing changed.

    Raises:
        BindingError: The binding belongs to an earlier object of the same name.
    """
    check_owner(existing, wanted)
    merged = _merge_metadata(existing, wanted)
    namespaced = existing.get("kind") == RESOURCE_BINDING
    spec = dict(spec_of(existing))
    for name in (*_SYNCED, *(_SYNCED_NAMESPACED if namespaced else ())):
        _take(spec, name, spec_of(wanted))
    suspension = merge_suspension(spec.get("suspension"), spec_of(policy).get("suspension"))
    _take(spec, "suspension", {"suspension": suspension} if suspension is not None else {})
    merged = set_in(merged, ("spec",), spec)
    if policy.get("kind") == PROPAGATION_POLICY:
        merged = without_cluster_policy_marks(merged)
    return existing if merged == existing else merged


def check_owner(existing: Manifest, wanted: Manifest) -> None:
    """Refuse to touch a binding that an earlier object of the same name still owns.

    Raises:
        BindingError: The owners differ; garbage collection will remove the binding.
    """
    new_uid = get_in(wanted, ("metadata", "ownerReferences", 0, "uid"))
    for reference in get_in(existing, ("metadata", "ownerReferences")) or ():
        if reference.get("controller") and reference.get("uid") != new_uid:
            raise BindingError(
                "failed to update binding due to different owner reference UID, will try again "
                "later after binding is garbage collected, see "
                "https://github.com/karmada-io/karmada/issues/2090"
            )


def _merge_metadata(existing: Manifest, wanted: Manifest) -> Manifest:
    merged = with_labels(existing, labels_of(wanted))
    merged = with_annotations(merged, annotations_of(wanted))
    finalizers = list(get_in(existing, ("metadata", "finalizers")) or ())
    missing = [
        finalizer
        for finalizer in get_in(wanted, ("metadata", "finalizers")) or ()
        if finalizer not in finalizers
    ]
    if missing:
        merged = set_in(merged, ("metadata", "finalizers"), finalizers + missing)
    owners = get_in(wanted, ("metadata", "ownerReferences"))
    if get_in(merged, ("metadata", "ownerReferences")) != owners:
        merged = set_in(merged, ("metadata", "ownerReferences"), owners)
    return merged


def _take(spec: dict[str, Any], name: str, source: Mapping[str, Any]) -> None:
    if name in source:
        spec[name] = source[name]
    else:
        spec.pop(name, None)


def merge_suspension(
    present: Mapping[str, Any] | None, policy: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Return a binding's suspension: the policy's part, and `scheduling` as it was."""
    kept = {}
    if present is not None and present.get("scheduling") is not None:
        kept["scheduling"] = present["scheduling"]
    if policy is not None:
        return {**policy, **kept}
    return kept or None

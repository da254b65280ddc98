"""Bindings of dependencies: they have no placement and go where their referrers go.

Modelled on Karmada v1.19 `pkg/dependenciesdistributor`. Several referrers are united: the clusters
of all, and one Overwrite or one "preserve" is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.core.binding import (
    BindingError,
    binding_id,
    check_owner,
    depended_by_label,
    new_binding,
    object_reference,
)
from lab.core.labels import BINDING_FINALIZER
from lab.core.manifest import (
    Manifest,
    drop_in,
    labels_of,
    name_of,
    namespace_of,
    set_in,
    spec_of,
    with_labels,
)


def build_attached_binding(referrer: Manifest, template: Manifest) -> dict[str, Any]:
    """Return the binding wanted for a template that the template of `referrer` depends on.

    It has no placement: it goes where its referrers go.
    """
    spec = spec_of(referrer)
    snapshot = {"namespace": namespace_of(referrer), "name": name_of(referrer)}
    clusters = spec.get("clusters")
    own: dict[str, Any] = {
        "resource": object_reference(template),
        "requiredBy": [{**snapshot, "clusters": clusters} if clusters else snapshot],
    }
    for name in ("preserveResourcesOnDeletion", "conflictResolution"):
        if spec.get(name) is not None:
            own[name] = spec[name]
    label = depended_by_label(namespace_of(referrer), name_of(referrer))
    return new_binding(template, own, BINDING_FINALIZER, {label: binding_id(referrer)}, {})


def merge_attached_binding(
    existing: Manifest | None,
    attached: Manifest,
    find_binding: Callable[[str, str], Manifest | None],
) -> Manifest:
    """Return the binding of a dependency with one more referrer, or its new clusters.

    Args:
        existing: The binding as it stands, None when there is none.
        attached: What `build_attached_binding` made.
        find_binding: A ResourceBinding by namespace and name, to settle what referrers want.

    Raises:
        BindingError: It belongs to an earlier object of the same name, or a referrer is gone.
    """
    if existing is None:
        existing = attached
    check_owner(existing, attached)
    snapshots = _merge_snapshots(
        spec_of(existing).get("requiredBy") or (), spec_of(attached).get("requiredBy") or ()
    )
    spec = {**spec_of(existing), "requiredBy": snapshots, "resource": spec_of(attached)["resource"]}
    if spec.get("placement") is None:
        spec.update(settled_by_referrers(snapshots, find_binding))
    merged = set_in(with_labels(existing, labels_of(attached)), ("spec",), spec)
    return existing if merged == existing else merged


def _merge_snapshots(
    existing: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    merged = list(existing)
    for snapshot in new:
        for index, present in enumerate(merged):
            if _same_binding(present, snapshot):
                merged[index] = snapshot
                break
        else:
            merged.append(snapshot)
    return merged


def _same_binding(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (one.get("namespace") or "", one.get("name")) == (
        other.get("namespace") or "",
        other.get("name"),
    )


def detach_binding(
    attached: Manifest,
    namespace: str,
    name: str,
    find_binding: Callable[[str, str], Manifest | None],
) -> Manifest:
    """Return the binding of a dependency without the referrer `namespace/name`.

    Raises:
        BindingError: Another referrer is gone.
    """
    gone = {"namespace": namespace, "name": name}
    snapshots = [
        snapshot
        for snapshot in spec_of(attached).get("requiredBy") or ()
        if not _same_binding(snapshot, gone)
    ]
    result = with_labels(attached, {depended_by_label(namespace, name): None})
    if snapshots:
        result = set_in(result, ("spec", "requiredBy"), snapshots)
    else:
        result = drop_in(result, ("spec", "requiredBy"))
    if spec_of(attached).get("placement") is not None:
        return result
    if snapshots:
        settled = settled_by_referrers(snapshots, find_binding)
        return set_in(result, ("spec",), {**spec_of(result), **settled})
    return drop_in(
        drop_in(result, ("spec", "conflictResolution")), ("spec", "preserveResourcesOnDeletion")
    )


def settled_by_referrers(
    snapshots: Sequence[Mapping[str, Any]],
    find_binding: Callable[[str, str], Manifest | None],
) -> dict[str, Any]:
    """Return what several referrers come to: one Overwrite, or one "preserve", is enough."""
    overwrite = preserve = False
    for snapshot in snapshots:
        namespace, name = str(snapshot.get("namespace") or ""), str(snapshot.get("name") or "")
        referrer = find_binding(namespace, name)
        if referrer is None:
            raise BindingError(f'resourcebindings.work.karmada.io "{name}" not found')
        overwrite |= spec_of(referrer).get("conflictResolution") == "Overwrite"
        preserve |= bool(spec_of(referrer).get("preserveResourcesOnDeletion"))
    return {
        "conflictResolution": "Overwrite" if overwrite else "Abort",
        "preserveResourcesOnDeletion": preserve,
    }


def referrers_disagree(
    snapshots: Sequence[Mapping[str, Any]],
    find_binding: Callable[[str, str], Manifest | None],
) -> list[str]:
    """Return what the referrers of a dependency disagree about, for a DependencyPolicyConflict."""
    found = [
        find_binding(str(s.get("namespace") or ""), str(s.get("name") or "")) for s in snapshots
    ]
    specs = [spec_of(binding) for binding in found if binding is not None]
    reasons = []
    if len({spec.get("conflictResolution") == "Overwrite" for spec in specs}) > 1:
        reasons.append("ConflictResolution conflicted (Overwrite vs Abort)")
    if len({bool(spec.get("preserveResourcesOnDeletion")) for spec in specs}) > 1:
        reasons.append("PreserveResourcesOnDeletion conflicted (true vs false)")
    return reasons

"""The Work object: what it carries, and the marks Karmada keeps on both.

Modelled on Karmada v1.19 `pkg/controllers/ctrlutil/work.go` and `pkg/util/work.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lab.core.binding import controller_reference
from lab.core.errors import LabError
from lab.core.interpreter import prune
from lab.core.labels import (
    CONFLICT_RESOLUTION,
    EXECUTION_FINALIZER,
    MANAGED,
    MANAGED_ANNOTATIONS,
    MANAGED_LABELS,
    TEMPLATE_UID,
    WORK_API,
    WORK_ID,
    WORK_NAME,
    WORK_NAMESPACE,
)
from lab.core.manifest import (
    Manifest,
    annotations_of,
    get_in,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    set_in,
    spec_of,
    uid_of,
    with_annotations,
    with_labels,
)
from lab.core.work.targets import execution_namespace, work_name


class WorkError(LabError):
    """A Work cannot be made for one cluster."""


def new_work(
    manifest: Manifest,
    cluster: str,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    owner: Manifest | None = None,
    suspend_dispatching: bool = False,
    preserve_on_deletion: bool = False,
) -> dict[str, Any]:
    """Return the Work that carries `manifest` to a cluster, with Karmada's marks on both.

    Args:
        manifest: The object as the cluster is to have it, not yet pruned.
        cluster: The member cluster.
        labels: Labels of the Work.
        annotations: Annotations of the Work; a conflict resolution is put on the manifest too.
        owner: Who controls the Work (a Namespace); Works of bindings have no owner.
        suspend_dispatching: Make the Work, do not apply it.
        preserve_on_deletion: Leave the member object when the Work goes.
    """
    name = work_name(str(manifest.get("kind")), name_of(manifest), namespace_of(manifest))
    namespace = execution_namespace(cluster)
    marks = {TEMPLATE_UID: uid_of(manifest), WORK_NAME: name, WORK_NAMESPACE: namespace}
    annotations = annotations or {}
    if CONFLICT_RESOLUTION in annotations:
        marks[CONFLICT_RESOLUTION] = annotations[CONFLICT_RESOLUTION]
    manifest = with_annotations(with_labels(manifest, {MANAGED: "true"}), marks)
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    if labels:
        metadata["labels"] = dict(labels)
    if annotations:
        metadata["annotations"] = dict(annotations)
    metadata["finalizers"] = [EXECUTION_FINALIZER]
    if owner is not None:
        metadata["ownerReferences"] = [controller_reference(owner)]
    spec: dict[str, Any] = {"workload": {"manifests": [prune(manifest)]}}
    # Karmada writes both switches always, false too.
    if labels is not None:
        spec["suspendDispatching"] = suspend_dispatching
        spec["preserveResourcesOnDeletion"] = preserve_on_deletion
    work = {"apiVersion": WORK_API, "kind": "Work", "metadata": metadata, "spec": spec}
    return with_recorded_marks(work)


def with_recorded_marks(work: Manifest) -> dict[str, Any]:
    """Return a Work whose manifests carry its permanent id and lists of their own marks.

    The lists tell later which labels and annotations came from the hub: those may be taken away
    again, others in the member stay.
    """
    identity = labels_of(work).get(WORK_ID)
    manifests = [
        _with_recorded_marks(manifest, identity)
        for manifest in get_in(work, ("spec", "workload", "manifests")) or ()
    ]
    return set_in(work, ("spec", "workload", "manifests"), manifests)


def _with_recorded_marks(manifest: Manifest, identity: str | None) -> Manifest:
    keys = sorted({*annotations_of(manifest), MANAGED_ANNOTATIONS, MANAGED_LABELS})
    if identity:
        manifest = with_labels(manifest, {WORK_ID: identity})
    labels = sorted(labels_of(manifest))
    return with_annotations(
        manifest, {MANAGED_ANNOTATIONS: ",".join(keys), MANAGED_LABELS: ",".join(labels)}
    )


def merge_work(existing: Manifest, wanted: Manifest) -> Manifest:
    """Return the existing Work brought up to date; the same object if nothing changed.

    Raises:
        WorkError: The Work is being deleted; it can be made again once it is gone.
    """
    if is_deleting(existing):
        raise WorkError(f"work {namespace_of(existing)}/{name_of(existing)} is being deleted")
    merged = with_annotations(with_labels(existing, labels_of(wanted)), annotations_of(wanted))
    finalizers = list(get_in(existing, ("metadata", "finalizers")) or ())
    missing = [
        finalizer
        for finalizer in get_in(wanted, ("metadata", "finalizers")) or ()
        if finalizer not in finalizers
    ]
    if missing:
        merged = set_in(merged, ("metadata", "finalizers"), finalizers + missing)
    merged = with_recorded_marks(set_in(merged, ("spec",), spec_of(wanted)))
    return existing if merged == existing else merged


def with_permanent_id(work: Manifest, identity: str) -> dict[str, Any]:
    """Return a new Work with the permanent id the webhook gives it."""
    return with_recorded_marks(with_labels(work, {WORK_ID: identity}))


def manifests_of(works: Iterable[Manifest]) -> list[Manifest]:
    """Return the objects that Works carry."""
    return [
        manifest
        for work in works
        for manifest in get_in(work, ("spec", "workload", "manifests")) or ()
    ]

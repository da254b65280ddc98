"""Binding becomes Works: what one member cluster is to hold, rendered.

Modelled on Karmada v1.19 `pkg/controllers/binding/common.go`, `pkg/controllers/ctrlutil/work.go`
and `pkg/util/work.go`. A failure concerns one cluster only; the Works of the others go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.core.binding import binding_id, binding_id_label, controller_reference, is_workload
from lab.core.errors import LabError
from lab.core.fnv import fnv1a_32, safe_encode
from lab.core.interpreter import Interpreter, Operation, prune
from lab.core.interpreter.revise import set_if_present
from lab.core.labels import (
    APPLIED_CLUSTER_OVERRIDES,
    APPLIED_OVERRIDES,
    BINDING_NAME,
    BINDING_NAMESPACE,
    CLUSTER_BINDING_NAME,
    CONFLICT_RESOLUTION,
    EXECUTION_FINALIZER,
    EXECUTION_PREFIX,
    MANAGED,
    MANAGED_ANNOTATIONS,
    MANAGED_LABELS,
    TEMPLATE_GENERATION,
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
from lab.core.overrides import Overridden, OverridePolicies, applied_text, apply_overrides
from lab.core.scheduling.webster import webster
from lab.core.settings import KarmadaSettings

Target = Mapping[str, Any]
"""A target cluster as a binding names it: {name, replicas?, components?}."""


class WorkError(LabError):
    """A Work cannot be made for one cluster."""


# ── names ──────────────────────────────────────────────────────────────────────────────────────


def work_name(kind: str, name: str, namespace: str) -> str:
    """Return the name of the Works of an object.

    Example:
        >>> work_name("Deployment", "nginx", "default")
        'nginx-687f7fb96f'
    """
    name = name.replace(":", ".").lower()
    full = "-".join(filter(None, (namespace, name, kind))).lower()
    return f"{name}-{safe_encode(str(fnv1a_32(full.encode())))}"


def execution_namespace(cluster: str) -> str:
    """Return the hub namespace that holds the Works of a member cluster."""
    return EXECUTION_PREFIX + cluster


def cluster_of_work(work: Manifest) -> str:
    """Return the member cluster a Work is for, empty if its namespace is no execution space."""
    namespace = namespace_of(work)
    return namespace.removeprefix(EXECUTION_PREFIX) if EXECUTION_PREFIX in namespace else ""


# ── which clusters ─────────────────────────────────────────────────────────────────────────────


def target_clusters(spec: Mapping[str, Any]) -> list[Target]:
    """Return where a binding's object goes: its own clusters, then those of its referrers."""
    targets = list(spec.get("clusters") or ())
    names = {target.get("name") for target in targets}
    for snapshot in spec.get("requiredBy") or ():
        for target in snapshot.get("clusters") or ():
            if target.get("name") not in names:
                names.add(target.get("name"))
                targets.append(target)
    return targets


def existing_clusters(spec: Mapping[str, Any]) -> list[str]:
    """Return the clusters where Works of a binding may be; in any other they are orphans.

    These are the targets, and clusters being evicted from in any way but Directly.
    """
    names = [str(target.get("name")) for target in target_clusters(spec)]
    names += [
        str(task.get("fromCluster"))
        for task in spec.get("gracefulEvictionTasks") or ()
        if task.get("purgeMode") != "Directly"
    ]
    return list(dict.fromkeys(names))


def directly_purged_clusters(spec: Mapping[str, Any]) -> list[str]:
    """Return the clusters being evicted from Directly: while Works are there, syncing waits."""
    names = (
        str(task.get("fromCluster"))
        for task in spec.get("gracefulEvictionTasks") or ()
        if task.get("purgeMode") == "Directly"
    )
    return list(dict.fromkeys(names))


# ── one cluster's manifest ─────────────────────────────────────────────────────────────────────


def divided_completions(
    template: Manifest, binding: Manifest, targets: Sequence[Target]
) -> dict[str, int] | None:
    """Return the completions of a divided Job per cluster, None when they are not divided.

    Each cluster's replicas are its weight, so that all take about the same time; ties go by the
    template's uid.
    """
    spec = spec_of(binding)
    scheduling = get_in(spec, ("placement", "replicaScheduling"))
    kind = (scheduling or {}).get("replicaSchedulingType") or "Divided"
    divided = scheduling is not None and kind == "Divided"
    if template.get("kind") != "Job" or not (spec.get("replicas") or 0) > 0 or not divided:
        return None
    if "completions" not in spec_of(template):
        return None
    completions = spec_of(template)["completions"]
    if isinstance(completions, bool) or not isinstance(completions, int):
        raise WorkError(f"spec.completions is {completions!r}, needs a whole number")
    weights = {str(target.get("name")): int(target.get("replicas") or 0) for target in targets}
    if not any(weights.values()):
        return None
    return webster(completions, weights, uid_of(template))


def suspends_dispatching(spec: Mapping[str, Any], cluster: str) -> bool:
    """Tell whether a binding suspends dispatching to a cluster: its Work is made, not applied."""
    suspension = spec.get("suspension") or {}
    if suspension.get("dispatching"):
        return True
    return cluster in (get_in(suspension, ("dispatchingOnClusters", "clusterNames")) or ())


@dataclass(frozen=True, slots=True)
class RenderedWork:
    """The Work wanted in one cluster, and what was overridden on the way."""

    cluster: str
    work: dict[str, Any]
    overridden: Overridden


@dataclass(frozen=True, slots=True)
class RenderedWorks:
    """The Works wanted for a binding; a cluster that failed is in `errors` and has none."""

    works: tuple[RenderedWork, ...] = ()
    errors: Mapping[str, LabError] = field(default_factory=dict)


def render_works(
    template: Manifest,
    binding: Manifest,
    clusters: Mapping[str, Manifest],
    override_policies: OverridePolicies,
    interpreter: Interpreter,
    settings: KarmadaSettings,
) -> RenderedWorks:
    """Return the Works wanted for a binding, in the order of its clusters.

    Args:
        template: The object as it stands in the hub.
        binding: Its ResourceBinding or ClusterResourceBinding.
        clusters: Cluster objects by name.
        override_policies: All of the hub.
        interpreter: Says what the template's kind means.
        settings: For the feature gates.

    Raises:
        WorkError: The Job's completions cannot be divided (this stops all clusters).
    """
    targets = target_clusters(spec_of(binding))
    completions = divided_completions(template, binding, targets)
    works: list[RenderedWork] = []
    errors: dict[str, LabError] = {}
    for target in targets:
        name = str(target.get("name"))
        try:
            cluster = clusters.get(name)
            if cluster is None:
                raise WorkError(f'clusters.cluster.karmada.io "{name}" not found')
            manifest = revised(template, binding, target, interpreter)
            if completions:
                manifest = set_if_present(manifest, "completions", completions[name])
            overridden = apply_overrides(manifest, cluster, override_policies)
            works.append(_rendered(binding, target, targets, overridden, settings))
        except LabError as error:
            errors[name] = error
    return RenderedWorks(tuple(works), errors)


def revised(
    template: Manifest, binding: Manifest, target: Target, interpreter: Interpreter
) -> Manifest:
    """Return the template with the target's replicas, also when they are duplicated."""
    if not is_workload(spec_of(binding)) or not interpreter.has(template, Operation.REVISE):
        return template
    return interpreter.revise(template, int(target.get("replicas") or 0))


def _rendered(
    binding: Manifest,
    target: Target,
    targets: Sequence[Target],
    overridden: Overridden,
    settings: KarmadaSettings,
) -> RenderedWork:
    spec, cluster = spec_of(binding), str(target.get("name"))
    manifest = overridden.manifest
    identity = binding_id(binding)
    label = binding_id_label(binding)
    notes = _back_links(binding)
    generation = get_in(manifest, ("metadata", "generation")) or 0
    marks = {TEMPLATE_GENERATION: str(generation)} if generation > 0 else {}
    resolution = conflict_resolution(manifest, spec)
    manifest = with_annotations(with_labels(manifest, {label: identity}), {**marks, **notes})
    if settings.gate("StatefulFailoverInjection"):
        manifest = with_labels(manifest, injected_labels(spec, cluster, len(targets)))
    work = new_work(
        manifest,
        cluster,
        labels={label: identity},
        annotations={
            **notes,
            CONFLICT_RESOLUTION: resolution,
            **override_annotations(overridden),
        },
        suspend_dispatching=suspends_dispatching(spec, cluster),
        preserve_on_deletion=bool(spec.get("preserveResourcesOnDeletion")),
    )
    return RenderedWork(cluster, work, overridden)


def _back_links(binding: Manifest) -> dict[str, str]:
    if binding.get("kind") == "ResourceBinding":
        return {BINDING_NAMESPACE: namespace_of(binding), BINDING_NAME: name_of(binding)}
    return {CLUSTER_BINDING_NAME: name_of(binding)}


def conflict_resolution(manifest: Manifest, spec: Mapping[str, Any]) -> str:
    """Return what to do about an object that is there already: the template's own word first."""
    own = annotations_of(manifest).get(CONFLICT_RESOLUTION, "")
    if own in {"overwrite", "abort"}:
        return own
    return "overwrite" if spec.get("conflictResolution") == "Overwrite" else "abort"


def injected_labels(spec: Mapping[str, Any], cluster: str, target_count: int) -> Mapping[str, str]:
    """Return the labels that carry an application's state to the one cluster it moves to.

    Gate StatefulFailoverInjection; only the last eviction counts, and only a Direct one.
    """
    tasks = spec.get("gracefulEvictionTasks") or ()
    if target_count > 1 or not tasks:
        return {}
    last: Mapping[str, Any] = tasks[-1]
    if last.get("purgeMode") != "Directly" or cluster in (last.get("clustersBeforeFailover") or ()):
        return {}
    preserved: Mapping[str, str] = last.get("preservedLabelState") or {}
    return preserved


def override_annotations(overridden: Overridden) -> dict[str, str]:
    """Return the annotations of a Work that tell which override policies were applied."""
    notes = {}
    for kind, key in (
        ("ClusterOverridePolicy", APPLIED_CLUSTER_OVERRIDES),
        ("OverridePolicy", APPLIED_OVERRIDES),
    ):
        text = applied_text([entry for entry in overridden.applied if entry.kind == kind])
        if text is not None:
            notes[key] = text
    return notes


# ── the Work object ────────────────────────────────────────────────────────────────────────────


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


def namespace_work(
    namespace: Manifest, cluster: Manifest, policies: OverridePolicies
) -> RenderedWork:
    """Return the Work that copies a Namespace to a cluster; only cluster-wide overrides apply.

    Raises:
        OverrideError: An override does not fit.
    """
    overridden = apply_overrides(namespace, cluster, policies)
    work = new_work(
        overridden.manifest,
        name_of(cluster),
        annotations=override_annotations(overridden),
        owner=namespace,
    )
    return RenderedWork(name_of(cluster), work, overridden)


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

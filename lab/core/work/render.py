"""Binding becomes Works: the template as each cluster is to have it.

Modelled on Karmada v1.19 `pkg/controllers/binding/common.go`. A failure concerns one cluster only;
the Works of the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.core.binding import binding_id, binding_id_label
from lab.core.errors import LabError
from lab.core.interpreter import Interpreter, Operation
from lab.core.interpreter.revise import set_if_present
from lab.core.labels import (
    APPLIED_CLUSTER_OVERRIDES,
    APPLIED_OVERRIDES,
    BINDING_NAME,
    BINDING_NAMESPACE,
    CLUSTER_BINDING_NAME,
    CONFLICT_RESOLUTION,
    TEMPLATE_GENERATION,
)
from lab.core.manifest import (
    Manifest,
    annotations_of,
    get_in,
    name_of,
    namespace_of,
    spec_of,
    uid_of,
    with_annotations,
    with_labels,
)
from lab.core.overrides import Overridden, OverridePolicies, applied_text, apply_overrides
from lab.core.scheduling.triggers import is_workload
from lab.core.scheduling.webster import webster
from lab.core.settings import KarmadaSettings
from lab.core.work.targets import Target, suspends_dispatching, target_clusters
from lab.core.work.work_object import WorkError, new_work


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

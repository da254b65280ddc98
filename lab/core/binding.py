"""Template meets policy: the ResourceBinding or ClusterResourceBinding that is wanted for it.

Modelled on Karmada v1.19 `pkg/detector/detector.go` (BuildResourceBinding, ApplyPolicy) and
`pkg/dependenciesdistributor`. `spec.clusters` is the scheduler's: it is never touched here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.core.claiming import PROPAGATION_POLICY, claim_marks, without_cluster_policy_marks
from lab.core.errors import LabError
from lab.core.fnv import fnv1a_32, safe_encode
from lab.core.interpreter import Interpreter, Operation
from lab.core.labels import (
    BINDING_API,
    BINDING_FINALIZER,
    BINDING_ID,
    CLUSTER_BINDING_FINALIZER,
    CLUSTER_BINDING_ID,
    DEPENDED_BY_PREFIX,
)
from lab.core.manifest import (
    Manifest,
    annotations_of,
    get_in,
    labels_of,
    name_of,
    namespace_of,
    set_in,
    spec_of,
    uid_of,
    with_annotations,
    with_labels,
)
from lab.core.model import HUB, Key
from lab.core.settings import KarmadaSettings

RESOURCE_BINDING = "ResourceBinding"
CLUSTER_RESOURCE_BINDING = "ClusterResourceBinding"

_FROM_POLICY = (
    "propagateDeps",
    "schedulerName",
    "failover",
    "conflictResolution",
    "preserveResourcesOnDeletion",
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


# ── names ──────────────────────────────────────────────────────────────────────────────────────


def binding_name(kind: str, name: str) -> str:
    """Return the name of the binding of a template.

    Example:
        >>> binding_name("ClusterRole", "system:Node")
        'system.node-clusterrole'
    """
    return f"{name.replace(':', '.')}-{kind}".lower()


def binding_kind(template: Manifest) -> str:
    """Return ResourceBinding, or ClusterResourceBinding for a cluster-scoped template."""
    return RESOURCE_BINDING if namespace_of(template) else CLUSTER_RESOURCE_BINDING


def binding_key(template: Manifest) -> Key:
    """Return the key of the binding of a template."""
    name = binding_name(str(template.get("kind")), name_of(template))
    return Key(HUB, BINDING_API, binding_kind(template), namespace_of(template), name)


def binding_id(binding: Manifest) -> str:
    """Return the permanent id of a binding, empty before the webhook gave it one."""
    return labels_of(binding).get(binding_id_label(binding), "")


def binding_id_label(binding: Manifest) -> str:
    """Return the label key of a binding's permanent id."""
    return BINDING_ID if binding.get("kind") == RESOURCE_BINDING else CLUSTER_BINDING_ID


def reference_key(namespace: str, name: str) -> str:
    """Return the hash that stands for a binding in `depended-by` labels."""
    text = f"{namespace}/{name}" if namespace else name
    return safe_encode(str(fnv1a_32(text.encode())))


def depended_by_label(namespace: str, name: str) -> str:
    """Return the label key that marks what the binding `namespace/name` depends on."""
    return DEPENDED_BY_PREFIX + reference_key(namespace, name)


# ── the binding of a claimed template ──────────────────────────────────────────────────────────


def is_workload(spec: Mapping[str, Any]) -> bool:
    """Tell whether a binding's spec is about something with replicas or components."""
    return (
        (spec.get("replicas") or 0) > 0
        or spec.get("replicaRequirements") is not None
        or bool(spec.get("components"))
    )


def build_binding(
    template: Manifest,
    policy: Manifest,
    interpreter: Interpreter,
    settings: KarmadaSettings,
    priority_of: Callable[[str], int | None] = lambda name: None,
) -> dict[str, Any]:
    """Return the binding wanted for a template that `policy` has claimed.

    Args:
        template: The object as it stands in the hub.
        policy: The PropagationPolicy or ClusterPropagationPolicy whose marks it carries.
        interpreter: Says what the template's kind means.
        settings: For the feature gates.
        priority_of: The value of a PriorityClass of the hub by its name, None if there is none.

    Raises:
        BindingError: The priority class does not exist, or its source is not supported.
        InterpretError: The replicas of the template cannot be read.
    """
    policy_spec = spec_of(policy)
    namespaced = bool(namespace_of(template))
    spec: dict[str, Any] = {"resource": object_reference(template)}
    spec.update((name, policy_spec[name]) for name in _FROM_POLICY if policy_spec.get(name))
    if policy_spec.get("preserveResourcesOnDeletion") is False:
        spec["preserveResourcesOnDeletion"] = False
    spec["placement"] = policy_spec.get("placement") or {}
    if policy_spec.get("suspension") is not None:
        spec["suspension"] = policy_spec["suspension"]
    if namespaced and settings.gate("WorkloadAffinity"):
        groups = workload_affinity_groups(template, policy_spec)
        if groups:
            spec["workloadAffinityGroups"] = groups
    spec.update(_replica_fields(template, interpreter, settings))
    if namespaced and settings.gate("PriorityBasedScheduling"):
        priority = policy_spec.get("schedulePriority")
        if priority is not None:
            spec["schedulePriority"] = {"priority": _priority(priority, priority_of)}
    labels, notes = claim_marks(policy)
    finalizer = BINDING_FINALIZER if namespaced else CLUSTER_BINDING_FINALIZER
    return new_binding(template, spec, finalizer, labels, notes)


def new_binding(
    template: Manifest,
    spec: Mapping[str, Any],
    finalizer: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
) -> dict[str, Any]:
    """Return a binding of `template`, which owns it, with this spec and these marks."""
    key = binding_key(template)
    metadata: dict[str, Any] = {"name": key.name}
    if key.namespace:
        metadata["namespace"] = key.namespace
    metadata["labels"] = labels
    if annotations:
        metadata["annotations"] = annotations
    metadata["finalizers"] = [finalizer]
    metadata["ownerReferences"] = [controller_reference(template)]
    return {"apiVersion": BINDING_API, "kind": key.kind, "metadata": metadata, "spec": spec}


def controller_reference(owner: Manifest) -> dict[str, Any]:
    """Return the owner reference of something that `owner` controls."""
    return {
        "apiVersion": str(owner.get("apiVersion") or ""),
        "kind": str(owner.get("kind") or ""),
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def object_reference(template: Manifest) -> dict[str, Any]:
    """Return `spec.resource` of a template's binding."""
    reference = {
        "apiVersion": str(template.get("apiVersion") or ""),
        "kind": str(template.get("kind") or ""),
        "namespace": namespace_of(template),
        "name": name_of(template),
        "uid": uid_of(template),
        "resourceVersion": get_in(template, ("metadata", "resourceVersion"), ""),
    }
    return {name: value for name, value in reference.items() if value}


def _replica_fields(
    template: Manifest, interpreter: Interpreter, settings: KarmadaSettings
) -> dict[str, Any]:
    """What the interpreter says: components if it knows them and the gate is on, else replicas."""
    by_component = settings.gate("MultiplePodTemplatesScheduling")
    if by_component and interpreter.has(template, Operation.COMPONENTS):
        components = list(interpreter.components(template))
        return {"components": components} if components else {}
    if not interpreter.has(template, Operation.REPLICAS):
        return {}
    replicas, requirements = interpreter.replicas(template)
    fields: dict[str, Any] = {}
    if requirements is not None:
        if settings.gate("ResourceQuotaEstimate") and not requirements.get("namespace"):
            requirements = {**requirements, "namespace": namespace_of(template)}
        fields["replicaRequirements"] = requirements
    if replicas:
        fields["replicas"] = replicas
    return fields


def _priority(source: Mapping[str, Any], priority_of: Callable[[str], int | None]) -> int:
    kind, name = source.get("priorityClassSource"), str(source.get("priorityClassName") or "")
    if kind in {"PodPriorityClass", "FederatedPriorityClass"}:
        raise BindingError(f"priority class source is {kind}, but {kind} is not supported yet")
    if kind != "KubePriorityClass":
        raise BindingError("unsupported priority class source")
    value = priority_of(name)
    if value is None:
        raise BindingError(f'priorityclasses.scheduling.k8s.io "{name}" not found')
    return value


def workload_affinity_groups(template: Manifest, policy_spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the affinity groups a template belongs to: `key=value` out of its labels."""
    terms = get_in(policy_spec, ("placement", "workloadAffinity")) or {}
    labels = labels_of(template)
    groups = {}
    for term, field in (("affinity", "affinityGroup"), ("antiAffinity", "antiAffinityGroup")):
        key = get_in(terms, (term, "groupByLabelKey"))
        if key is not None and key in labels:
            groups[field] = f"{key}={labels[key]}"
    return groups


# ── keeping an existing binding up to date ─────────────────────────────────────────────────────


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

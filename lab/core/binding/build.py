"""Template meets policy: the ResourceBinding or ClusterResourceBinding that is wanted for it.

Modelled on Karmada v1.19 `pkg/detector/detector.go` (BuildResourceBinding).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.core.binding.merge import BindingError
from lab.core.binding.names import binding_key
from lab.core.claiming import claim_marks
from lab.core.interpreter import Interpreter, Operation
from lab.core.labels import BINDING_API, BINDING_FINALIZER, CLUSTER_BINDING_FINALIZER
from lab.core.manifest import (
    Manifest,
    get_in,
    labels_of,
    name_of,
    namespace_of,
    spec_of,
    uid_of,
)
from lab.core.settings import KarmadaSettings

_FROM_POLICY = (
    "propagateDeps",
    "schedulerName",
    "failover",
    "conflictResolution",
    "preserveResourcesOnDeletion",
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

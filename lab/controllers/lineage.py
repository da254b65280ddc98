"""Who belongs to whom: names, marks and keys that lead from template to member object and back.

Source: Karmada v1.19 `pkg/util/constants.go`, `pkg/util/names`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lab.core.labels import (
    BINDING_API,
    BINDING_ID,
    BINDING_NAME,
    BINDING_NAMESPACE,
    CLUSTER_API,
    CLUSTER_BINDING_ID,
    CLUSTER_BINDING_NAME,
    CLUSTER_POLICY_ID,
    EXECUTION_PREFIX,
    MANAGED,
    POLICY_API,
    POLICY_ID,
    WORK_API,
    WORK_NAME,
    WORK_NAMESPACE,
)
from lab.core.manifest import (
    Manifest,
    annotations_of,
    condition,
    get_in,
    labels_of,
    name_of,
    set_in,
    spec_of,
)
from lab.core.model import HUB, Index, Key, Queue, key_of

QueueFactory = Callable[[], Queue]
"""Makes a controller's default queue, with Karmada's retry back-off."""

MANAGER = "karmada-controller-manager"
SCHEDULER = "karmada-scheduler"

Kind = tuple[str, str]
"""apiVersion and kind."""

CLUSTER: Kind = (CLUSTER_API, "Cluster")
BINDING: Kind = (BINDING_API, "ResourceBinding")
CLUSTER_BINDING: Kind = (BINDING_API, "ClusterResourceBinding")
WORK: Kind = (WORK_API, "Work")
POLICY: Kind = (POLICY_API, "PropagationPolicy")
CLUSTER_POLICY: Kind = (POLICY_API, "ClusterPropagationPolicy")
OVERRIDE_POLICY: Kind = (POLICY_API, "OverridePolicy")
CLUSTER_OVERRIDE_POLICY: Kind = (POLICY_API, "ClusterOverridePolicy")
NAMESPACE: Kind = ("v1", "Namespace")


def execution_namespace(cluster: str) -> str:
    """Return the hub namespace that holds a member's Works."""
    return EXECUTION_PREFIX + cluster


def cluster_of_namespace(namespace: str) -> str | None:
    """Return the member whose Works a hub namespace holds, or None."""
    if not namespace.startswith(EXECUTION_PREFIX):
        return None
    return namespace.removeprefix(EXECUTION_PREFIX)


def cluster_key(name: str) -> Key:
    """Return the key of a Cluster."""
    return Key(HUB, *CLUSTER, "", name)


def namespace_key(name: str) -> Key:
    """Return the key of a hub namespace."""
    return Key(HUB, *NAMESPACE, "", name)


def cluster_ready(cluster: Manifest) -> bool:
    """Tell whether a Cluster's Ready condition is True."""
    ready = condition(cluster, "Ready")
    return ready is not None and ready.get("status") == "True"


def binding_key_of_work(work: Manifest) -> Key | None:
    """Return the key of the binding a Work was made for, or None (a namespace's Work)."""
    marks = annotations_of(work)
    if marks.get(BINDING_NAMESPACE) and marks.get(BINDING_NAME):
        place = marks[BINDING_NAMESPACE], marks[BINDING_NAME]
        return Key(HUB, *BINDING, *place)
    if marks.get(CLUSTER_BINDING_NAME):
        return Key(HUB, *CLUSTER_BINDING, "", marks[CLUSTER_BINDING_NAME])
    return None


def manifest_of_work(work: Manifest) -> Manifest | None:
    """Return the one manifest a Work carries, or None."""
    found: Manifest | None = get_in(work, ("spec", "workload", "manifests", 0))
    return found


def member_key(work: Manifest, cluster: str) -> Key | None:
    """Return the key of the member object a Work stands for."""
    manifest = manifest_of_work(work)
    if manifest is None:
        return None
    return key_of(manifest, cluster)


def work_key_of_member(manifest: Manifest) -> Key | None:
    """Return the key of the Work a member object says it comes from, or None."""
    marks = annotations_of(manifest)
    namespace, name = marks.get(WORK_NAMESPACE), marks.get(WORK_NAME)
    return Key(HUB, *WORK, namespace, name) if namespace and name else None


def managed(manifest: Manifest) -> bool:
    """Tell whether Karmada may update and delete a member object."""
    return labels_of(manifest).get(MANAGED) == "true"


def binding_id(binding: Manifest) -> str:
    """Return the permanent id that links a binding to its Works ("" before it has one)."""
    namespaced = binding.get("kind") == BINDING[1]
    label = BINDING_ID if namespaced else CLUSTER_BINDING_ID
    return labels_of(binding).get(label, "")


def works_by_binding() -> Index:
    """Return the index of Works by the permanent id of their binding."""
    return Index("works-by-binding", "hub", *WORK, _binding_ids)


def _binding_ids(work: Manifest) -> Iterable[tuple[str, str]]:
    labels = labels_of(work)
    return tuple(
        (label, labels[label]) for label in (BINDING_ID, CLUSTER_BINDING_ID) if labels.get(label)
    )


def works_by_kind() -> Index:
    """Return the index of Works by (member, apiVersion, kind) of what they carry."""
    return Index("works-by-kind", "hub", *WORK, _work_kinds)


def _work_kinds(work: Manifest) -> Iterable[tuple[str, str, str]]:
    cluster = cluster_of_namespace(str((work.get("metadata") or {}).get("namespace") or ""))
    key = None if cluster is None else member_key(work, cluster)
    return () if key is None else (key[:3],)


def id_value(binding: Manifest) -> tuple[str, str]:
    """Return the value to look up in `works_by_binding`."""
    namespaced = binding.get("kind") == BINDING[1]
    return (BINDING_ID if namespaced else CLUSTER_BINDING_ID, binding_id(binding))


def bindings_on_cluster(kind: Kind) -> Index:
    """Return the index of bindings by the members in their spec.clusters."""
    return Index(f"{kind[1]}-by-cluster", "hub", *kind, _target_names)


def _target_names(binding: Manifest) -> Iterable[str]:
    return tuple(str(target.get("name")) for target in spec_of(binding).get("clusters") or ())


def bindings_of_policy(kind: Kind) -> Index:
    """Return the index of bindings by the permanent ids of the policies they were made for."""
    return Index(f"{kind[1]}-by-policy", "hub", *kind, _policy_ids)


def _policy_ids(binding: Manifest) -> Iterable[tuple[str, str]]:
    labels = labels_of(binding)
    return tuple(
        (label, labels[label]) for label in (POLICY_ID, CLUSTER_POLICY_ID) if labels.get(label)
    )


def policy_value(policy: Manifest) -> tuple[str, str]:
    """Return the value to look up in `bindings_of_policy`."""
    label = POLICY_ID if policy.get("kind") == POLICY[1] else CLUSTER_POLICY_ID
    return (label, labels_of(policy).get(label, ""))


def finalizers_of(manifest: Manifest) -> list[str]:
    """Return `metadata.finalizers`, never None."""
    return list((manifest.get("metadata") or {}).get("finalizers") or ())


def with_finalizer(manifest: Manifest, finalizer: str) -> Manifest:
    """Return a manifest that has a finalizer; the same object if it has it already."""
    standing = finalizers_of(manifest)
    if finalizer in standing:
        return manifest
    return set_in(manifest, ("metadata", "finalizers"), [*standing, finalizer])


def without_finalizer(manifest: Manifest, finalizer: str) -> Manifest:
    """Return a manifest that lacks a finalizer; the same object if it has none such."""
    standing = finalizers_of(manifest)
    if finalizer not in standing:
        return manifest
    return set_in(
        manifest, ("metadata", "finalizers"), [each for each in standing if each != finalizer]
    )


def key_in_hub(manifest: Manifest) -> Key:
    """Return the key of a hub object."""
    metadata: Any = manifest.get("metadata") or {}
    return Key(
        HUB,
        str(manifest.get("apiVersion") or ""),
        str(manifest.get("kind") or ""),
        str(metadata.get("namespace") or ""),
        name_of(manifest),
    )

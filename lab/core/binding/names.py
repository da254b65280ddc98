"""What a binding is called and known by: from a template to its binding, and back."""

from __future__ import annotations

from lab.core.fnv import fnv1a_32, safe_encode
from lab.core.labels import BINDING_API, BINDING_ID, CLUSTER_BINDING_ID, DEPENDED_BY_PREFIX
from lab.core.manifest import Manifest, labels_of, name_of, namespace_of, spec_of
from lab.core.model import HUB, Key

RESOURCE_BINDING = "ResourceBinding"
CLUSTER_RESOURCE_BINDING = "ClusterResourceBinding"


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


def resource_key(binding: Manifest) -> Key:
    """Return the key of the template a binding stands for."""
    resource = spec_of(binding).get("resource") or {}
    return Key(
        HUB,
        str(resource.get("apiVersion") or ""),
        str(resource.get("kind") or ""),
        str(resource.get("namespace") or ""),
        str(resource.get("name") or ""),
    )

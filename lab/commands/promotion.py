"""Policies that `karmadactl apply -C` makes along with the objects, under Karmada's own names.

Source: Karmada v1.19 `pkg/karmadactl/apply`, `names.GeneratePolicyName`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.core.fnv import fnv1a_32, safe_encode
from lab.core.kinds import KindRegistry
from lab.core.manifest import Manifest, name_of, namespace_of


def with_policies(
    manifests: Sequence[Manifest], kinds: KindRegistry, clusters: Sequence[str]
) -> list[Manifest]:
    """Return each object followed by a policy that selects it; no clusters means all."""
    return [
        each
        for manifest in manifests
        for each in (manifest, propagating_policy(manifest, kinds, clusters))
    ]


def propagating_policy(
    manifest: Manifest, kinds: KindRegistry, clusters: Sequence[str]
) -> Manifest:
    """Return the PropagationPolicy (cluster-wide for a cluster-scoped object) of one object."""
    kind = kinds.kind_of(manifest)
    namespace, name = namespace_of(manifest), name_of(manifest)
    selector = {"apiVersion": kind.api_version, "kind": kind.kind, "name": name}
    metadata: dict[str, Any] = {
        "name": policy_name(namespace, name, kind.group, kind.version, kind.kind)
    }
    if namespace:
        selector["namespace"] = metadata["namespace"] = namespace
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "PropagationPolicy" if kind.namespaced else "ClusterPropagationPolicy",
        "metadata": metadata,
        "spec": {
            "resourceSelectors": [selector],
            "placement": {"clusterAffinity": {"clusterNames": list(clusters)} if clusters else {}},
        },
    }


def policy_name(namespace: str, name: str, group: str, version: str, kind: str) -> str:
    """Return the name Karmada generates for such a policy.

    Example:
        >>> policy_name("default", "web", "apps", "v1", "Deployment")
        'web-6d7f8d5f5b'
    """
    text = f"{namespace}{group}/{version}, Kind={kind}"
    return f"{name.replace(':', '.')}-{safe_encode(str(fnv1a_32(text.encode())))}".lower()

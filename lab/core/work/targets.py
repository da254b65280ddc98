"""Names of Works, and the clusters in which a binding has or may have one.

Modelled on Karmada v1.19 `pkg/util/names/names.go` and `pkg/util/helper/binding.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.fnv import fnv1a_32, safe_encode
from lab.core.labels import EXECUTION_PREFIX
from lab.core.manifest import Manifest, get_in, namespace_of

Target = Mapping[str, Any]
"""A target cluster as a binding names it: {name, replicas?, components?}."""


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


def suspends_dispatching(spec: Mapping[str, Any], cluster: str) -> bool:
    """Tell whether a binding suspends dispatching to a cluster: its Work is made, not applied."""
    suspension = spec.get("suspension") or {}
    if suspension.get("dispatching"):
        return True
    return cluster in (get_in(suspension, ("dispatchingOnClusters", "clusterNames")) or ())

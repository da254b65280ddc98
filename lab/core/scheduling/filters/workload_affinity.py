"""Filter (gate WorkloadAffinity): go where the other workloads of the affinity group are."""

from lab.core.binding.names import binding_name
from lab.core.manifest import Manifest, name_of, namespace_of, spec_of
from lab.core.scheduling.framework import ADMIT, Binding, Cluster, Verdict, admit, reject

NAME = "WorkloadAffinity"
_APART = "ResourceBinding with the same affinity group does not target this cluster"
_THERE = admit("already a target: the affinity group does not push it away")


def concerns(binding: Binding) -> bool:
    """Tell whether the workload belongs to a group."""
    return bool(binding.affinity_group)


def filter_cluster(binding: Binding, cluster: Cluster) -> Verdict:
    """Admit a cluster that every placed binding of the group uses; none placed admits all."""
    if cluster.name in binding.assigned:
        return _THERE
    for other in group_members(binding, "affinityGroup", binding.affinity_group):
        targets = targets_of(other)
        if targets and cluster.name not in targets:
            return reject(_APART, f"{name_of(other)} runs in {', '.join(targets)}")
    return ADMIT


def group_members(binding: Binding, field: str, group: str) -> list[Manifest]:
    """Return the other ResourceBindings of the namespace that are in a group."""
    own = binding_name(binding.kind, binding.resource_name)
    return [
        other
        for other in binding.others
        if other.get("kind") == "ResourceBinding"
        and namespace_of(other) == binding.resource_namespace
        and name_of(other) != own
        and (spec_of(other).get("workloadAffinityGroups") or {}).get(field) == group
    ]


def targets_of(other: Manifest) -> list[str]:
    """Return the names of the clusters a binding is scheduled to."""
    return [str(target.get("name")) for target in spec_of(other).get("clusters") or ()]

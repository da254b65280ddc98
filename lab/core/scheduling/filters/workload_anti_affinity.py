"""Filter (gate WorkloadAffinity): keep away from the other workloads of the anti-affinity group."""

from lab.core.manifest import name_of
from lab.core.scheduling.filters.workload_affinity import group_members, targets_of
from lab.core.scheduling.framework import ADMIT, Binding, Cluster, Verdict, admit, reject

NAME = "WorkloadAntiAffinity"
_TOGETHER = "cluster already has workload with the same anti-affinity group"
_THERE = admit("already a target: the anti-affinity group does not push it away")


def concerns(binding: Binding) -> bool:
    """Tell whether the workload belongs to a group."""
    return bool(binding.anti_affinity_group)


def filter_cluster(binding: Binding, cluster: Cluster) -> Verdict:
    """Admit a cluster that no other binding of the group uses."""
    if cluster.name in binding.assigned:
        return _THERE
    for other in group_members(binding, "antiAffinityGroup", binding.anti_affinity_group):
        if cluster.name in targets_of(other):
            return reject(_TOGETHER, f"{name_of(other)} runs here")
    return ADMIT

"""Filter: keep to the placement's clusterAffinity, or to the affinity group in force."""

from lab.core.affinity import ClusterAffinity
from lab.core.scheduling.framework import ADMIT, Binding, Cluster, Verdict, admit, reject

NAME = "ClusterAffinity"
_MISMATCH = "cluster(s) did not match the placement cluster affinity constraint"


def concerns(binding: Binding) -> bool:
    """Tell whether the placement names clusters at all."""
    return binding.placement.affinity is not None or binding.placement.terms is not None


def filter_cluster(binding: Binding, cluster: Cluster) -> Verdict:
    """Admit a matching cluster; present targets are checked like any other."""
    affinity = binding.placement.affinity
    if affinity is not None:
        return ADMIT if affinity.matches(cluster) else _refuse(affinity, cluster)
    term = binding.term
    if term is None or term.affinity.matches(cluster):
        return ADMIT
    # What needs no room never overflows: it stays in the main group.
    if binding.is_workload:
        for name, overflow in term.overflow:
            if overflow.matches(cluster):
                return admit(f"matches overflow group {name}")
    return _refuse(term.affinity, cluster)


def _refuse(affinity: ClusterAffinity, cluster: Cluster) -> Verdict:
    return reject(_MISMATCH, affinity.mismatch(cluster))

"""Filter: refuse clusters the binding is being evicted from."""

from lab.core.scheduling.framework import ADMIT, Binding, Cluster, Verdict, reject

NAME = "ClusterEviction"
_EVICTING = reject("cluster(s) is in the process of eviction", "has an eviction task")


def concerns(binding: Binding) -> bool:
    """Tell whether the binding is being evicted from anywhere."""
    return bool(binding.evicting)


def filter_cluster(binding: Binding, cluster: Cluster) -> Verdict:
    """Admit a cluster without an eviction task, whatever the purge mode of the task."""
    return _EVICTING if cluster.name in binding.evicting else ADMIT

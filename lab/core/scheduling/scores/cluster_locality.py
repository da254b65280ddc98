"""Score: prefer clusters that already run the binding."""

from lab.core.scheduling.framework import Binding, Cluster

NAME = "ClusterLocality"


def concerns(binding: Binding) -> bool:
    """Tell whether the binding runs anywhere."""
    return bool(binding.assigned)


def score_cluster(binding: Binding, cluster: Cluster) -> int:
    """Return 100 for a present target, else 0."""
    return 100 if cluster.name in binding.assigned else 0

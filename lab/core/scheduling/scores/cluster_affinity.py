"""Score: the affinity plug-in of Karmada takes part in scoring and gives nothing."""

from lab.core.scheduling.framework import Binding, Cluster

NAME = "ClusterAffinity"


def score_cluster(binding: Binding, cluster: Cluster) -> int:
    """Return 0, always, as Karmada's own does."""
    return 0

"""Score: the affinity plug-in of Karmada takes part in scoring and gives nothing."""

from lab.core.scheduling.framework import Binding, Cluster

NAME = "ClusterAffinity"


def concerns(binding: Binding) -> bool:
    """Return False: there is nothing to ask for."""
    return False


def score_cluster(binding: Binding, cluster: Cluster) -> int:
    """Return 0, always, as Karmada's own does."""
    return 0

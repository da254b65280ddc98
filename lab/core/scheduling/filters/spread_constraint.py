"""Filter: refuse clusters that lack the property a spread constraint groups by."""

from lab.core.policy import PROVIDER, REGION, ZONE
from lab.core.scheduling.framework import ADMIT, Binding, Cluster, Verdict, reject

NAME = "SpreadConstraint"
_FIELDS = frozenset({PROVIDER, REGION, ZONE})
_NO_PROVIDER = reject("cluster(s) did not have provider property")
_NO_REGION = reject("cluster(s) did not have region property")
_NO_ZONES = reject("cluster(s) did not have zones property")


def concerns(binding: Binding) -> bool:
    """Tell whether there is a constraint on more than the number of clusters."""
    return any(c.by_field in _FIELDS for c in binding.placement.spread)


def filter_cluster(binding: Binding, cluster: Cluster) -> Verdict:
    """Admit a cluster that can be grouped; this holds even where the constraint is ignored."""
    for constraint in binding.placement.spread:
        if constraint.by_field == PROVIDER and not cluster.provider:
            return _NO_PROVIDER
        if constraint.by_field == REGION and not cluster.region:
            return _NO_REGION
        if constraint.by_field == ZONE and not cluster.zones:
            return _NO_ZONES
    return ADMIT

"""Filter: refuse clusters that do not serve the kind of the template."""

from lab.core.scheduling.framework import ADMIT, Binding, Cluster, Verdict, admit, reject

NAME = "APIEnablement"
_MISSING = "cluster(s) did not have the API resource"
_THERE = admit("already a target: a missing API does not push it away")


def concerns(binding: Binding) -> bool:
    """Every binding is about a kind."""
    return True


def filter_cluster(binding: Binding, cluster: Cluster) -> Verdict:
    """Admit a cluster that lists the API, or already runs the binding."""
    if cluster.serves(binding.api_version, binding.kind):
        return ADMIT
    if cluster.name in binding.assigned:
        return _THERE
    api = f"{binding.api_version} {binding.kind}"
    if cluster.apis_complete:
        return reject(_MISSING, f"does not serve {api}")
    return reject(_MISSING, f"{api} is not in the (incomplete) list of APIs")

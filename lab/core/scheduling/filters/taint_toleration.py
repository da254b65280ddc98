"""Filter: refuse clusters whose NoSchedule or NoExecute taints the placement does not tolerate."""

from lab.core.scheduling.framework import ADMIT, Binding, Cluster, Verdict, admit, reject

NAME = "TaintToleration"


def concerns(binding: Binding) -> bool:
    """Every binding meets taints."""
    return True


def filter_cluster(binding: Binding, cluster: Cluster) -> Verdict:
    """Admit a cluster that already runs the binding: leaving it is the taint manager's job."""
    if not cluster.taints:
        return ADMIT
    tolerations = binding.placement.tolerations
    for taint in cluster.taints:
        blocks = taint.effect in {"NoSchedule", "NoExecute"}
        if blocks and not any(toleration.tolerates(taint) for toleration in tolerations):
            if cluster.name in binding.assigned:
                return admit(f"already a target: untolerated taint {taint} does not push it away")
            return reject(f"cluster(s) had untolerated taint {{{taint}}}")
    return ADMIT

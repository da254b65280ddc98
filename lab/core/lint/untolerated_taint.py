"""`untolerated-taint`: matching clusters that keep the workload out."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding, Path
from lab.core.lint.material import Material, names

_PLACEMENT: Path = ("spec", "placement")


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    if material.clusters is None:
        return
    for policy in material.policies:
        matching = material.matching(policy)
        tolerations = material.placement(policy).tolerations
        closed = {
            cluster.name: taint
            for cluster in matching
            for taint in cluster.taints
            if taint.effect in {"NoSchedule", "NoExecute"}
            and not any(toleration.tolerates(taint) for toleration in tolerations)
        }
        if not closed:
            continue
        taint = next(iter(closed.values()))
        value = f", operator: Equal, value: {taint.value}" if taint.value else ", operator: Exists"
        yield policy.finding(
            "untolerated-taint",
            "error" if len(closed) == len(matching) else "warning",
            _PLACEMENT,
            f"{len(closed)} of {len(matching)} matching clusters have a taint that is not "
            f"tolerated: {names(f'{name} ({mark})' for name, mark in closed.items())}",
            "the scheduler places nothing new on a cluster with an untolerated NoSchedule or "
            "NoExecute taint",
            f"clusterTolerations: [{{key: {taint.key}{value}, effect: {taint.effect}}}], if the "
            "workload may run there",
        )

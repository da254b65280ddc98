"""`no-failover`: a cluster may be lost, and nothing moves.

A warning where a policy counts on failover, else one note for all policies.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding, Path
from lab.core.lint.material import Item, Material
from lab.core.manifest import get_in


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    missing = _missing(material)
    if not missing:
        return
    why = (
        "a lost cluster only gets the taint cluster.karmada.io/not-ready:NoSchedule, which keeps "
        f"new work out and moves nothing. Missing: {'; '.join(missing)}"
    )
    instead = (
        "switch on the gate, --enable-no-execute-taint-eviction and (for the webhook) "
        "--allow-no-execute-taint-policy, and add a ClusterTaintPolicy: "
        "{addOnConditions: [{conditionType: Ready, operator: NotIn, statusValues: ['True']}], "
        "taints: [{key: failed, effect: NoExecute}]} with removeOnConditions beside it"
    )
    told = False
    for policy in material.policies:
        path = _intent(policy)
        if path is not None:
            text = "the policy counts on cluster failover, but nothing fails over"
            yield policy.finding("no-failover", "warning", path, text, why, instead)
            told = True
    if not told and material.policies:
        text = "when a cluster fails, nothing fails over"
        first = material.policies[0]
        yield first.finding("no-failover", "note", ("spec", "placement"), text, why, instead)


def _missing(material: Material) -> list[str]:
    """Return the conditions of cluster failover that are not fulfilled, in words."""
    settings, missing = material.settings, []
    if not settings.gate("Failover"):
        missing.append("feature gate Failover is off (its default)")
    if not settings.enable_taint_manager:
        missing.append("--enable-taint-manager is off")
    if not settings.enable_no_execute_taint_eviction:
        missing.append("--enable-no-execute-taint-eviction is off (its default)")
    taints = [
        taint
        for policy in material.of_kind("ClusterTaintPolicy")
        for taint in policy.spec.get("taints") or ()
    ]
    if not any(taint.get("effect") == "NoExecute" for taint in taints):
        missing.append("no ClusterTaintPolicy sets a NoExecute taint")
    return missing


def _intent(policy: Item) -> Path | None:
    """Return the field that says that the policy counts on failover, or None."""
    if get_in(policy.spec, ("failover", "cluster")) is not None:
        return ("spec", "failover", "cluster")
    for index, toleration in enumerate(
        get_in(policy.spec, ("placement", "clusterTolerations")) or ()
    ):
        if toleration.get("tolerationSeconds") is not None:
            return ("spec", "placement", "clusterTolerations", index)
    return None

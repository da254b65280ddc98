"""`workload-affinity-off`: workloadAffinity needs a feature gate."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding
from lab.core.lint.material import Material
from lab.core.manifest import get_in


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    if material.settings.gate("WorkloadAffinity"):
        return
    for policy in material.policies:
        if get_in(policy.spec, ("placement", "workloadAffinity")) is not None:
            yield policy.finding(
                "workload-affinity-off",
                "warning",
                ("spec", "placement", "workloadAffinity"),
                "workloadAffinity without its feature gate",
                "gate WorkloadAffinity is off by default: the scheduler does not look at it",
                "switch on WorkloadAffinity in scheduler, controller manager and webhook",
            )

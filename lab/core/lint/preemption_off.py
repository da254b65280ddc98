"""`preemption-off`: preemption needs a feature gate."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding
from lab.core.lint.material import Material


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    if material.settings.gate("PropagationPolicyPreemption"):
        return
    for policy in material.policies:
        if policy.spec.get("preemption") == "Always":
            yield policy.finding(
                "preemption-off",
                "warning",
                ("spec", "preemption"),
                "preemption: Always without its feature gate",
                "gate PropagationPolicyPreemption is off by default: a template that another "
                "policy has claimed stays with it",
                "switch on PropagationPolicyPreemption in controller manager and webhook",
            )

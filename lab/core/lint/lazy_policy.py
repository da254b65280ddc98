"""`lazy-policy`: edits of the policy alone do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding
from lab.core.lint.material import Material


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for policy in material.policies:
        if policy.spec.get("activationPreference") == "Lazy":
            yield policy.finding(
                "lazy-policy",
                "warning",
                ("spec", "activationPreference"),
                "a Lazy policy acts only when its template changes",
                "creating or editing the policy changes nothing until somebody touches the "
                "template itself (a policy applied after its template does nothing at first)",
                "leave activationPreference out, unless this is what you want",
            )

"""`suspended`: Works are written but not applied."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding
from lab.core.lint.material import Material


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for policy in material.policies:
        if (policy.spec.get("suspension") or {}).get("dispatching"):
            yield policy.finding(
                "suspended",
                "note",
                ("spec", "suspension", "dispatching"),
                "dispatching is suspended",
                "Works are made and updated, but no member gets them; FullyApplied does not say so",
                "drop suspension when it is to go out",
            )

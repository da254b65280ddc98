"""`refused`: the hub's API server or a webhook will not take it."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.lint.finding import Finding
from lab.core.lint.material import Material


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for item in material.items:
        # The constraint's own trap explains this one.
        if item.refusal and "the cluster spread constraint must be enabled" not in item.refusal:
            yield item.finding(
                "refused",
                "error",
                ("spec",),
                f"the hub refuses {item}",
                item.refusal,
                "what the message asks for",
            )

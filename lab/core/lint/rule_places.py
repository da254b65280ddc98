"""Where the rules of an override policy stand."""

from __future__ import annotations

from lab.core.lint.finding import Path
from lab.core.lint.material import Item


def rule_path(policy: Item, rule: int) -> Path:
    """Return where a rule's overriders stand (the older form has one rule at the top)."""
    if policy.spec.get("overrideRules"):
        return ("spec", "overrideRules", rule, "overriders")
    return ("spec", "overriders")

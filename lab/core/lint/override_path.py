"""`override-path`: a JSON path that does not begin with a slash."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.errors import quoted
from lab.core.lint.finding import Finding
from lab.core.lint.material import Material
from lab.core.lint.rule_places import rule_path
from lab.core.overrides.matching import override_rules


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for policy in material.overrides:
        for index, rule in enumerate(override_rules(policy.manifest)):
            overriders = rule.get("overriders") or {}
            for place, entry in enumerate(overriders.get("plaintext") or ()):
                path = str(entry.get("path") or "")
                if path.startswith("/"):
                    continue
                yield policy.finding(
                    "override-path",
                    "error",
                    (*rule_path(policy, index), "plaintext", place, "path"),
                    f"path {quoted(path)} does not begin with a slash",
                    "the webhook accepts it, but the JSON patch drops what stands before the first "
                    "slash: it fails or changes another place, and a failure stops the Work of "
                    "that cluster",
                    f"path: /{path.replace('.', '/').lstrip('/')}",
                )

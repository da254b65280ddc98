"""`selects-nothing`: no object of the set matches its selectors."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.claiming import resource_selectors
from lab.core.errors import nearest
from lab.core.lint.finding import Finding
from lab.core.lint.material import Item, Material, names
from lab.core.manifest import namespace_of


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    if not material.templates:
        return
    for policy in (*material.policies, *material.overrides):
        selectors = resource_selectors(policy.manifest)
        if material.templates_of(policy) or policy.refusal:
            continue
        if policy.kind.endswith("OverridePolicy") and not selectors:
            continue
        wanted = [(each.get("kind"), each.get("name")) for each in selectors]
        kinds = [item for item in material.templates if item.kind in {kind for kind, _ in wanted}]
        close = None
        for _, name in wanted:
            close = close or (nearest(str(name), [item.name for item in kinds]) if name else None)
        hint = f' — did you mean "{close}"?' if close else ""
        yield policy.finding(
            "selects-nothing",
            "warning",
            ("spec", "resourceSelectors"),
            f"{policy} selects none of the objects given{hint}",
            _why(policy, kinds),
            "selectors with the apiVersion, kind and name of an object in the policy's namespace",
        )


def _why(policy: Item, kinds: list[Item]) -> str:
    own = namespace_of(policy.manifest)
    elsewhere = {namespace_of(item.manifest) for item in kinds} - {own}
    if own and elsewhere and not any(namespace_of(item.manifest) == own for item in kinds):
        return (
            f"the policy is in namespace {own}, the objects are in {names(sorted(elsewhere))}: a "
            "namespaced policy only reaches objects of its own namespace"
        )
    return (
        "a selector's apiVersion is compared as a whole, and a name makes its labelSelector "
        "irrelevant; nothing here fits"
    )

"""`dependencies-not-followed`: a template refers to objects that do not travel with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.core.lint.finding import Finding
from lab.core.lint.material import Item, Material, names, selects
from lab.core.manifest import namespace_of


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for template in material.templates:
        policy = material.winner(template)
        if policy is None or policy.spec.get("propagateDeps"):
            continue
        if policy.spec.get("association"):
            continue
        left = [
            f"{reference['kind']} {reference.get('name')}"
            for reference in material.dependencies(template)
            if not _propagated(material, reference)
        ]
        if left:
            yield policy.finding(
                "dependencies-not-followed",
                "warning",
                ("spec", "propagateDeps")
                if "propagateDeps" in policy.given.get("spec", {})
                else ("spec",),
                f"{template} refers to {names(left)}, which no policy propagates",
                "propagateDeps is false, so only the template itself is sent: its pods wait in the "
                "members for objects that are not there",
                "propagateDeps: true (it follows ConfigMaps, Secrets, ServiceAccounts and PVCs), "
                "or resourceSelectors for them",
            )


def _propagated(material: Material, reference: Mapping[str, Any]) -> bool:
    """Tell whether any policy selects an object; its labels are known if it is among ours."""
    found = next(
        (
            item
            for item in material.templates
            if item.kind == reference.get("kind")
            and item.name == reference.get("name")
            and namespace_of(item.manifest) == reference.get("namespace", "")
        ),
        None,
    )
    if found is not None:
        return material.winner(found) is not None
    stub = {
        "apiVersion": reference.get("apiVersion"),
        "kind": reference.get("kind"),
        "metadata": {"name": reference.get("name"), "namespace": reference.get("namespace")},
    }
    return any(selects(policy, Item(-1, stub, stub)) for policy in material.policies)

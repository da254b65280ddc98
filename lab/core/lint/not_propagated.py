"""`not-propagated`: an object of the set that no policy sends anywhere."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.claiming import label_selector_matches
from lab.core.lint.finding import Finding
from lab.core.lint.material import Item, Material
from lab.core.manifest import get_in, labels_of, name_of, namespace_of

_TEMPLATE_LABELS = ("spec", "template", "metadata", "labels")


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    if not material.policies:
        return
    followed = {
        (reference.get("kind"), reference.get("namespace", ""), reference.get("name"))
        for template in material.templates
        if (policy := material.winner(template)) is not None and policy.spec.get("propagateDeps")
        for reference in material.dependencies(template)
    }
    wanted = {
        (reference.get("kind"), reference.get("namespace", ""), reference.get("name"))
        for template in material.templates
        if material.winner(template) is not None
        for reference in material.dependencies(template)
    }
    for item in material.templates:
        key = (item.kind, namespace_of(item.manifest), item.name)
        if key in followed or key in wanted or material.winner(item) is not None:
            continue
        goes_with = _companion(material, item)
        why = "no policy selects it, so it stays in the hub, where nothing runs"
        if goes_with is not None:
            why = (
                f"it belongs to {goes_with}, which is propagated, but propagateDeps never follows "
                f"a {item.kind}: the members do not get it"
            )
        group = item.manifest.get("apiVersion")
        yield item.finding(
            "not-propagated",
            "warning",
            ("metadata", "name"),
            f"no policy propagates {item}",
            why,
            f"resourceSelectors: [{{apiVersion: {group}, kind: {item.kind}, name: {item.name}}}] "
            "in a policy",
        )


def _companion(material: Material, item: Item) -> Item | None:
    """Return the propagated workload that a Service, autoscaler or budget belongs to, or None."""
    for template in material.templates:
        if template is item or material.winner(template) is None:
            continue
        if namespace_of(template.manifest) != namespace_of(item.manifest):
            continue
        target = item.spec.get("scaleTargetRef") or {}
        if target and (target.get("kind"), target.get("name")) == (
            template.kind,
            name_of(template.manifest),
        ):
            return template
        labels = get_in(template.manifest, _TEMPLATE_LABELS) or labels_of(template.manifest)
        selector = item.spec.get("selector")
        if item.kind == "Service" and selector and selector.items() <= labels.items():
            return template
        budget = item.kind == "PodDisruptionBudget"
        if budget and label_selector_matches(selector or {}, labels):
            return template
    return None

"""`hpa-fights`: Karmada and a member's autoscaler both set the replicas."""

from __future__ import annotations

from collections.abc import Iterator

from lab.core.labels import RETAIN_REPLICAS
from lab.core.lint.finding import Finding
from lab.core.lint.material import Item, Material
from lab.core.manifest import labels_of, namespace_of


def check(material: Material) -> Iterator[Finding]:
    """Yield what is found."""
    for scaler in material.of_kind("HorizontalPodAutoscaler"):
        if material.winner(scaler) is None:
            continue
        target = _target(material, scaler)
        if target is None or material.winner(target) is None:
            continue
        if labels_of(target.manifest).get(RETAIN_REPLICAS) == "true":
            continue
        yield target.finding(
            "hpa-fights",
            "warning",
            ("metadata", "labels"),
            f"{target} and {scaler} both set replicas in the members",
            "the autoscaler in a member changes spec.replicas, and Karmada writes its own number "
            "back as a repair of drift: the replicas jump to and fro",
            f'the label {RETAIN_REPLICAS}: "true" on the template (the hpaScaleTargetMarker '
            "controller sets it, if enabled), or a FederatedHPA instead",
        )


def _target(material: Material, scaler: Item) -> Item | None:
    reference = scaler.spec.get("scaleTargetRef") or {}
    for template in material.templates:
        same = (template.kind, template.name) == (reference.get("kind"), reference.get("name"))
        if same and namespace_of(template.manifest) == namespace_of(scaler.manifest):
            return template
    return None

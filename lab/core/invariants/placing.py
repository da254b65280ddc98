"""Reading bindings as the scheduler left them: is it done, with what, for which policy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lab.core.invariants.scene import POLICIES, Scene
from lab.core.labels import (
    APPLIED_PLACEMENT,
    CLUSTER_POLICY_NAME,
    POLICY_NAME,
    POLICY_NAMESPACE,
)
from lab.core.manifest import Manifest, annotations_of, condition, labels_of, spec_of, status_of
from lab.core.model import HUB, Key
from lab.core.policy import Placement, placement_of


def scheduled(binding: Manifest) -> bool:
    """Tell whether the scheduler is done with the present generation, and said success."""
    generation = (binding.get("metadata") or {}).get("generation")
    if status_of(binding).get("schedulerObservedGeneration") != generation:
        return False
    entry = condition(binding, "Scheduled")
    return entry is not None and entry.get("status") == "True"


def waiting_reason(binding: Manifest) -> str:
    """Return why a binding's replicas may wait by somebody's wish; empty: nothing holds them."""
    suspension = spec_of(binding).get("suspension") or {}
    return "scheduling is suspended" if suspension.get("scheduling") else ""


_applied: dict[str, Placement] = {}


def applied_placement(binding: Manifest) -> Placement | None:
    """Return the placement that decided where a binding is; None before its first scheduling."""
    text = annotations_of(binding).get(APPLIED_PLACEMENT)
    if not text:
        return None
    known = _applied.get(text)
    if known is None:
        try:
            value = json.loads(text)
        except ValueError:
            return None
        if not isinstance(value, dict):
            return None
        if len(_applied) >= 4096:
            _applied.clear()
        known = _applied[text] = placement_of(value)
    return known


def present_placement(binding: Manifest) -> Placement | None:
    """Return the placement a binding asks for now; None: it has none (a dependency)."""
    source: Mapping[str, Any] | None = spec_of(binding).get("placement")
    return None if source is None else placement_of(source)


def claim_of(scene: Scene, template: Manifest) -> Manifest | None:
    """Return the policy that claims a template, if it stands."""
    labels, notes = labels_of(template), annotations_of(template)
    name = notes.get(POLICY_NAME) or labels.get(POLICY_NAME)
    namespace = notes.get(POLICY_NAMESPACE) or labels.get(POLICY_NAMESPACE)
    if name and namespace:
        return scene.objects.find(Key(HUB, *POLICIES[0], namespace, name))
    name = notes.get(CLUSTER_POLICY_NAME) or labels.get(CLUSTER_POLICY_NAME)
    return scene.objects.find(Key(HUB, *POLICIES[1], "", name)) if name else None

"""Resource selectors and cluster affinities: what several policies share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.admission.field_errors import FieldError, Path, invalid
from lab.core.manifest import Manifest, namespace_of, set_in, spec_of
from lab.core.placement_text import canonical_affinity


def with_namespace(policy: Manifest) -> Manifest:
    """Return a namespaced policy whose selectors without a namespace have the policy's."""
    selectors = spec_of(policy).get("resourceSelectors") or ()
    if all(selector.get("namespace") for selector in selectors):
        return policy
    namespace = namespace_of(policy)
    filled = [
        selector if selector.get("namespace") else {**selector, "namespace": namespace}
        for selector in selectors
    ]
    return set_in(policy, ("spec", "resourceSelectors"), filled)


def namespace_errors(
    selectors: Sequence[Mapping[str, Any]], namespace: str, path: Path
) -> list[FieldError]:
    """Selectors of a namespaced policy must stay in its namespace."""
    if not namespace:
        return []
    text = "namespace of resource selector must be the same as the namespace of the policy"
    return [
        invalid((*path, index, "namespace"), selector.get("namespace") or "", text)
        for index, selector in enumerate(selectors)
        if (selector.get("namespace") or "") != namespace
    ]


def affinity_errors(affinity: Mapping[str, Any] | None, path: Path) -> list[FieldError]:
    """Field selectors know three keys and two operators."""
    selector = (canonical_affinity(affinity) or {}).get("fieldSelector")
    for expression in (selector or {}).get("matchExpressions") or ():
        key, operator = expression.get("key"), expression.get("operator")
        if key not in {"provider", "region", "zone"}:
            text = f'unsupported key "{key}", must be provider, region, or zone'
        elif operator not in {"In", "NotIn"}:
            text = f'unsupported operator "{operator}", must be In or NotIn'
        else:
            continue
        return [invalid((*path, "fieldSelector"), selector, text)]
    return []

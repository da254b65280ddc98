"""Resource selectors: does one match a template, and how closely.

Modelled on Karmada v1.19 `pkg/util/selector.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lab.core.manifest import Manifest, labels_of, name_of, namespace_of, spec_of
from lab.core.selectors import Selector, label_value_error, requirement

MISMATCH, MATCH_ALL, MATCH_LABELS, MATCH_NAME = 0, 1, 2, 3
"""Implicit priorities: how closely a resource selector names a template."""

_OPERATORS = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})


def label_selector_matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Tell whether labels satisfy an API label selector; a broken one matches nothing."""
    try:
        terms = [
            requirement(key, "In", (str(value),))
            for key, value in sorted((selector.get("matchLabels") or {}).items())
        ]
        for entry in selector.get("matchExpressions") or ():
            if entry.get("operator") not in _OPERATORS:
                return False
            key, values = str(entry.get("key") or ""), entry.get("values") or ()
            terms.append(requirement(key, entry["operator"], values))
    except (ValueError, AttributeError, TypeError):
        return False
    if any(label_value_error(value) for term in terms for value in term.values):
        return False
    return Selector(tuple(terms)).matches(labels)


def selector_priority(template: Manifest, selector: Mapping[str, Any]) -> int:
    """Return how closely one resource selector matches a template (0: not at all).

    `apiVersion` is compared as a whole; a name makes the label selector irrelevant; an empty label
    selector counts as one (2), an absent one does not (1).
    """
    if (template.get("apiVersion"), template.get("kind")) != (
        selector.get("apiVersion"),
        selector.get("kind"),
    ):
        return MISMATCH
    namespace = selector.get("namespace")
    if namespace and namespace != namespace_of(template):
        return MISMATCH
    if name := selector.get("name"):
        return MATCH_NAME if name == name_of(template) else MISMATCH
    labels = selector.get("labelSelector")
    if labels is None:
        return MATCH_ALL
    return MATCH_LABELS if label_selector_matches(labels, labels_of(template)) else MISMATCH


def selectors_priority(template: Manifest, selectors: Iterable[Mapping[str, Any]]) -> int:
    """Return the closest match of several resource selectors."""
    return max((selector_priority(template, selector) for selector in selectors), default=0)


def matches_any(template: Manifest, selectors: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether one of several resource selectors matches a template."""
    return any(selector_priority(template, selector) for selector in selectors)


def resource_selectors(policy: Manifest) -> Sequence[Mapping[str, Any]]:
    """Return `spec.resourceSelectors`, never None."""
    selectors: Sequence[Mapping[str, Any]] = spec_of(policy).get("resourceSelectors") or ()
    return selectors

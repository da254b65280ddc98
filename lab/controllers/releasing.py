"""Letting templates go: the marks of a policy come off a binding first, then off its template.

The order matters: a template without marks is not found again, a binding would keep its own.
Source: Karmada v1.19 `handleResourceTemplateAndBindingCleanup`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.controllers.lineage import (
    BINDING,
    CLUSTER_BINDING,
    bindings_of_policy,
    policy_value,
)
from lab.core.binding import binding_key, resource_key
from lab.core.claiming import (
    carries_id,
    matches_any,
    policy_id,
    resource_selectors,
    without_marks_of,
)
from lab.core.manifest import Manifest, namespace_of
from lab.core.model import HUB, Action, Update, View


def release(view: View, template: Manifest, kind: str, identity: str) -> list[Action]:
    """Return the writes that take one policy's marks off a template and its binding."""
    actions: list[Action] = []
    for subject in (view.get(binding_key(template)), template):
        if subject is not None and carries_id(subject, kind, identity):
            bare = without_marks_of(subject, kind)
            if bare is not subject:
                actions.append(Update(HUB, bare))
    return actions


def release_all(view: View, policy: Manifest) -> list[Action]:
    """Return the writes that free every template of a policy that is being deleted."""
    kind, identity = str(policy.get("kind")), policy_id(policy)
    actions: list[Action] = []
    for template in _claimed(view, policy, identity):
        actions += release(view, template, kind, identity)
    return actions


def release_unmatched(view: View, policy: Manifest) -> list[Action]:
    """Return the writes that free the templates a policy no longer selects."""
    kind, identity = str(policy.get("kind")), policy_id(policy)
    actions: list[Action] = []
    for binding in policy_bindings(view, policy):
        template = view.get(resource_key(binding))
        if template is None or matches_any(template, resource_selectors(policy)):
            continue
        for subject in (template, binding):
            bare = without_marks_of(subject, kind)
            if bare is not subject and carries_id(subject, kind, identity):
                actions.append(Update(HUB, bare))
    return actions


def policy_bindings(view: View, policy: Manifest) -> Iterator[Manifest]:
    """Yield the bindings that carry a policy's permanent id."""
    for kind in (BINDING, CLUSTER_BINDING):
        yield from view.by_index(bindings_of_policy(kind).name, policy_value(policy))


def _claimed(view: View, policy: Manifest, identity: str) -> Iterator[Manifest]:
    """Yield the templates with the policy's id among the kinds and namespaces it selects."""
    kind, home = str(policy.get("kind")), namespace_of(policy)
    places = dict.fromkeys(
        (
            str(selector.get("apiVersion") or ""),
            str(selector.get("kind") or ""),
            str(selector.get("namespace") or home) or None,
        )
        for selector in resource_selectors(policy)
    )
    seen: set[tuple[str, str, str, str]] = set()
    for api_version, word, namespace in places:
        for template in view.list(HUB, api_version, word, namespace):
            if not carries_id(template, kind, identity):
                continue
            metadata = template["metadata"]
            place = (api_version, word, metadata.get("namespace") or "", metadata["name"])
            if place not in seen:
                seen.add(place)
                yield template

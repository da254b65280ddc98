"""When a policy may take a template from the policy whose marks it carries.

Modelled on Karmada v1.19 `pkg/detector/preemption.go`.
"""

from __future__ import annotations

from collections.abc import Iterable

from lab.core.claiming.choice import find_policy
from lab.core.claiming.marks import CLUSTER_PROPAGATION_POLICY, PROPAGATION_POLICY
from lab.core.claiming.ranking import explicit_priority
from lab.core.claiming.selectors import matches_any, resource_selectors
from lab.core.labels import CLUSTER_POLICY_NAME, POLICY_NAME, POLICY_NAMESPACE
from lab.core.manifest import (
    Manifest,
    annotations_of,
    is_deleting,
    name_of,
    namespace_of,
    spec_of,
)
from lab.core.settings import KarmadaSettings


def preemption_enabled(policy: Manifest, settings: KarmadaSettings) -> bool:
    """Tell whether a policy may take claimed templates: it asks for it and the gate is on."""
    always = spec_of(policy).get("preemption") == "Always"
    return always and settings.gate("PropagationPolicyPreemption")


def preempts(
    template: Manifest,
    policy: Manifest,
    holders: Iterable[Manifest],
    settings: KarmadaSettings,
) -> bool:
    """Tell whether a policy takes a template from the policy whose marks it carries.

    Policy over policy and cluster policy over cluster policy: only with strictly higher priority.
    A policy takes from a cluster policy whatever the priorities; a cluster policy never takes from
    a policy. Only selectors with a name count.

    Args:
        template: A claimed template.
        policy: The policy that was created or updated.
        holders: The policies among which the present holder is found.
        settings: For the feature gate.
    """
    if not preemption_enabled(policy, settings) or is_deleting(template):
        return False
    kind, home = policy.get("kind"), namespace_of(policy)
    named = (
        {**selector, "namespace": selector.get("namespace") or home}
        for selector in resource_selectors(policy)
        if selector.get("name")
    )
    if not matches_any(template, named):
        return False
    notes = annotations_of(template)
    if kind == PROPAGATION_POLICY:
        namespace, name = notes.get(POLICY_NAMESPACE, ""), notes.get(POLICY_NAME, "")
        if namespace and name and (namespace, name) != (home, name_of(policy)):
            pool = (p for p in holders if p.get("kind") == PROPAGATION_POLICY)
            holder = find_policy(pool, namespace, name)
            if holder is not None and explicit_priority(policy) > explicit_priority(holder):
                return True
        return bool(notes.get(CLUSTER_POLICY_NAME))
    name = notes.get(CLUSTER_POLICY_NAME, "")
    if not name or name == name_of(policy):
        return False
    pool = (p for p in holders if p.get("kind") == CLUSTER_PROPAGATION_POLICY)
    holder = find_policy(pool, "", name)
    return holder is not None and explicit_priority(policy) > explicit_priority(holder)


def requeued_by_lower_priority(
    old: Manifest, new: Manifest, policies: Iterable[Manifest]
) -> list[Manifest]:
    """Return the policies to look at again after a policy lowered its priority, highest first.

    These are the policies with `preemption: Always` whose priority lies strictly between the new
    and the old one; `policies` are those of the same kind and namespace.
    """
    low, high = explicit_priority(new), explicit_priority(old)
    between = [
        policy
        for policy in policies
        if spec_of(policy).get("preemption") == "Always" and low < explicit_priority(policy) < high
    ]
    return sorted(between, key=lambda p: (-explicit_priority(p), name_of(p)))

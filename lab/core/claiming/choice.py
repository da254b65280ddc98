"""What the detector does about one template.

Modelled on Karmada v1.19 `pkg/detector/policy.go` (propagateResource).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lab.core.claiming.marks import PROPAGATION_POLICY, Claim, claim_of
from lab.core.claiming.ranking import best_policy
from lab.core.claiming.selectors import matches_any, resource_selectors
from lab.core.labels import CLAIMED_BY
from lab.core.manifest import (
    Manifest,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    spec_of,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the detector does about a template.

    `outcome` is one of: "claimed" (stays with its policy), "matched" (a policy takes it now),
    "waiting" (no policy: into the waiting list), "orphaned" (its policy is gone: marks come off),
    "deleting" (its policy is being deleted: an error, retried), "unmatched" (its policy no longer
    selects it: nothing is done), "overrides" (dependent override policies are missing: an error,
    retried), "foreign" (another controller owns the template).
    """

    outcome: str
    policy: Manifest | None = None
    claim: Claim | None = None
    missing: str = ""

    @property
    def applies(self) -> bool:
        """Whether the policy is to be claimed and bound now."""
        return self.outcome in {"claimed", "matched"}


def choose_policy(
    template: Manifest,
    policies: Iterable[Manifest],
    cluster_policies: Iterable[Manifest],
    override_policies: Iterable[Manifest] = (),
) -> Choice:
    """Decide which policy a template gets.

    Args:
        template: The object in the hub, with the claim marks it may carry.
        policies: PropagationPolicies; only those of the template's namespace are looked at.
        cluster_policies: ClusterPropagationPolicies.
        override_policies: OverridePolicies and ClusterOverridePolicies, for `dependentOverrides`.
    """
    if labels_of(template).get(CLAIMED_BY):
        return Choice("foreign")
    held = claim_of(template)
    if held is not None:
        pool = policies if held.kind == PROPAGATION_POLICY else cluster_policies
        policy = find_policy(pool, held.namespace, held.name)
        if policy is None:
            return Choice("orphaned", claim=held)
        if is_deleting(policy):
            return Choice("deleting", policy, held)
        if not matches_any(template, resource_selectors(policy)):
            return Choice("unmatched", policy, held)
        return _unless_waiting("claimed", policy, held, override_policies)
    namespace = namespace_of(template)
    best = None
    if namespace:
        best = best_policy(template, (p for p in policies if namespace_of(p) == namespace))
    if best is None:
        best = best_policy(template, cluster_policies)
    if best is None:
        return Choice("waiting")
    return _unless_waiting("matched", best, None, override_policies)


def find_policy(policies: Iterable[Manifest], namespace: str, name: str) -> Manifest | None:
    """Return the policy of that namespace and name, or None."""
    for policy in policies:
        if name_of(policy) == name and namespace_of(policy) == namespace:
            return policy
    return None


def missing_override(policy: Manifest, override_policies: Iterable[Manifest]) -> str | None:
    """Return the first of `spec.dependentOverrides` that does not exist yet, or None."""
    wanted = spec_of(policy).get("dependentOverrides") or ()
    if not wanted:
        return None
    prefix = "" if policy.get("kind") == PROPAGATION_POLICY else "Cluster"
    present = {
        name_of(override)
        for override in override_policies
        if override.get("kind") == f"{prefix}OverridePolicy"
        and namespace_of(override) == namespace_of(policy)
    }
    return next((str(name) for name in wanted if name not in present), None)


def _unless_waiting(
    outcome: str, policy: Manifest, held: Claim | None, override_policies: Iterable[Manifest]
) -> Choice:
    missing = missing_override(policy, override_policies)
    if missing is not None:
        return Choice("overrides", policy, held, missing)
    return Choice(outcome, policy, held)

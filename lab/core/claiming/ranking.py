"""Which of the policies that select a template is the best.

Modelled on Karmada v1.19 `pkg/detector/compare.go`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lab.core.claiming.selectors import resource_selectors, selectors_priority
from lab.core.manifest import Manifest, is_deleting, name_of, spec_of


def explicit_priority(policy: Manifest) -> int:
    """Return `spec.priority` (may be negative; 0 when absent)."""
    return int(spec_of(policy).get("priority") or 0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy that matches a template, with what it is ranked by."""

    policy: Manifest
    explicit: int
    implicit: int


def rank_policies(template: Manifest, policies: Iterable[Manifest]) -> list[Candidate]:
    """Return the policies that match a template, best first.

    The order: explicit priority, then how closely a selector names the template, then the smaller
    name. Policies being deleted do not count. All policies must be of one kind and scope.
    """
    candidates = []
    for policy in policies:
        implicit = selectors_priority(template, resource_selectors(policy))
        if implicit and not is_deleting(policy):
            candidates.append(Candidate(policy, explicit_priority(policy), implicit))
    return sorted(candidates, key=lambda c: (-c.explicit, -c.implicit, name_of(c.policy)))


def best_policy(template: Manifest, policies: Iterable[Manifest]) -> Manifest | None:
    """Return the policy that wins an unclaimed template among policies of one kind, or None."""
    ranked = rank_policies(template, policies)
    return ranked[0].policy if ranked else None

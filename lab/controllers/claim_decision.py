"""The explanation of a claim: all candidates, and why one won."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.controllers.lineage import CLUSTER_POLICY, POLICY
from lab.core.claiming import Candidate, rank_policies
from lab.core.manifest import Manifest, name_of, namespace_of
from lab.core.model import Decision, Key

_CLOSENESS = {1: "its kind", 2: "its labels", 3: "its name"}


def word_of(kind: str) -> str:
    """Return what Karmada's events call a kind of policy when they speak of preemption."""
    return "propagation policy" if kind == POLICY[1] else "cluster propagation policy"


def policy_word(policy: Manifest) -> str:
    """Return what Karmada's events call a policy when they speak of applying it."""
    return "policy" if policy.get("kind") == POLICY[1] else "cluster policy"


def place_of(namespace: str, name: str) -> str:
    """Return `namespace/name`, or the name alone."""
    return f"{namespace}/{name}" if namespace else name


def policy_place(policy: Manifest) -> str:
    """Return where a policy stands."""
    return place_of(namespace_of(policy), name_of(policy))


def claim_decision(
    key: Key, winner: Manifest, template: Manifest, pools: Sequence[Sequence[Manifest]]
) -> Decision:
    """Return why a policy gets a template: PropagationPolicies first, then the cluster-wide ones.

    Args:
        key: The template's key.
        winner: The policy that claims it.
        template: The template before the claim.
        pools: The PropagationPolicies of its namespace, the ClusterPropagationPolicies.
    """
    ranked = [candidate for pool in pools for candidate in rank_policies(template, pool)]
    entries = [_entry(candidate, winner) for candidate in ranked]
    summary = f"{winner.get('kind')} {policy_place(winner)} claims {key}"
    if len(ranked) > 1:
        summary += f" ({len(ranked)} policies match)"
    explanation: dict[str, Any] = {
        "winner": {"kind": winner.get("kind"), "name": policy_place(winner)},
        "candidates": entries,
        "rule": "a PropagationPolicy before any ClusterPropagationPolicy; then the higher "
        "priority, the closer selector, the smaller name",
    }
    return Decision(key, "claim", summary, explanation)


def _entry(candidate: Candidate, winner: Manifest) -> dict[str, Any]:
    policy = candidate.policy
    wins = policy is winner
    if wins:
        why = "ranks first"
    elif policy.get("kind") == CLUSTER_POLICY[1] and winner.get("kind") == POLICY[1]:
        why = "a namespaced policy matches too"
    else:
        why = "ranks behind the winner"
    return {
        "kind": policy.get("kind"),
        "name": policy_place(policy),
        "priority": candidate.explicit,
        "implicitPriority": candidate.implicit,
        "selectedBy": _CLOSENESS.get(candidate.implicit, ""),
        "wins": wins,
        "why": why,
    }

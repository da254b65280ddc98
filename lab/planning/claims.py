"""Which policy each template of a plan ends up with, once everything has settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.core.claiming import (
    MATCH_ALL,
    MATCH_LABELS,
    MATCH_NAME,
    Choice,
    choose_policy,
    claim,
    explicit_priority,
    preempts,
    rank_policies,
    without_marks_of,
)
from lab.core.manifest import Manifest, name_of, namespace_of
from lab.core.settings import KarmadaSettings
from lab.planning.defaults import next_generation
from lab.planning.inputs import PlanInputs

_CLOSENESS = {MATCH_NAME: "name", MATCH_LABELS: "labelSelector", MATCH_ALL: "kind"}
_REASONS = {
    "waiting": "no policy selects it",
    "foreign": "another controller owns it (label resourcetemplate.karmada.io/claimed-by)",
    "deleting": "its policy is being deleted",
    "unmatched": "the policy that claimed it no longer selects it",
    "overrides": "its policy waits for dependent override policies",
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """A template with the marks it ends up with, and its policy if it is to be bound."""

    template: Manifest
    policy: Manifest | None
    how: Mapping[str, Any]
    reason: str = ""
    """Why there is no policy."""


def settle_claim(template: Manifest, inputs: PlanInputs, settings: KarmadaSettings) -> Claimed:
    """Decide which policy a template ends up with.

    Marks of a policy that is gone come off first; then the policies that may preempt have their
    turn, highest priority first.
    """
    choice = _choose(template, inputs)
    if choice.outcome == "orphaned":
        assert choice.claim is not None
        template = without_marks_of(template, choice.claim.kind)
        choice = _choose(template, inputs)
    if choice.applies:
        assert choice.policy is not None
        template = _claimed(template, choice.policy)
    template, preemptor = _preempted(template, inputs, settings)
    if preemptor is not None:
        choice = Choice("matched", preemptor)
    how: dict[str, Any] = {"outcome": choice.outcome, "candidates": _candidates(template, inputs)}
    if preemptor is not None:
        how["preempted"] = True
    if choice.applies:
        return Claimed(template, choice.policy, how)
    reason = _REASONS.get(choice.outcome, choice.outcome)
    missing = f": {choice.missing}" if choice.missing else ""
    return Claimed(template, None, how, reason + missing)


def _choose(template: Manifest, inputs: PlanInputs) -> Choice:
    return choose_policy(
        template, inputs.policies, inputs.cluster_policies, inputs.override_policies
    )


def _claimed(template: Manifest, policy: Manifest) -> Manifest:
    marked = claim(template, policy)
    return template if marked is template else next_generation(template, marked)


def _preempted(
    template: Manifest, inputs: PlanInputs, settings: KarmadaSettings
) -> tuple[Manifest, Manifest | None]:
    policies = [*inputs.policies, *inputs.cluster_policies]
    ranked = sorted(policies, key=lambda p: (-explicit_priority(p), name_of(p)))
    taker = None
    for policy in ranked:
        if preempts(template, policy, policies, settings):
            template, taker = _claimed(template, policy), policy
    return template, taker


def _candidates(template: Manifest, inputs: PlanInputs) -> list[dict[str, Any]]:
    """Every policy that selects a template, in the order in which Karmada prefers them."""
    namespace = namespace_of(template)
    own = [policy for policy in inputs.policies if namespace_of(policy) == namespace]
    ranked = rank_policies(template, own if namespace else ())
    ranked += rank_policies(template, inputs.cluster_policies)
    result = []
    for candidate in ranked:
        policy = candidate.policy
        entry: dict[str, Any] = {"kind": policy.get("kind"), "name": name_of(policy)}
        if namespace_of(policy):
            entry["namespace"] = namespace_of(policy)
        entry["priority"] = candidate.explicit
        entry["selectedBy"] = _CLOSENESS[candidate.implicit]
        result.append(entry)
    return result

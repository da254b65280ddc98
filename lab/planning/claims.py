"""Which policy each template of a plan ends up with, once everything has settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.core.claiming import (
    MATCH_ALL,
    MATCH_LABELS,
    MATCH_NAME,
    PROPAGATION_POLICY,
    Choice,
    choose_policy,
    claim,
    explicit_priority,
    preempts,
    rank_policies,
    resource_selectors,
    without_marks_of,
)
from lab.core.labels import CLUSTER_POLICY_NAME, POLICY_NAME, POLICY_NAMESPACE
from lab.core.manifest import Manifest, annotations_of, name_of, namespace_of
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


@dataclass(slots=True)
class _Relevant:
    """The policies that may have a say about one template, in the order given."""

    policies: Sequence[Manifest]
    cluster_policies: Sequence[Manifest]

    @property
    def all(self) -> list[Manifest]:
        return [*self.policies, *self.cluster_policies]


@dataclass(slots=True)
class PolicyIndex:
    """Policies by what their selectors name, so that a template meets only those about it."""

    inputs: PlanInputs
    _found: dict[tuple[str, str, str], dict[int, Manifest]] = field(default_factory=dict)
    _by_name: dict[tuple[str, str], dict[int, Manifest]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        policies = (*self.inputs.policies, *self.inputs.cluster_policies)
        for number, policy in enumerate(policies):
            self._by_name.setdefault((namespace_of(policy), name_of(policy)), {})[number] = policy
            for selector in resource_selectors(policy):
                api_version, kind, name = (
                    str(selector.get(part) or "") for part in ("apiVersion", "kind", "name")
                )
                self._found.setdefault((api_version, kind, name), {})[number] = policy

    def about(self, template: Manifest) -> _Relevant:
        """Return the policies that name a template's kind, and the one whose marks it carries."""
        place = (str(template.get("apiVersion")), str(template.get("kind")))
        found = {
            **self._found.get((*place, name_of(template)), {}),
            **self._found.get((*place, ""), {}),
        }
        notes = annotations_of(template)
        for holder in (
            (notes.get(POLICY_NAMESPACE, ""), notes.get(POLICY_NAME, "")),
            ("", notes.get(CLUSTER_POLICY_NAME, "")),
        ):
            found.update(self._by_name.get(holder, {}))
        ordered = [found[number] for number in sorted(found)]
        return _Relevant(
            [policy for policy in ordered if policy.get("kind") == PROPAGATION_POLICY],
            [policy for policy in ordered if policy.get("kind") != PROPAGATION_POLICY],
        )


def settle_claim(template: Manifest, index: PolicyIndex, settings: KarmadaSettings) -> Claimed:
    """Decide which policy a template ends up with.

    Marks of a policy that is gone come off first; then the policies that may preempt have their
    turn, highest priority first.
    """
    relevant = index.about(template)
    overrides = index.inputs.override_policies
    choice = _choose(template, relevant, overrides)
    if choice.outcome == "orphaned":
        assert choice.claim is not None
        template = without_marks_of(template, choice.claim.kind)
        choice = _choose(template, relevant, overrides)
    if choice.applies:
        assert choice.policy is not None
        template = _claimed(template, choice.policy)
    template, preemptor = _preempted(template, relevant, settings)
    if preemptor is not None:
        choice = Choice("matched", preemptor)
    how: dict[str, Any] = {
        "outcome": choice.outcome,
        "candidates": _candidates(template, relevant),
    }
    if preemptor is not None:
        how["preempted"] = True
    if choice.applies:
        return Claimed(template, choice.policy, how)
    reason = _REASONS.get(choice.outcome, choice.outcome)
    missing = f": {choice.missing}" if choice.missing else ""
    return Claimed(template, None, how, reason + missing)


def _choose(template: Manifest, relevant: _Relevant, overrides: Sequence[Manifest]) -> Choice:
    return choose_policy(template, relevant.policies, relevant.cluster_policies, overrides)


def _claimed(template: Manifest, policy: Manifest) -> Manifest:
    marked = claim(template, policy)
    return template if marked is template else next_generation(template, marked)


def _preempted(
    template: Manifest, relevant: _Relevant, settings: KarmadaSettings
) -> tuple[Manifest, Manifest | None]:
    if not settings.gate("PropagationPolicyPreemption"):
        return template, None
    policies = relevant.all
    ranked = sorted(policies, key=lambda p: (-explicit_priority(p), name_of(p)))
    taker = None
    for policy in ranked:
        if preempts(template, policy, policies, settings):
            template, taker = _claimed(template, policy), policy
    return template, taker


def _candidates(template: Manifest, relevant: _Relevant) -> list[dict[str, Any]]:
    """Every policy that selects a template, in the order in which Karmada prefers them."""
    namespace = namespace_of(template)
    own = [policy for policy in relevant.policies if namespace_of(policy) == namespace]
    ranked = rank_policies(template, own if namespace else ())
    ranked += rank_policies(template, relevant.cluster_policies)
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

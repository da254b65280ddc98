"""Which policy gets a template: matching, ranking, claim marks and preemption.

Modelled on Karmada v1.19 `pkg/detector/{claim,compare,policy,preemption}.go` and
`pkg/util/selector.go`. A claim sticks: once a template carries the marks of a policy, a better
policy changes nothing unless preemption is switched on for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.core.labels import (
    CLAIMED_BY,
    CLUSTER_POLICY_ID,
    CLUSTER_POLICY_NAME,
    POLICY_ID,
    POLICY_NAME,
    POLICY_NAMESPACE,
)
from lab.core.manifest import (
    Manifest,
    annotations_of,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    spec_of,
    with_annotations,
    with_labels,
)
from lab.core.selectors import Selector, label_value_error, requirement
from lab.core.settings import KarmadaSettings

MISMATCH, MATCH_ALL, MATCH_LABELS, MATCH_NAME = 0, 1, 2, 3
"""Implicit priorities: how closely a resource selector names a template."""

PROPAGATION_POLICY = "PropagationPolicy"
CLUSTER_PROPAGATION_POLICY = "ClusterPropagationPolicy"

# ── selectors ──────────────────────────────────────────────────────────────────────────────────


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


# ── ranking ────────────────────────────────────────────────────────────────────────────────────


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


# ── claim marks ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Claim:
    """The policy whose marks a template or binding carries."""

    kind: str
    namespace: str
    name: str
    id: str


def claim_of(manifest: Manifest) -> Claim | None:
    """Return whose marks an object carries: a complete set of a PropagationPolicy's comes first."""
    labels, notes = labels_of(manifest), annotations_of(manifest)
    namespace, name = notes.get(POLICY_NAMESPACE, ""), notes.get(POLICY_NAME, "")
    if namespace and name and labels.get(POLICY_ID):
        return Claim(PROPAGATION_POLICY, namespace, name, labels[POLICY_ID])
    name = notes.get(CLUSTER_POLICY_NAME, "")
    if name and labels.get(CLUSTER_POLICY_ID):
        return Claim(CLUSTER_PROPAGATION_POLICY, "", name, labels[CLUSTER_POLICY_ID])
    return None


def policy_id(policy: Manifest) -> str:
    """Return the permanent id of a policy, or an empty text before the webhook gave it one."""
    key = POLICY_ID if policy.get("kind") == PROPAGATION_POLICY else CLUSTER_POLICY_ID
    return labels_of(policy).get(key, "")


def claim_marks(policy: Manifest) -> tuple[dict[str, str], dict[str, str]]:
    """Return the (labels, annotations) a policy puts on what it claims."""
    if policy.get("kind") == PROPAGATION_POLICY:
        notes = {POLICY_NAMESPACE: namespace_of(policy), POLICY_NAME: name_of(policy)}
        return {POLICY_ID: policy_id(policy)}, notes
    return {CLUSTER_POLICY_ID: policy_id(policy)}, {CLUSTER_POLICY_NAME: name_of(policy)}


def without_policy_marks(manifest: Manifest) -> Manifest:
    """Return an object without the marks of a PropagationPolicy."""
    bare = with_labels(manifest, {POLICY_ID: None})
    return with_annotations(bare, {POLICY_NAMESPACE: None, POLICY_NAME: None})


def without_cluster_policy_marks(manifest: Manifest) -> Manifest:
    """Return an object without the marks of a ClusterPropagationPolicy."""
    bare = with_labels(manifest, {CLUSTER_POLICY_ID: None})
    return with_annotations(bare, {CLUSTER_POLICY_NAME: None})


def without_marks_of(manifest: Manifest, kind: str) -> Manifest:
    """Return an object without the marks of policies of `kind`."""
    if kind == PROPAGATION_POLICY:
        return without_policy_marks(manifest)
    return without_cluster_policy_marks(manifest)


def carries_id(manifest: Manifest, kind: str, identity: str) -> bool:
    """Tell whether the marks on an object are those of the policy with this permanent id."""
    key = POLICY_ID if kind == PROPAGATION_POLICY else CLUSTER_POLICY_ID
    return labels_of(manifest).get(key, "") == identity


def claim(template: Manifest, policy: Manifest) -> Manifest:
    """Return the template with the policy's marks; the same object if it has them already.

    A PropagationPolicy drops the marks of a ClusterPropagationPolicy, not the other way round.
    """
    kind = str(policy.get("kind"))
    labels = labels_of(template)
    if kind == PROPAGATION_POLICY and CLUSTER_POLICY_ID in labels:
        template = without_cluster_policy_marks(template)
    elif carries_id(template, kind, policy_id(policy)) and (
        labels or kind == CLUSTER_PROPAGATION_POLICY
    ):
        return template
    new_labels, notes = claim_marks(policy)
    return with_annotations(with_labels(template, new_labels), notes)


# ── the decision for one template ──────────────────────────────────────────────────────────────


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


# ── preemption ─────────────────────────────────────────────────────────────────────────────────


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

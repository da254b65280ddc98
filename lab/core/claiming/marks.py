"""The marks a policy puts on what it claims: labels and annotations.

Modelled on Karmada v1.19 `pkg/detector/claim.go`. A claim sticks: once a template carries the marks
of a policy, a better policy changes nothing unless preemption is switched on for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from lab.core.labels import (
    CLUSTER_POLICY_ID,
    CLUSTER_POLICY_NAME,
    POLICY_ID,
    POLICY_NAME,
    POLICY_NAMESPACE,
)
from lab.core.manifest import (
    Manifest,
    annotations_of,
    labels_of,
    name_of,
    namespace_of,
    with_annotations,
    with_labels,
)

PROPAGATION_POLICY = "PropagationPolicy"
CLUSTER_PROPAGATION_POLICY = "ClusterPropagationPolicy"


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

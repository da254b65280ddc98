"""Which policy gets a template: matching, ranking, claim marks, preemption.

One file per part of the decision; `choice` puts them together. Nothing is written here: the
detector's loop does that.
"""

from lab.core.claiming.choice import Choice, choose_policy, find_policy, missing_override
from lab.core.claiming.marks import (
    CLUSTER_PROPAGATION_POLICY,
    PROPAGATION_POLICY,
    Claim,
    carries_id,
    claim,
    claim_marks,
    claim_of,
    policy_id,
    without_cluster_policy_marks,
    without_marks_of,
    without_policy_marks,
)
from lab.core.claiming.preemption import preemption_enabled, preempts, requeued_by_lower_priority
from lab.core.claiming.ranking import Candidate, best_policy, explicit_priority, rank_policies
from lab.core.claiming.selectors import (
    MATCH_ALL,
    MATCH_LABELS,
    MATCH_NAME,
    MISMATCH,
    label_selector_matches,
    matches_any,
    resource_selectors,
    selector_priority,
    selectors_priority,
)

__all__ = [
    "CLUSTER_PROPAGATION_POLICY",
    "MATCH_ALL",
    "MATCH_LABELS",
    "MATCH_NAME",
    "MISMATCH",
    "PROPAGATION_POLICY",
    "Candidate",
    "Choice",
    "Claim",
    "best_policy",
    "carries_id",
    "choose_policy",
    "claim",
    "claim_marks",
    "claim_of",
    "explicit_priority",
    "find_policy",
    "label_selector_matches",
    "matches_any",
    "missing_override",
    "policy_id",
    "preemption_enabled",
    "preempts",
    "rank_policies",
    "requeued_by_lower_priority",
    "resource_selectors",
    "selector_priority",
    "selectors_priority",
    "without_cluster_policy_marks",
    "without_marks_of",
    "without_policy_marks",
]

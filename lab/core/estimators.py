"""What the scheduler and the descheduler ask a member's accurate estimator: a port.

In Karmada one estimator runs per member, beside the control plane, and answers from what it has
watched. Source: Karmada v1.19 `pkg/estimator/{client,server}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lab.core.model import Key
from lab.core.scheduling.framework import Component

Assumed = Sequence[Sequence[Component]]
"""Component lists of workloads just placed in a member and not healthy yet."""


class EstimatorError(Exception):
    """An estimator gave no answer; whoever asked several then counts none of them."""


class Estimators(Protocol):
    """The estimators of all members. Every method raises EstimatorError for want of an answer."""

    def max_available_replicas(
        self, cluster: str, requirements: Mapping[str, Any] | None, assumed: Assumed
    ) -> int:
        """Return how many replicas fit into the nodes of a member.

        Args:
            cluster: The member.
            requirements: A binding's spec.replicaRequirements.
            assumed: What else is on its way there.
        """

    def max_available_sets(
        self,
        cluster: str,
        namespace: str,
        components: Sequence[Mapping[str, Any]],
        assumed: Assumed,
    ) -> int:
        """Return how many whole sets of a binding's spec.components fit into a member."""

    def unschedulable_replicas(
        self, cluster: str, workload: Key, threshold_s: float, now_s: float
    ) -> int:
        """Return how many pods of a Deployment have found no node for longer than a threshold.

        Args:
            cluster: The member.
            workload: The Deployment; its key's cluster does not matter.
            threshold_s: How long a pod may look for a node (s).
            now_s: Second of the run.
        """

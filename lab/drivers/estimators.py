"""The accurate estimators of a simulated federation, one per member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.backends.simulated.estimator import MemberEstimator
from lab.backends.simulated.member import SimulatedMember
from lab.core.estimators import Assumed, EstimatorError
from lab.core.model import Key
from lab.core.settings import KarmadaSettings


class MemberEstimators:
    """Answers for every member of the fleet; a Cluster without a member behind it has none."""

    def __init__(self, members: Mapping[str, SimulatedMember], settings: KarmadaSettings) -> None:
        self._estimators = {
            name: MemberEstimator(member.bench, member.link, settings)
            for name, member in members.items()
        }

    def _of(self, cluster: str) -> MemberEstimator:
        found = self._estimators.get(cluster)
        if found is None:
            raise EstimatorError(f"cluster {cluster} does not exist in estimator cache")
        return found

    def cut(self, cluster: str, number: int) -> None:
        """Let a member's estimator lose contact with it, by fault `number`."""
        self._of(cluster).cut(number)

    def mend(self, cluster: str, number: int) -> None:
        """Let it find contact again, as far as that fault was in its way."""
        self._of(cluster).mend(number)

    def max_available_replicas(
        self, cluster: str, requirements: Mapping[str, Any] | None, assumed: Assumed
    ) -> int:
        """Return how many replicas fit into the nodes of a member."""
        return self._of(cluster).max_replicas(requirements, assumed)

    def max_available_sets(
        self,
        cluster: str,
        namespace: str,
        components: Sequence[Mapping[str, Any]],
        assumed: Assumed,
    ) -> int:
        """Return how many whole sets of components fit into a member."""
        return self._of(cluster).max_sets(namespace, components, assumed)

    def unschedulable_replicas(
        self, cluster: str, workload: Key, threshold_s: float, now_s: float
    ) -> int:
        """Return how many pods of a Deployment have found no node for longer than a threshold."""
        return self._of(cluster).unschedulable(workload, threshold_s, now_s)

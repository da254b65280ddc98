"""Debounce of a Cluster's Ready condition: a change must hold before it is written.

Source: Karmada v1.19 `pkg/controllers/status/cluster_condition_cache.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Condition = Mapping[str, Any]

READY: Condition = {
    "type": "Ready",
    "status": "True",
    "reason": "ClusterReady",
    "message": "cluster is healthy and ready to accept workloads",
}
NOT_READY: Condition = {
    "type": "Ready",
    "status": "False",
    "reason": "ClusterNotReady",
    "message": "cluster is reachable but health endpoint responded without ok",
}
NOT_REACHABLE: Condition = {
    "type": "Ready",
    "status": "False",
    "reason": "ClusterNotReachable",
    "message": "cluster is not reachable",
}


def observed_condition(online: bool, healthy: bool) -> Condition:
    """Return the Ready condition one probe speaks for."""
    if not online:
        return NOT_REACHABLE
    return READY if healthy else NOT_READY


@dataclass(slots=True)
class ReadinessDebounce:
    """What the status controller remembers about each cluster's probes.

    Args:
        failure_s: How long probes must fail before Ready turns to not True (s).
        success_s: How long probes must succeed before Ready turns to True (s).
    """

    failure_s: float
    success_s: float
    _since: dict[str, tuple[str, float]] = field(default_factory=dict)

    def adjusted(
        self, cluster: str, current: Condition | None, observed: Condition, now_s: float
    ) -> Condition:
        """Return the condition to write: `observed`, or `current` until the threshold is past.

        Only changes between True and not True wait; the clock starts with the first probe that
        differs from the one before, and each flip starts it again. A cluster's first probe counts
        at once.
        """
        status = str(observed["status"])
        saved = self._since.get(cluster)
        if saved is None:
            self._since[cluster] = (status, float("-inf"))
            return observed
        if current is None:
            return observed
        if saved[0] != status:
            saved = (status, now_s)
            self._since[cluster] = saved
        threshold_s = self.success_s if status == "True" else self.failure_s
        flips = (status == "True") != (current.get("status") == "True")
        return current if flips and now_s < round(saved[1] + threshold_s, 6) else observed

    def forget(self, cluster: str) -> None:
        """Forget a cluster that is gone."""
        self._since.pop(cluster, None)

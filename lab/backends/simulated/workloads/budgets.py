"""PodDisruptionBudget: how many pods may be evicted now. Source: `disruption`, v1.36."""

from __future__ import annotations

from typing import Any

from lab.backends.simulated.pods.pods import ACTIVE, READY_STATES, State
from lab.backends.simulated.pods.workload import Workload
from lab.backends.simulated.workbench import Workbench
from lab.backends.simulated.workloads.replica_sets import generation_of, replicas_of
from lab.backends.simulated.workloads.rolling import int_or_percent
from lab.backends.simulated.workloads.selection import Selected
from lab.core.manifest import is_deleting, set_condition, spec_of, status_of
from lab.core.model import Key

_SCALED = ("ReplicaSet", "StatefulSet", "ReplicationController")


class Budgets:
    """The disruption controller."""

    api_version = "policy/v1"
    kind = "PodDisruptionBudget"

    def __init__(self, bench: Workbench, selected: Selected) -> None:
        self._bench, self._selected = bench, selected

    def reconcile(self, key: Key, now_s: float) -> None:
        """Count healthy pods and write the status."""
        budget = self._bench.store.find(key)
        self._selected.watch(key, None if budget is None else spec_of(budget).get("selector"))
        if budget is None or is_deleting(budget):
            return
        workloads = self._selected.workloads(key)
        pods = self._bench.pods
        visible = [state for state in ACTIVE if state != State.CREATING]
        healthy = sum(pods.count(each, *READY_STATES) for each in workloads)
        spec = spec_of(budget)
        least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
        expected = sum(pods.count(each, *visible) for each in workloads)
        if most is not None or isinstance(least, str):
            expected = sum(self._scale(each) for each in workloads)
        if most is not None:
            lost = int_or_percent(most, expected, round_up=True)
            desired = max(0, expected - lost)
        else:
            desired = int_or_percent(least, expected, round_up=True, default=1)
        allowed = max(0, healthy - desired) if expected > 0 else 0
        word, reason = ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
        new = {
            "type": "DisruptionAllowed",
            "status": word,
            "reason": reason,
            "message": "",
            "observedGeneration": generation_of(budget),
        }
        status: dict[str, Any] = {
            "observedGeneration": generation_of(budget),
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "conditions": set_condition(status_of(budget).get("conditions"), new, now_s),
        }
        self._bench.write_status(budget, status, now_s)

    def _scale(self, workload: Workload) -> int:
        """Return how many pods the owner of a workload wants."""
        owner = workload.owner
        if owner is None or owner.kind not in _SCALED:
            return self._bench.pods.count(workload, *ACTIVE)
        key = Key(self._bench.name, owner.api_version, owner.kind, owner.namespace, owner.name)
        found = self._bench.store.find(key)
        return 0 if found is None else replicas_of(found)

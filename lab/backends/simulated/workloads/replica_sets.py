"""ReplicaSet: as many pods as it says. Source: kube-controller-manager `replicaset`, v1.36."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lab.backends.simulated.pods.pods import (
    ACTIVE,
    FINISHED,
    READY_STATES,
    PodTable,
    Rows,
    State,
)
from lab.backends.simulated.pods.workload import Workload
from lab.backends.simulated.workbench import Workbench, owner_of
from lab.core.manifest import Manifest, is_deleting, name_of, set_condition, spec_of, status_of
from lab.core.model import Key

FAILURE = "ReplicaFailure"
_UNFINISHED = [state for state in State if state not in (State.FREE, *FINISHED)]


class ReplicaSets:
    """The ReplicaSet controller."""

    api_version = "apps/v1"
    kind = "ReplicaSet"

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def reconcile(self, key: Key, now_s: float) -> None:
        """Create or delete pods, then write the status."""
        bench = self._bench
        replica_set = bench.owner_at(key, now_s)
        if replica_set is None:
            return
        spec = spec_of(replica_set)
        workload = bench.workload(
            owner_of(replica_set), "", "random", name_of(replica_set), spec.get("template") or {}
        )
        bench.lifecycle.set_min_ready(workload, float(spec.get("minReadySeconds") or 0), now_s)
        if not is_deleting(replica_set):
            scale(bench, workload, replicas_of(replica_set), now_s)
        bench.write_status(replica_set, self._status(replica_set, workload, now_s), now_s)
        if not replicas_of(replica_set) and not bench.pods.count(workload, *_UNFINISHED):
            bench.ask_owner(replica_set)  # a Recreate rollout waits for the last pod to be gone

    def _status(self, replica_set: Manifest, workload: Workload, now_s: float) -> dict[str, Any]:
        pods = self._bench.pods
        visible = [state for state in ACTIVE if state != State.CREATING]
        count = pods.count(workload, *visible)
        status: dict[str, Any] = {"replicas": count}
        counters = {
            "fullyLabeledReplicas": count,
            "readyReplicas": pods.count(workload, *READY_STATES),
            "availableReplicas": pods.count(workload, State.AVAILABLE),
            "observedGeneration": generation_of(replica_set),
        }
        status.update({name: value for name, value in counters.items() if value})
        conditions = self._conditions(replica_set, workload, now_s)
        return {**status, "conditions": conditions} if conditions else status

    def _conditions(
        self, replica_set: Manifest, workload: Workload, now_s: float
    ) -> list[Mapping[str, Any]]:
        """Return the conditions: ReplicaFailure while pods are refused."""
        refusal = self._bench.refusals.get(workload.index)
        before = list(status_of(replica_set).get("conditions") or ())
        others = [each for each in before if each.get("type") != FAILURE]
        if refusal is None:
            return others
        failing = {
            "type": FAILURE,
            "status": "True",
            "reason": "FailedCreate",
            "message": f'pods "{name_of(replica_set)}-" is forbidden: {refusal}',
        }
        return set_condition(before, failing, now_s)


def scale(bench: Workbench, workload: Workload, wanted: int, now_s: float) -> None:
    """Start wanted minus what is there or starting; or delete what is too much, best last."""
    surplus = bench.pods.count(workload, *ACTIVE) - wanted
    if surplus < 0:
        bench.grow(workload, -surplus, now_s)
    elif surplus > 0:
        bench.delete_pods(victims(bench.pods, workload, surplus), now_s)


def victims(pods: PodTable, workload: Workload, count: int) -> Rows:
    """Return the pods to delete first: not yet created, without a node, pending, not ready, doubled
    up on a node, ready for the shortest time, restarted most, newest.
    """
    rows = pods.rows_of(workload, *ACTIVE)
    state = pods.state[rows]
    on_node = np.where(state >= State.STARTING, pods.node[rows], -1)
    per_node = np.bincount(on_node[on_node >= 0], minlength=1)
    doubled = np.where(on_node >= 0, per_node[np.maximum(on_node, 0)], 0)
    running = (state >= State.RUNNING).astype(np.int8)
    order = np.lexsort(
        (
            -pods.serial[rows],
            -pods.created_s[rows],
            -pods.restarts[rows].astype(np.int64),
            -pods.ready_s[rows],
            -doubled,
            np.isin(state, READY_STATES),
            running,
            on_node >= 0,
            state != State.CREATING,
        )
    )
    chosen: Rows = rows[order[:count]]
    return chosen


def replicas_of(manifest: Manifest) -> int:
    """Return `spec.replicas`, 1 when absent."""
    replicas = spec_of(manifest).get("replicas")
    return 1 if replicas is None else max(0, int(replicas))


def generation_of(manifest: Manifest) -> int:
    """Return `metadata.generation`."""
    return int((manifest.get("metadata") or {}).get("generation") or 0)

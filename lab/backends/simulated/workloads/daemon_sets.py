"""DaemonSet: one pod on every node that admits it. Source: `daemon`, v1.36."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lab.backends.simulated.pods.pods import FINISHED, READY_STATES, Rows, State
from lab.backends.simulated.pods.workload import Workload
from lab.backends.simulated.workbench import Workbench, owner_of
from lab.backends.simulated.workloads.replica_sets import generation_of
from lab.backends.simulated.workloads.revisions import REVISION_LABEL, Revisions, with_pod_labels
from lab.backends.simulated.workloads.rolling import int_or_percent
from lab.core.manifest import Manifest, get_in, is_deleting, name_of, set_in, spec_of, uid_of
from lab.core.model import Key, key_of

_TOLERATED: Mapping[str, str] = {
    "node.kubernetes.io/not-ready": "NoExecute",
    "node.kubernetes.io/unreachable": "NoExecute",
    "node.kubernetes.io/disk-pressure": "NoSchedule",
    "node.kubernetes.io/memory-pressure": "NoSchedule",
    "node.kubernetes.io/pid-pressure": "NoSchedule",
    "node.kubernetes.io/unschedulable": "NoSchedule",
}


class DaemonSets:
    """The DaemonSet controller."""

    api_version = "apps/v1"
    kind = "DaemonSet"

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._revisions = Revisions(bench)
        bench.node_listeners.append(self._nodes_changed)

    def _nodes_changed(self) -> None:
        for each in self._bench.store.list(self.api_version, self.kind):
            self._bench.ask(key_of(each, self._bench.name))

    def reconcile(self, key: Key, now_s: float) -> None:
        """Create pods where they are missing, delete those out of place, roll old ones over."""
        bench = self._bench
        found = bench.owner_at(key, now_s)
        if found is None:
            return
        update = self._revisions.current(found, now_s)
        workload = self._workload(found, update)
        min_ready_s = float(spec_of(found).get("minReadySeconds") or 0)
        for each in bench.workloads_of(uid_of(found)):
            bench.lifecycle.set_min_ready(each, min_ready_s, now_s)
        wanted = bench.lifecycle.scheduler.eligible(workload.demand)
        if not is_deleting(found):
            self._place(found, workload, wanted, now_s)
            self._roll(found, workload, wanted, now_s)
        bench.write_status(found, self._status(found, workload, wanted), now_s)
        if not is_deleting(found):
            self._revisions.trim(found, {update}, now_s)

    def _workload(self, found: Manifest, revision: str) -> Workload:
        template = spec_of(found).get("template") or {}
        spec = template.get("spec") or {}
        extra = [
            {"key": key, "operator": "Exists", "effect": effect}
            for key, effect in _TOLERATED.items()
        ]
        template = set_in(
            template, ("spec", "tolerations"), [*(spec.get("tolerations") or ()), *extra]
        )
        labels = {
            REVISION_LABEL: revision.rpartition("-")[2],
            "pod-template-generation": str(generation_of(found)),
        }
        return self._bench.workload(
            owner_of(found),
            revision,
            "pinned",
            name_of(found),
            with_pod_labels(template, labels),
            span=len(self._bench.nodes),
        )

    def _rows(self, found: Manifest) -> tuple[Rows, Rows]:
        """Return the rows of all its pods, and the nodes they belong to."""
        pods = self._bench.pods
        parts = [pods.rows_of(each) for each in self._bench.workloads_of(uid_of(found))]
        rows = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
        return rows, pods.serial[rows].astype(np.int64) % max(1, len(self._bench.nodes))

    def _place(self, found: Manifest, workload: Workload, wanted: Any, now_s: float) -> None:
        pods, count = self._bench.pods, len(self._bench.nodes)
        rows, nodes = self._rows(found)
        done = np.isin(pods.state[rows], FINISHED)
        stays = self._bench.lifecycle.scheduler.stays(workload.demand)
        admits = self._bench.lifecycle.scheduler.matches(workload.demand)
        misplaced = ~(wanted | (stays & admits))[nodes] if len(rows) else done
        self._bench.delete_pods(rows[done | misplaced], now_s)
        rows, nodes = self._rows(found)
        covered = np.zeros(count, dtype=bool)
        covered[nodes] = True
        missing = np.flatnonzero(wanted & ~covered)
        if len(missing):
            workload.serial += count
            serials = [int(node) + workload.serial for node in missing]
            self._bench.create_pods(workload, serials, now_s)

    def _roll(self, found: Manifest, workload: Workload, wanted: Any, now_s: float) -> None:
        strategy = spec_of(found).get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        pods = self._bench.pods
        most = get_in(strategy, ("rollingUpdate", "maxUnavailable"))
        desired = int(wanted.sum())
        budget = max(1, int_or_percent(most, desired, round_up=True, default=1))
        rows, _ = self._rows(found)
        available = pods.state[rows] == State.AVAILABLE
        old = (pods.workload[rows] != workload.index) & (pods.state[rows] != State.TERMINATING)
        self._bench.delete_pods(rows[old & ~available], now_s)
        budget -= desired - int(available.sum())
        if budget > 0:
            self._bench.delete_pods(rows[old & available][:budget], now_s)

    def _status(self, found: Manifest, workload: Workload, wanted: Any) -> dict[str, Any]:
        pods = self._bench.pods
        rows, nodes = self._rows(found)
        live = (pods.state[rows] >= State.PENDING) & (pods.state[rows] != State.TERMINATING)
        rows, nodes = rows[live], nodes[live]
        placed = wanted[nodes] if len(nodes) else np.zeros(0, dtype=bool)
        states = pods.state[rows][placed]
        desired = int(wanted.sum())
        available = int((states == State.AVAILABLE).sum())
        status: dict[str, Any] = {
            "currentNumberScheduled": int(placed.sum()),
            "numberMisscheduled": int((~placed).sum()),
            "desiredNumberScheduled": desired,
            "numberReady": int(np.isin(states, READY_STATES).sum()),
        }
        optional = {
            "observedGeneration": generation_of(found),
            "updatedNumberScheduled": int((pods.workload[rows][placed] == workload.index).sum()),
            "numberAvailable": available,
            "numberUnavailable": desired - available,
        }
        status.update({name: value for name, value in optional.items() if value})
        return status

"""The pod garbage collector: pods whose node is gone, or is marked as out of service, are deleted.

Source: kube-controller-manager `podgc`, v1.36. It looks every `podGcPeriod`; a node it misses must
be gone for `podGcQuarantine` until its pods go, by force.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.pods.nodes import NEVER
from lab.backends.simulated.pods.pods import Reason, State
from lab.backends.simulated.workbench import Workbench

_OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


class PodGc:
    """Deletes orphans. Looks only when there may be some."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._due_s = np.full(len(bench.nodes), NEVER)
        """When a missing node has been missed for long enough."""
        self._planned_s = NEVER

    def node_gone(self, row: int, now_s: float) -> None:
        """The object of a node was deleted."""
        missed_s = self._tick(now_s)
        self._due_s[row] = self._tick(missed_s + self._bench.timings.pod_gc_quarantine)
        self._plan(float(self._due_s[row]))

    def taints_changed(self, rows: npt.NDArray[np.int64], now_s: float) -> None:
        """Somebody changed taints: pods that stop on a node out of service are given up."""
        if any(self._out_of_service(int(row)) for row in rows):
            self._plan(self._tick(now_s))

    def _out_of_service(self, row: int) -> bool:
        return any(taint.key == _OUT_OF_SERVICE for taint in self._bench.nodes.taints(row))

    def _tick(self, time_s: float) -> float:
        period_s = self._bench.timings.pod_gc_period
        return round(math.ceil(round(time_s / period_s, 6)) * period_s, 6)

    def _plan(self, due_s: float) -> None:
        if due_s < self._planned_s:
            self._planned_s = due_s
            self._bench.agenda.at(due_s, self._look)

    def _look(self, now_s: float) -> None:
        if now_s < self._planned_s or self._bench.api.hold(self._look):
            return
        self._planned_s = NEVER
        bench, nodes = self._bench, self._bench.nodes
        gone = (self._due_s <= now_s) & ~nodes.exists
        self._due_s[self._due_s <= now_s] = NEVER
        bench.lifecycle.terminate(bench.pods.rows_on_nodes(gone), now_s, 0.0, Reason.ORPHANED)
        marked = [self._out_of_service_class(each) for each in range(len(nodes.classes))]
        given_up = np.array(marked, dtype=bool)[nodes.class_of] & ~nodes.ready & nodes.exists
        if given_up.any():
            rows = bench.pods.rows_on_nodes(given_up)
            stopping = rows[bench.pods.state[rows] == State.TERMINATING]
            bench.lifecycle.terminate(stopping, now_s, 0.0)
            if (bench.pods.evict_s[rows] < NEVER).any():
                self._plan(self._tick(now_s + bench.timings.pod_gc_period))
        left_s = float(self._due_s.min(initial=NEVER))
        if left_s < NEVER:
            self._plan(left_s)

    def _out_of_service_class(self, index: int) -> bool:
        return any(
            taint.key == _OUT_OF_SERVICE for taint in self._bench.nodes.classes[index].taints
        )

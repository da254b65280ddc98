"""The taint-eviction controller: pods leave nodes whose NoExecute taints they do not tolerate.

Source: kube-controller-manager `tainteviction`, v1.36.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.pods.nodes import NEVER
from lab.backends.simulated.pods.pods import ON_NODE, Reason, Rows, State
from lab.backends.simulated.pods.tolerations import default_tolerations, stays_s
from lab.backends.simulated.pods.workload import Workload
from lab.backends.simulated.workbench import Workbench
from lab.core.taints import Taint
from lab.core.workqueue import TokenBucket

_REQUESTS = 3
"""An eviction reads the pod, writes why it goes, and deletes it."""
_LEAVING = [state for state in ON_NODE if state not in (State.TERMINATING, State.BINDING)]


class TaintEviction:
    """Deletes pods when the time they tolerate their node's taints for is over."""

    def __init__(self, bench: Workbench) -> None:
        self._bench, self._pods = bench, bench.pods
        self._memory: dict[tuple[int, tuple[Taint, ...]], tuple[Workload, float]] = {}
        timings = bench.timings
        self._bucket = TokenBucket(
            timings.node_controller_rate / _REQUESTS,
            max(1, timings.node_controller_burst // _REQUESTS),
        )
        bench.lifecycle.on_bound = self._bound
        bench.api.on_open.append(self._api_back)

    def nodes_changed(self, nodes: npt.NDArray[np.int64], now_s: float) -> None:
        """The NoExecute taints of nodes changed."""
        mask = np.zeros(len(self._bench.nodes), dtype=bool)
        mask[nodes] = True
        rows = self._pods.rows_on_nodes(mask)
        self._weigh(rows[np.isin(self._pods.state[rows], _LEAVING)], now_s)

    def _bound(self, rows: Rows, now_s: float) -> None:
        nodes = self._bench.nodes
        if nodes.marks.any() or any(each.taint_maps for each in nodes.classes):
            self._weigh(rows, now_s)

    def _weigh(self, rows: Rows, now_s: float) -> None:
        """Set until when pods stay; what was planned before is kept if it is sooner."""
        if not len(rows):
            return
        pods, nodes = self._pods, self._bench.nodes
        node = pods.node[rows].astype(np.int64)
        codes = (nodes.class_of[node].astype(np.int64) << 8) | nodes.marks[node]
        pairs = np.stack([codes, pods.workload[rows].astype(np.int64)], axis=1)
        kinds, which = np.unique(pairs, axis=0, return_inverse=True)
        which = which.reshape(-1)
        lengths = np.empty(len(kinds))
        for at, index in enumerate(kinds[:, 1].tolist()):
            row = int(node[int((which == at).argmax())])
            taints = tuple(each for each in nodes.taints(row) if each.effect == "NoExecute")
            lengths[at] = self._length(pods.workload_at(index), taints) if taints else NEVER
        due_s = np.round(now_s + lengths[which], 6)
        due_s = np.where(due_s == NEVER, NEVER, np.minimum(due_s, pods.evict_s[rows]))
        pods.evict_s[rows] = due_s
        for instant in np.unique(due_s[due_s < NEVER]):
            self._bench.agenda.at(float(instant), self._evict)

    def _length(self, workload: Workload, taints: tuple[Taint, ...]) -> float:
        known = self._memory.get((workload.index, taints))
        if known is None or known[0] is not workload:
            own = workload.demand.tolerations
            all_ = (*own, *default_tolerations(own, self._bench.timings))
            known = self._memory[workload.index, taints] = (workload, stays_s(taints, all_))
        return known[1]

    def _evict(self, now_s: float) -> None:
        if self._bench.api.hold(self._evict):
            return
        rows = self._pods.outstaying(now_s)
        self._pods.evict_s[rows] = NEVER
        lifecycle = self._bench.lifecycle
        lifecycle.paced(
            self._bucket,
            rows[np.argsort(self._pods.node[rows], kind="stable")],
            now_s,
            lambda batch, at_s: lifecycle.terminate(batch, at_s, reason=Reason.TAINT),
        )

    def _api_back(self, now_s: float) -> None:
        """A controller that had to start again counts from now."""
        if not self._bench.api.restarted:
            return
        rows = self._pods.outstaying()
        self._pods.evict_s[rows] = NEVER
        self._weigh(rows, self._bench.api.resume_s)

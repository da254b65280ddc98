"""Capacity that goes away: of every node pool, whole nodes first, then a part of one more.

Whole nodes are taken away by their provider: machine and object at once. A node that shrinks keeps
its oldest pods as far as they fit; the others are rejected, as by a kubelet that starts again.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.nodes.machines import Machines
from lab.backends.simulated.nodes.node_collection import NodeCollection
from lab.backends.simulated.nodes.node_lifecycle import NodeLifecycle
from lab.backends.simulated.pods.pods import Reason, State
from lab.backends.simulated.workbench import Workbench

Nodes = npt.NDArray[np.int64]


class Shrinking:
    """What is missing of the nodes, by the number of the fault that took it."""

    def __init__(
        self,
        bench: Workbench,
        machines: Machines,
        lifecycle: NodeLifecycle,
        collection: NodeCollection,
    ) -> None:
        self._bench, self._machines = bench, machines
        self._lifecycle, self._collection = lifecycle, collection
        self._taken: dict[int, Nodes] = {}
        self._shrunk: dict[int, dict[int, float]] = {}

    def shrink(self, number: int, share: float, now_s: float) -> None:
        """Take a share of what all nodes together offer away."""
        nodes = self._bench.nodes
        taken: list[int] = []
        self._shrunk[number] = {}
        for pool in range(len(nodes.pools)):
            rows = np.flatnonzero(nodes.exists & (nodes.pool_of == pool)).tolist()
            whole = math.floor(round(share * len(rows), 9))
            rest = round(share * len(rows) - whole, 9)
            keep = len(rows) - whole
            taken += rows[keep:]
            if rest:
                self._shrunk[number][rows[keep - 1]] = 1.0 - rest
        self._taken[number] = np.array(taken, dtype=np.int64)
        self._machines.stop(self._taken[number], now_s)
        self._take(number, now_s)

    def _take(self, number: int, now_s: float) -> None:
        def take(now_s: float) -> None:
            if number in self._taken and not self._bench.api.hold(take, of_node=True):
                for row in self._taken[number].tolist():
                    self._collection.take_away(row, now_s)
                self._resize(list(self._shrunk[number]), now_s)

        take(now_s)

    def give_back(self, number: int, now_s: float) -> None:
        """What a fault took is there again."""
        taken = self._taken.pop(number)
        rows = list(self._shrunk.pop(number))
        self._machines.start(taken, now_s)

        def resize(now_s: float) -> None:
            if not self._bench.api.hold(resize, of_node=True):
                self._resize(rows, now_s)

        resize(now_s)

    def _resize(self, rows: list[int], now_s: float) -> None:
        """Bring nodes to what is left of them by all faults."""
        nodes, at = self._bench.nodes, np.array(sorted(rows), dtype=np.int64)
        if not len(at):
            return
        with self._lifecycle.changing(at):
            for row in at.tolist():
                left = [each[row] for each in self._shrunk.values() if row in each]
                nodes.resize(row, math.prod(left))
        for row in at.tolist():
            self._reject(row, now_s)
        self._bench.node_changed(now_s)

    def _reject(self, row: int, now_s: float) -> None:
        """End the newest pods of a node until the rest fits; those of DaemonSets last."""
        nodes, pods, lifecycle = self._bench.nodes, self._bench.pods, self._bench.lifecycle
        rows = pods.rows_on(row)
        rows = rows[~np.isin(pods.state[rows], (State.BINDING, State.TERMINATING))]
        pinned = np.array(
            [pods.workload_at(int(i)).naming == "pinned" for i in pods.workload[rows]]
        )
        for each in rows[np.lexsort((-pods.serial[rows], -pods.created_s[rows], pinned))]:
            short = nodes.free[:, row] < 0
            if not short.any():
                return
            demand = pods.workload_at(int(pods.workload[each])).demand
            at, _ = lifecycle.room.need(demand)
            if short[at].any():
                lifecycle.fail(np.array([each], dtype=np.int64), Reason.NO_ROOM, now_s)

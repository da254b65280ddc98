"""Room on nodes: what pods take and give back. The only place that changes `NodeTable.free`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.pods.demand import Demand
from lab.backends.simulated.pods.nodes import PODS, NodeTable
from lab.backends.simulated.pods.pods import PodTable, Rows


class Room:
    """Books room for pods; one booking per pod on a node."""

    def __init__(self, nodes: NodeTable, pods: PodTable) -> None:
        self._nodes, self._pods = nodes, pods
        self._needs: dict[Demand, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = {}

    def need(self, demand: Demand) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return (rows of `free`, counts) of one pod, its own place among the node's pods first."""
        known = self._needs.get(demand)
        if known is None:
            needs = [(PODS, 1), *(each for each in demand.requests if each[0] != PODS)]
            needs = [each for each in needs if self._nodes.counts(each[0])]
            at = [self._nodes.resource_index(name) for name, _ in needs]
            counts = np.array([count for _, count in needs], dtype=np.int64)
            known = self._needs[demand] = (np.array(at, dtype=np.int64), counts)
        return known

    def fits(self, demand: Demand) -> npt.NDArray[np.bool_]:
        """Return per node whether one more such pod has room."""
        at, counts = self.need(demand)
        fits: npt.NDArray[np.bool_] = np.all(self._nodes.free[at] >= counts[:, None], axis=0)
        return fits

    def fits_on(self, demand: Demand, node: int) -> bool:
        """Tell whether one more such pod has room on a node."""
        at, counts = self.need(demand)
        return bool((self._nodes.free[at, node] >= counts).all())

    def take(self, demand: Demand, node: int) -> None:
        """Book room for one pod."""
        at, counts = self.need(demand)
        self._nodes.free[at, node] -= counts
        self._nodes.version += 1

    def give(self, rows: Rows) -> None:
        """Give back the room of pods; they must hold some, and are taken off it by the caller."""
        for row in rows:
            demand = self._pods.workload_at(int(self._pods.workload[row])).demand
            at, counts = self.need(demand)
            self._nodes.free[at, self._pods.node[row]] += counts
        if len(rows):
            self._nodes.version += 1

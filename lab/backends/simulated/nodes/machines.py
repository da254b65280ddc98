"""The machines below a member's nodes: which run, by what they were stopped, and their return."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.workbench import Workbench

Nodes = npt.NDArray[np.int64]


class Machines:
    """Stops machines and lets them run again. One stopped for two reasons waits for both to end."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._stops = np.zeros(len(bench.nodes), dtype=np.int16)
        self.on_lost: list[Callable[[Nodes, float], None]] = []
        self.on_back: list[Callable[[Nodes, float], None]] = []
        self.rejoin: Callable[[Nodes, float], None] = lambda rows, now_s: None
        """Called with machines that come back and whose node object was deleted."""

    def rows(self, names: Sequence[str]) -> Nodes:
        """Return the rows of nodes by name; names that are not there (any longer) are left out."""
        found = self._bench.nodes.rows
        return np.array(sorted({found[name] for name in names if name in found}), dtype=np.int64)

    def all_rows(self) -> Nodes:
        """Return the rows of all nodes there are."""
        return np.flatnonzero(self._bench.nodes.exists)

    def stop(self, rows: Nodes, now_s: float) -> None:
        """Let machines stop at once."""
        nodes, bench = self._bench.nodes, self._bench
        self._stops[rows] += 1
        lost = rows[nodes.alive[rows]]
        if not len(lost):
            return
        period_s = nodes.lease_period_s
        last_s = now_s - (now_s - nodes.lease_phase_s[lost]) % period_s
        if not bench.api.up:
            last_s = np.minimum(last_s, bench.api.shut_s)
        nodes.last_lease_s[lost] = last_s
        nodes.alive[lost] = False
        bench.lifecycle.machines_lost(self._mask(lost), now_s)
        for listener in self.on_lost:
            listener(lost, now_s)

    def start(self, rows: Nodes, now_s: float) -> None:
        """One reason to stand still is over; those without another one come back after a while."""
        self._stops[rows] -= 1
        assert (self._stops[rows] >= 0).all(), "a machine is started as often as it was stopped"
        free = rows[self._stops[rows] == 0]
        if not len(free):
            return
        delays = self._bench.timings.node_return.draw(len(free), self._bench.chance("node-return"))
        times = np.round(now_s + delays, 6)
        for due_s in np.unique(times):
            self._bench.agenda.at(float(due_s), self._return(free[times == due_s]))

    def _return(self, rows: Nodes) -> Callable[[float], None]:
        def back(now_s: float) -> None:
            if not self._bench.api.hold(
                back, of_node=True
            ):  # a kubelet that starts has nothing to go by
                self._back(rows, now_s)

        return back

    def _back(self, rows: Nodes, now_s: float) -> None:
        nodes = self._bench.nodes
        rows = rows[~nodes.alive[rows] & (self._stops[rows] == 0)]
        if not len(rows):
            return
        nodes.alive[rows] = True
        gone = rows[~nodes.exists[rows]]
        if len(gone):
            self.rejoin(gone, now_s)
        nodes.last_lease_s[rows] = np.inf
        nodes.lease_phase_s[rows] = round(now_s % nodes.lease_period_s, 6)
        for listener in self.on_back:
            listener(rows, now_s)
        self._bench.lifecycle.machines_back(self._mask(rows), now_s)
        self._bench.node_changed(now_s)

    def _mask(self, rows: Nodes) -> npt.NDArray[np.bool_]:
        mask = np.zeros(len(self._bench.nodes), dtype=bool)
        mask[rows] = True
        return mask

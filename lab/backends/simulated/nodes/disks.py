"""Full disks of nodes: DiskPressure, its taint, and pods evicted one after another.

Source: kubelet `eviction`, v1.36: a full disk is noticed at the next check, then every check evicts
one pod (hard threshold: at once), until nothing is left to evict. The condition outlasts the cause
by the transition period. All kubelets check at the same moments here. Pods of DaemonSets are taken
for critical: they stay.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.nodes.node_lifecycle import NodeLifecycle
from lab.backends.simulated.pods.nodes import DISK_PRESSURE, NEVER
from lab.backends.simulated.pods.pods import READY_STATES, Reason, Rows, State
from lab.backends.simulated.workbench import Workbench

Nodes = npt.NDArray[np.int64]
_EVICTED_FROM = (
    State.STARTING,
    State.BAD_IMAGE,
    State.RUNNING,
    *READY_STATES,
    State.CRASHED,
    State.RESTARTING,
)


class Disks:
    """The disks of a member's nodes: how many reasons each has to be full."""

    def __init__(self, bench: Workbench, lifecycle: NodeLifecycle) -> None:
        self._bench, self._lifecycle = bench, lifecycle
        self._full = np.zeros(len(bench.nodes), dtype=np.int16)
        self._relieved_s = np.full(len(bench.nodes), NEVER)
        """From when on pressure may end."""
        self._planned_s = NEVER

    def fill(self, rows: Nodes, now_s: float) -> None:
        """Let disks be full."""
        self._full[rows] += 1
        self._relieved_s[rows] = NEVER
        self._plan(self._tick(now_s))

    def clear(self, rows: Nodes, now_s: float) -> None:
        """One reason for disks to be full is gone."""
        self._full[rows] -= 1
        free = rows[self._full[rows] == 0]
        self._relieved_s[free] = round(now_s + self._bench.timings.disk_pressure_transition, 6)
        if len(free):
            self._plan(self._tick(float(self._relieved_s[free].min())))

    def back(self, rows: Nodes, now_s: float) -> None:
        """Kubelets that start again look at their disks."""
        pressed = self._bench.nodes.marks[rows] & DISK_PRESSURE > 0
        if (pressed | (self._full[rows] > 0)).any():
            self._plan(self._tick(now_s))

    def _tick(self, time_s: float) -> float:
        period_s = self._bench.timings.disk_check
        return round(math.ceil(round(time_s / period_s, 6)) * period_s, 6)

    def _plan(self, due_s: float) -> None:
        if due_s < self._planned_s:
            self._planned_s = due_s
            self._bench.agenda.at(due_s, self._check)

    def _check(self, now_s: float) -> None:
        if now_s < self._planned_s or self._bench.api.hold(self._check, of_node=True):
            return
        self._planned_s = NEVER
        nodes = self._bench.nodes
        pressed = nodes.marks & DISK_PRESSURE > 0
        works = nodes.alive & nodes.exists
        full = works & (self._full > 0)
        self._mark(np.flatnonzero(full & ~pressed), now_s, _press)
        over = works & pressed & (self._full == 0) & (self._relieved_s <= now_s)
        self._mark(np.flatnonzero(over), now_s, _relieve)
        self._bench.lifecycle.fail(self._victims(full), Reason.EVICTED, now_s)
        self._plan_next(now_s)

    def _plan_next(self, now_s: float) -> None:
        """Look again while a full disk can still change something."""
        nodes = self._bench.nodes
        next_s = self._tick(now_s + self._bench.timings.disk_check)
        if len(self._victims(self._full > 0)):
            self._plan(next_s)
        waiting = self._relieved_s[(nodes.marks & DISK_PRESSURE > 0) & (self._full == 0)]
        waiting = waiting[waiting < NEVER]
        if len(waiting):
            self._plan(max(next_s, self._tick(float(waiting.min()))))

    def _mark(
        self, rows: Nodes, now_s: float, change: Callable[[Workbench, Nodes, float], None]
    ) -> None:
        if len(rows):
            with self._lifecycle.changing(rows):
                change(self._bench, rows, now_s)
            self._bench.node_changed(now_s)

    def _victims(self, full: npt.NDArray[np.bool_]) -> Rows:
        """Return the newest pod of every full node."""
        pods = self._bench.pods
        rows = pods.rows_on_nodes(full & self._bench.nodes.alive)
        rows = rows[np.isin(pods.state[rows], _EVICTED_FROM)]
        kept = [each.index for each in pods.living() if each.naming == "pinned"]
        rows = rows[~np.isin(pods.workload[rows], kept)]
        order = np.lexsort((-pods.serial[rows], -pods.created_s[rows], pods.node[rows]))
        rows = rows[order]
        first = np.ones(len(rows), dtype=bool)
        first[1:] = pods.node[rows[1:]] != pods.node[rows[:-1]]
        victims: Rows = np.sort(rows[first])
        return victims


def _press(bench: Workbench, rows: Nodes, now_s: float) -> None:
    bench.nodes.marks[rows] |= DISK_PRESSURE
    bench.nodes.pressed_s[rows] = now_s


def _relieve(bench: Workbench, rows: Nodes, now_s: float) -> None:
    bench.nodes.marks[rows] &= ~np.uint8(DISK_PRESSURE)
    bench.nodes.changed_s[rows] = now_s
    bench.nodes.pressed_s[rows] = NEVER

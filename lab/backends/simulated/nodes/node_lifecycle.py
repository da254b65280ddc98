"""The node-lifecycle controller: notices silent nodes, and taints them at a careful pace.

Source: kube-controller-manager `nodelifecycle`, v1.36. It looks at all nodes every
`nodeMonitorPeriod`. A node it has not heard of for the grace period is Unknown: its pods count as
not ready and it gets a NoSchedule taint at once. From the next look on it waits in its zone's queue
for the NoExecute taint. No look is played at which nothing could change.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.pods.nodes import NEVER, NO_EXECUTE, UNREACHABLE
from lab.backends.simulated.workbench import Workbench

Nodes = npt.NDArray[np.int64]
ZoneState = Literal["initial", "normal", "partial", "full"]
_EXCLUDED = "node.kubernetes.io/exclude-disruption"
_FEWEST_FOR_PARTIAL = 3
_OLD_GRACE_S, _GRACE_S = 40.0, 50.0
_GRACE_RAISED_IN = (1, 32)


def grace_s(kubernetes_version: str) -> float:
    """Return how long a node may be silent in a cluster of a version.

    Example:
        >>> grace_s("v1.31.4"), grace_s("v1.32.0")
        (40.0, 50.0)
    """
    found = re.match(r"v?(\d+)\.(\d+)", kubernetes_version)
    if found is None:
        return _GRACE_S
    old = (int(found[1]), int(found[2])) < _GRACE_RAISED_IN
    return _OLD_GRACE_S if old else _GRACE_S


class _Zone:
    """The nodes of a zone that wait for the NoExecute taint, and how fast they get it."""

    def __init__(self, rate: float) -> None:
        self.state: ZoneState = "initial"
        self.rate = rate
        self.next_s = -NEVER
        self.queue: dict[int, None] = {}
        self.planned_s = NEVER

    def swap(self, rate: float, now_s: float) -> None:
        """Change the pace. A bucket in use stays empty, a full one full (its burst is one)."""
        if rate == self.rate:
            return
        free = self.rate > 0 and now_s >= self.next_s
        self.rate = rate
        self.next_s = now_s if free or rate <= 0 else now_s + 1.0 / rate


class NodeLifecycle:
    """Watches over the nodes of one member."""

    def __init__(self, bench: Workbench, kubernetes_version: str) -> None:
        self._bench, self._nodes = bench, bench.nodes
        timings = bench.timings
        self._period_s = timings.node_monitor_period
        wanted_s = timings.node_monitor_grace
        self._grace_s = grace_s(kubernetes_version) if wanted_s is None else wanted_s
        self.phase_s = round(float(bench.chance("node-monitor").random()) * self._period_s, 3)
        self._zones: dict[tuple[str, str], _Zone] = {}
        self._notice_s = np.full(len(bench.nodes), NEVER)
        self._planned: dict[int, None] = {}
        self._fresh = False
        """It has just started: it takes every node for reachable, once."""
        self.tell: Callable[[Nodes], None] = lambda rows: None
        """Called with nodes that are about to change."""
        self.told: Callable[[Nodes], None] = lambda rows: None
        """Called with nodes that have changed."""
        self.on_taints: Callable[[Nodes, float], None] = lambda rows, now_s: None
        """Called with nodes whose NoExecute taints changed."""
        bench.api.on_open.append(self._api_back)

    # ── what happens to nodes ──────────────────────────────────────────────────────────────────

    def lost(self, rows: Nodes, now_s: float) -> None:
        """Machines stopped: they are noticed a grace period after the look that saw their last."""
        self._await(rows, self._nodes.last_lease_s[rows])

    def back(self, rows: Nodes, now_s: float) -> None:
        """Kubelets speak again: nodes are Ready at once; NoExecute goes at the next look."""
        nodes = self._nodes
        self._notice_s[rows] = NEVER
        silent = rows[~nodes.ready[rows]]
        if len(silent):
            with self.changing(silent):
                nodes.ready[silent] = True
                nodes.changed_s[silent] = now_s
                nodes.marks[silent] &= ~np.uint8(UNREACHABLE)
            self._look_at(now_s)

    def gone(self, now_s: float) -> None:
        """A node's object was deleted: its zone may be in another state."""
        if not self._nodes.ready[self._nodes.exists].all():
            self._look_at(now_s)

    def changing(self, rows: Nodes) -> _Changing:
        """Return a context in which nodes change; watchers hear of it."""
        return _Changing(self, rows)

    def _await(self, rows: Nodes, heard_s: npt.NDArray[np.float64]) -> None:
        self._notice_s[rows] = self._ticks(self._ticks(heard_s) + self._grace_s)
        for due_s in np.unique(self._notice_s[rows]):
            self._look_at(float(due_s))

    def _ticks(self, times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the first looks at or after times."""
        counts = np.ceil(np.round((times_s - self.phase_s) / self._period_s, 6))
        return np.round(self.phase_s + counts * self._period_s, 6)

    def _look_at(self, time_s: float) -> None:
        due_s = float(self._ticks(np.array([time_s]))[0])
        mark = round(due_s * 1e6)
        if mark not in self._planned:
            self._planned[mark] = None
            self._bench.agenda.at(due_s, self._look)

    def _api_back(self, now_s: float) -> None:
        """Controllers that had to start again know no earlier heartbeat and no earlier taint."""
        if not self._bench.api.restarted:
            return
        rows = np.flatnonzero(self._notice_s < NEVER)
        began_s = self._bench.api.resume_s
        self._await(rows, np.full(len(rows), began_s))
        self._zones.clear()
        self._fresh = True
        self._look_at(began_s)

    @property
    def _rate(self) -> float:
        return self._bench.timings.node_eviction_rate

    # ── one look ───────────────────────────────────────────────────────────────────────────────

    def _look(self, now_s: float) -> None:
        if self._bench.api.hold(self._look):
            return
        self._planned.pop(round(now_s * 1e6), None)
        nodes = self._nodes
        keys, zone_of = nodes.zones()
        zones = [self._zone(key) for key in keys]
        reachable = nodes.exists if self._fresh else nodes.exists & nodes.ready
        self._fresh = False
        self._reachable(np.flatnonzero(reachable), now_s)
        waiting = np.flatnonzero(nodes.exists & ~nodes.ready & (nodes.marks & NO_EXECUTE == 0))
        for row in waiting.tolist():
            zones[zone_of[row]].queue.setdefault(row)
        newly = np.flatnonzero((self._notice_s <= now_s) & nodes.exists & nodes.ready)
        self._notice_s[self._notice_s <= now_s] = NEVER
        if len(newly):
            self._silent(newly, now_s)
            self._look_at(now_s + self._period_s)
        if self._disruption(keys, zone_of, now_s):
            self._look_at(now_s + self._period_s)
        for zone in zones:
            self._taint(zone, now_s)
        if len(newly):
            self._bench.node_changed(now_s)

    def _silent(self, rows: Nodes, now_s: float) -> None:
        nodes = self._nodes
        mask = np.zeros(len(nodes), dtype=bool)
        mask[rows] = True
        with self.changing(rows):
            nodes.ready[rows] = False
            nodes.changed_s[rows] = now_s
            nodes.marks[rows] |= UNREACHABLE
        self._bench.lifecycle.not_ready(mask, now_s)

    def _reachable(self, rows: Nodes, now_s: float) -> None:
        """Take NoExecute taints off, and nodes out of the queues."""
        nodes = self._nodes
        tainted = rows[nodes.marks[rows] & NO_EXECUTE > 0]
        if len(tainted):
            with self.changing(tainted):
                nodes.marks[tainted] &= ~np.uint8(NO_EXECUTE)
                nodes.tainted_s[tainted] = NEVER
            self.on_taints(tainted, now_s)
            self._bench.node_changed(now_s)
        for zone in self._zones.values():
            for row in rows.tolist() if zone.queue else ():
                zone.queue.pop(row, None)

    def _zone(self, key: tuple[str, str]) -> _Zone:
        if key not in self._zones:
            self._zones[key] = _Zone(self._rate)
        return self._zones[key]

    # ── disruptions ────────────────────────────────────────────────────────────────────────────

    def _disruption(
        self, keys: list[tuple[str, str]], zone_of: npt.NDArray[np.int64], now_s: float
    ) -> bool:
        """Set the pace of every zone by its health; tell whether all evictions just stopped."""
        nodes = self._nodes
        counted = nodes.exists & ~self._excluded()
        sizes = np.bincount(zone_of[counted], minlength=len(keys))
        ready = np.bincount(zone_of[counted & nodes.ready], minlength=len(keys))
        used = [at for at in range(len(keys)) if sizes[at]]
        states = {keys[at]: self._state(int(sizes[at]), int(ready[at])) for at in used}
        if not states:
            return False
        for key in self._zones:
            if key not in states:
                self._zones[key].state = "initial"
        zones = {keys[at]: (self._zones[keys[at]], int(sizes[at])) for at in used}
        all_are = all(state == "full" for state in states.values())
        all_were = all(zone.state == "full" for zone, _ in zones.values())
        if all_are:
            if all_were:
                return False
            self._reachable(np.flatnonzero(nodes.exists), now_s)
            for zone, _ in zones.values():
                zone.swap(0.0, now_s)
                zone.state = "full"
            return True
        for key, (zone, size) in zones.items():
            if zone.state != states[key] or all_were:
                zone.state = states[key]
                zone.swap(self._pace(zone.state, size), now_s)
        return False

    def _excluded(self) -> npt.NDArray[np.bool_]:
        of_class = [any(key == _EXCLUDED for key, _ in each.labels) for each in self._nodes.classes]
        return np.array(of_class, dtype=bool)[self._nodes.class_of]

    def _state(self, size: int, ready: int) -> ZoneState:
        silent = size - ready
        if silent and not ready:
            return "full"
        share = self._bench.timings.unhealthy_zone_threshold
        if silent >= _FEWEST_FOR_PARTIAL and silent / size >= share:
            return "partial"
        return "normal"

    def _pace(self, state: ZoneState, size: int) -> float:
        if state != "partial":
            return self._rate
        timings = self._bench.timings
        return timings.secondary_node_eviction_rate if size > timings.large_cluster_size else 0.0

    # ── the queues ─────────────────────────────────────────────────────────────────────────────

    def _taint(self, zone: _Zone, now_s: float) -> None:
        """Taint as many nodes as the zone's pace allows now, and plan the next."""
        nodes = self._nodes
        while zone.queue and zone.rate > 0 and now_s >= zone.next_s:
            row = next(iter(zone.queue))
            del zone.queue[row]
            zone.next_s = round(now_s + 1.0 / zone.rate, 6)
            if not nodes.exists[row] or nodes.ready[row]:
                continue
            rows = np.array([row], dtype=np.int64)
            with self.changing(rows):
                nodes.marks[row] |= NO_EXECUTE
                nodes.tainted_s[row] = now_s
            self.on_taints(rows, now_s)
            self._bench.node_changed(now_s)
        if not zone.queue or zone.rate <= 0:
            zone.planned_s = NEVER
        elif zone.planned_s != zone.next_s:
            zone.planned_s = zone.next_s
            self._bench.agenda.at(zone.next_s, self._turn(zone))

    def _turn(self, zone: _Zone) -> Callable[[float], None]:
        due_s = zone.next_s

        def turn(now_s: float) -> None:
            if zone.planned_s == due_s and not self._bench.api.hold(turn):
                zone.planned_s = NEVER
                self._taint(zone, now_s)

        return turn


class _Changing:
    """Tells of nodes before and after they change, and that scheduling may look anew."""

    def __init__(self, lifecycle: NodeLifecycle, rows: Nodes) -> None:
        self._lifecycle, self._rows = lifecycle, rows

    def __enter__(self) -> None:
        self._lifecycle.tell(self._rows)

    def __exit__(self, *error: object) -> None:
        self._lifecycle._nodes.version += 1
        self._lifecycle.told(self._rows)

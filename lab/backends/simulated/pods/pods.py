"""The pods of a member as columns, with running totals per workload and state.

A row is free, or one pod. Rows are reused; a pod's identity is (workload, serial). Every change of
state goes through `move`, so that the totals always equal a recount.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.pods.workload import Workload
from lab.core.manifest import Manifest

Rows = npt.NDArray[np.int64]
NEVER = float("inf")


class State(IntEnum):
    """Where a pod is in its life."""

    FREE = 0
    CREATING = 1
    """Its controller waits for its client's rate limit; no object exists yet."""
    PENDING = 2
    BINDING = 3
    """A node was chosen and its room taken; the binding is not written yet."""
    STARTING = 4
    """Bound: images are pulled, containers are made."""
    BAD_IMAGE = 5
    RUNNING = 6
    """Running, not ready."""
    READY = 7
    """Ready, for less than minReadySeconds."""
    AVAILABLE = 8
    CRASHED = 9
    """Containers ended and wait for their restart."""
    RESTARTING = 10
    """The node was down: containers are made again."""
    SUCCEEDED = 11
    FAILED = 12
    TERMINATING = 13


class Reason(IntEnum):
    """Why a pod ends before its time."""

    NONE = 0
    TAINT = 1
    """Its node has a NoExecute taint it does not tolerate (any longer)."""
    ORPHANED = 2
    """Its node is gone."""
    EVICTED = 3
    """Its node's disk was full."""
    NO_ROOM = 4
    """Its node shrank below what it asks for."""
    REBOOT = 5
    """Its node was down: nobody saw how its containers ended."""


READY_STATES = (State.READY, State.AVAILABLE)
FINISHED = (State.SUCCEEDED, State.FAILED)
ACTIVE = tuple(range(State.CREATING, State.SUCCEEDED))
"""States of pods that count towards their controller's wish."""
VISIBLE_FROM = State.PENDING
ON_NODE = (
    State.BINDING,
    State.STARTING,
    State.BAD_IMAGE,
    State.RUNNING,
    State.READY,
    State.AVAILABLE,
    State.CRASHED,
    State.RESTARTING,
    State.TERMINATING,
)
"""States in which a pod holds room on its node."""


_COLUMNS = (
    "workload",
    "serial",
    "node",
    "state",
    "restarts",
    "created_s",
    "ready_s",
    "started_s",
    "ends_s",
    "ended_s",
    "due_s",
    "evict_s",
    "reason",
    "version",
    "birth",
)


class Columns:
    """The columns of all pods at one moment."""

    serial: npt.NDArray[np.int32]
    node: npt.NDArray[np.int16]
    state: npt.NDArray[np.uint8]
    restarts: npt.NDArray[np.uint16]
    created_s: npt.NDArray[np.float64]
    ready_s: npt.NDArray[np.float32]
    started_s: npt.NDArray[np.float64]
    ended_s: npt.NDArray[np.float64]
    due_s: npt.NDArray[np.float64]
    reason: npt.NDArray[np.uint8]
    version: npt.NDArray[np.int64]

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.__dict__.update(columns)


class Observer(Protocol):
    """Who tells the API server's listeners of changed pods."""

    def before(self, rows: Rows) -> Sequence[Manifest] | None:
        """Called before a change: how the pods look now, or None if nobody wants to know."""

    def after(
        self,
        rows: Rows,
        old: Sequence[Manifest] | None,
        change: Literal["ADDED", "MODIFIED", "DELETED"],
    ) -> None:
        """Called after a change (before the rows are freed, for a deletion)."""


class PodTable:
    """Columns by row. `touched` is called with the indexes of workloads whose totals changed."""

    def __init__(self, touched: Callable[[list[int]], None]) -> None:
        self._touched = touched
        self.workloads: list[Workload | None] = []
        self._free_indexes: list[int] = []
        self.totals = np.zeros((64, len(State)), dtype=np.int64)
        size = 256
        self.workload = np.full(size, -1, dtype=np.int32)
        self.serial = np.zeros(size, dtype=np.int32)
        self.node = np.full(size, -1, dtype=np.int16)
        self.state = np.zeros(size, dtype=np.uint8)
        self.restarts = np.zeros(size, dtype=np.uint16)
        self.created_s = np.zeros(size, dtype=np.float64)
        self.ready_s = np.full(size, NEVER, dtype=np.float32)
        self.started_s = np.full(size, NEVER, dtype=np.float64)
        self.ends_s = np.full(size, NEVER, dtype=np.float64)
        self.ended_s = np.full(size, NEVER, dtype=np.float64)
        self.due_s = np.full(size, NEVER, dtype=np.float64)
        self.evict_s = np.full(size, NEVER, dtype=np.float64)
        """When the pod will have outstayed the taints of its node."""
        self.reason = np.zeros(size, dtype=np.uint8)
        self.version = np.zeros(size, dtype=np.int64)
        """resourceVersion of the pod's last change."""
        self.birth = np.zeros(size, dtype=np.int64)
        """Tells a pod from an earlier one of the same name."""
        self._births = 0
        self._free: list[int] = []
        self._high = 0
        self.membership = 0
        """Grows whenever a pod comes or goes."""
        self.changes = 0
        """Grows whenever any total changes."""
        self.observer: Observer | None = None
        self.by_name: dict[tuple[str, str], dict[int, None]] = {}
        """Indexes of workloads by namespace and base name."""

    def __len__(self) -> int:
        return self._high - len(self._free)

    # ── workloads ──────────────────────────────────────────────────────────────────────────────

    def add_workload(self, make: Callable[[int], Workload]) -> Workload:
        """Register a workload; `make` is given its index."""
        index = self._free_indexes.pop() if self._free_indexes else len(self.workloads)
        made = make(index)
        if index == len(self.workloads):
            self.workloads.append(made)
        else:
            self.workloads[index] = made
        name = (made.namespace, made.base_name)
        self.by_name.setdefault(name, {})[index] = None
        if index >= len(self.totals):
            self.totals = np.vstack([self.totals, np.zeros_like(self.totals)])
        return made

    def retire(self, workload: Workload) -> None:
        """Say that no more pods will be made; its index is free once its last pod is gone."""
        workload.retired = True
        self._forget_if_empty(workload)

    def _forget_if_empty(self, workload: Workload) -> None:
        empty = not self.totals[workload.index].any()
        if workload.retired and empty and self.workloads[workload.index] is workload:
            self.workloads[workload.index] = None
            name = (workload.namespace, workload.base_name)
            self.by_name[name].pop(workload.index)
            if not self.by_name[name]:
                del self.by_name[name]
            self._free_indexes.append(workload.index)

    def workload_at(self, index: int) -> Workload:
        """Return the workload of an index in use."""
        found = self.workloads[index]
        assert found is not None, f"workload {index} is not in use"
        return found

    def living(self) -> Iterator[Workload]:
        """Yield all workloads in use, by index."""
        return (each for each in self.workloads if each is not None)

    def count(self, workload: Workload, *states: int) -> int:
        """Return how many pods of a workload are in any of the states (from running totals)."""
        totals = self.totals[workload.index]
        return int(sum(totals[state] for state in states))

    # ── rows ───────────────────────────────────────────────────────────────────────────────────

    def add(self, workload: Workload, serials: list[int], state: State, now_s: float) -> Rows:
        """Make a pod per serial and return their rows."""
        count = len(serials)
        while self._high + count - len(self._free) > len(self.state):
            self._grow()
        reused = [self._free.pop() for _ in range(min(count, len(self._free)))]
        fresh = count - len(reused)
        rows = np.array([*reused, *range(self._high, self._high + fresh)], dtype=np.int64)
        self._high += fresh
        self.workload[rows] = workload.index
        self.serial[rows] = serials
        self.node[rows] = -1
        self.state[rows] = state
        self.restarts[rows] = 0
        self.created_s[rows] = now_s
        self.ready_s[rows] = NEVER
        self.started_s[rows] = NEVER
        self.ends_s[rows] = NEVER
        self.ended_s[rows] = NEVER
        self.due_s[rows] = NEVER
        self.evict_s[rows] = NEVER
        self.reason[rows] = Reason.NONE
        self.membership += 1
        self.changes += 1
        self._births += 1
        self.birth[rows] = self._births
        self.totals[workload.index, state] += count
        self._touched([workload.index])
        return rows

    def move(self, rows: Rows, state: State, **columns: object) -> None:
        """Change the state of rows (all in use), and in the same breath some of their columns.

        Columns that are set before the move would be seen in what a watcher is told was before it.
        """
        if len(rows) == 0:
            return
        old = None
        if self.observer is not None and state != State.PENDING:  # before that nobody sees them
            old = self.observer.before(rows)
        indexes = self.workload[rows]
        before = self.state[rows]
        first = int(indexes[0])
        if (indexes == first).all() and (before == before[0]).all():
            self.totals[first, before[0]] -= len(rows)
            self.totals[first, state] += len(rows)
            touched = [first]
        else:
            np.subtract.at(self.totals, (indexes, before), 1)
            np.add.at(self.totals[:, int(state)], indexes, 1)
            touched = [int(index) for index in np.unique(indexes)]
        self.state[rows] = state
        for name, values in columns.items():
            getattr(self, name)[rows] = values
        self.changes += 1
        if self.observer is not None:
            self.observer.after(rows, old, "ADDED" if state == State.PENDING else "MODIFIED")
        self._touched(touched)

    def release(self, rows: Rows) -> None:
        """The pods are gone; their rows are free."""
        if len(rows) == 0:
            return
        if self.observer is not None:
            visible = rows[self.state[rows] >= VISIBLE_FROM]
            self.observer.after(visible, self.observer.before(visible), "DELETED")
        indexes = self.workload[rows]
        np.subtract.at(self.totals, (indexes, self.state[rows]), 1)
        self.state[rows] = State.FREE
        self.workload[rows] = -1
        self.due_s[rows] = NEVER
        self.evict_s[rows] = NEVER
        self._free.extend(int(row) for row in rows[::-1])
        self.membership += 1
        self.changes += 1
        touched = [int(index) for index in np.unique(indexes)]
        self._touched(touched)
        for index in touched:
            workload = self.workloads[index]
            if workload is not None and workload.retired:
                self._forget_if_empty(workload)

    def rows_of(self, workload: Workload, *states: int) -> Rows:
        """Return the rows of a workload, in row order; with states given, only those."""
        mine = self.workload[: self._high] == workload.index
        if states:
            mine &= np.isin(self.state[: self._high], states)
        return np.flatnonzero(mine)

    def rows_in(self, *states: int) -> Rows:
        """Return the rows of all workloads in any of the states, in row order."""
        return np.flatnonzero(np.isin(self.state[: self._high], states))

    def rows_on(self, node: int) -> Rows:
        """Return the rows that hold room on a node."""
        here = self.node[: self._high] == node
        return np.flatnonzero(here & np.isin(self.state[: self._high], ON_NODE))

    def rows_on_nodes(self, nodes: npt.NDArray[np.bool_]) -> Rows:
        """Return the rows that hold room on any node of a mask, in row order."""
        node = self.node[: self._high]
        here = np.isin(self.state[: self._high], ON_NODE)
        here[here] = nodes[node[here]]
        return np.flatnonzero(here)

    def outstaying(self, time_s: float | None = None) -> Rows:
        """Return the rows that are to leave their node by a time (None: some day), in row order."""
        due_s = self.evict_s[: self._high]
        return np.flatnonzero(due_s < NEVER if time_s is None else due_s <= time_s)

    def touch(self, rows: Rows) -> None:
        """Say that something about pods changed that is not in their totals."""
        if len(rows):
            self._touched([int(index) for index in np.unique(self.workload[rows])])

    def find(self, workload: Workload, serial: int) -> int | None:
        """Return the row of a pod by its serial, or None; the newest, if an old one still stops."""
        mine = (self.workload[: self._high] == workload.index) & (
            self.serial[: self._high] == serial
        )
        rows = np.flatnonzero(mine)
        return int(rows[self.birth[rows].argmax()]) if len(rows) else None

    def recount(self) -> npt.NDArray[np.int64]:
        """Return the totals counted anew (for checks)."""
        fresh = np.zeros_like(self.totals)
        used = np.flatnonzero(self.state[: self._high] != State.FREE)
        np.add.at(fresh, (self.workload[used], self.state[used]), 1)
        return fresh

    def snapshot(self) -> Columns:
        """Return the columns as they are now."""
        return Columns({name: getattr(self, name).copy() for name in _COLUMNS})

    def _grow(self) -> None:
        for name in _COLUMNS:
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros_like(column)]))
        self.evict_s[self._high :] = NEVER

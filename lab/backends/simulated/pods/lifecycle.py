"""The life of a pod from its creation to its end: what happens to rows when they are due."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.agenda import Agenda
from lab.backends.simulated.api.api_gate import ApiGate
from lab.backends.simulated.pods.kube_scheduler import KubeScheduler
from lab.backends.simulated.pods.kubelet import Kubelets
from lab.backends.simulated.pods.nodes import NodeTable
from lab.backends.simulated.pods.pods import (
    NEVER,
    ON_NODE,
    READY_STATES,
    PodTable,
    Reason,
    Rows,
    State,
)
from lab.backends.simulated.pods.room import Room
from lab.backends.simulated.pods.workload import Workload
from lab.backends.simulated.timings import Timings, untagged
from lab.core.workqueue import TokenBucket

_GRID = ((200, 0.001), (1_000, 0.01), (5_000, 0.1))
"""How fine time is for a member with at most so many pods (s)."""
_COARSEST_S = 1.0
_WRITTEN = (State.CREATING, State.BINDING, State.TERMINATING)
"""States that end with a write to the API server; the others end on the node."""
_STARTED_FROM = (State.STARTING, State.CRASHED, State.RESTARTING)
_WITH_CONTAINERS = (*READY_STATES, State.RUNNING, State.CRASHED, State.RESTARTING)


def _is_one_of(image: str, globs: Sequence[str]) -> bool:
    """Tell whether an image is meant by a glob: by its whole name, or by its name without tag."""
    names = (image, untagged(image))
    return any(fnmatchcase(name, glob) for name in names for glob in globs)


class Lifecycle:
    """Moves rows through their states. Everything a pod will do is a row with a due time."""

    def __init__(
        self,
        agenda: Agenda,
        nodes: NodeTable,
        pods: PodTable,
        timings: Timings,
        chance: Callable[[str], np.random.Generator],
        api: ApiGate,
    ) -> None:
        self._agenda, self._nodes, self.pods, self._timings = agenda, nodes, pods, timings
        self._api = api
        self.room = Room(nodes, pods)
        self.kubelets = Kubelets(len(nodes), timings, chance("pod-start"))
        self.scheduler = KubeScheduler(agenda, nodes, pods, self.room, timings, self._assumed, api)
        self._run_chance = chance("run-time")
        self._stop_chance = chance("termination")
        self._ready_chance = chance("readiness")
        self._creators: dict[str, TokenBucket] = {}
        self._marks = TokenBucket(timings.node_controller_rate, timings.node_controller_burst)
        self._slow: dict[int, tuple[float, float]] = {}
        self._slower, self._later_s = 1.0, 0.0
        self._spoilt: dict[int, str] = {}
        self.on_bound: Callable[[Rows, float], None] = lambda rows, now_s: None
        """Called with pods that have just been bound."""

    # ── what controllers ask for ───────────────────────────────────────────────────────────────

    def create(self, workload: Workload, serials: list[int], now_s: float) -> None:
        """Create pods, in batches of 1, 2, 4, … and within the controller's client rate limit."""
        if not serials:
            return
        rows = self.pods.add(workload, serials, State.CREATING, now_s)
        self._due(rows, np.array(self._creation_times(workload, len(serials), now_s)))

    def _creation_times(self, workload: Workload, count: int, now_s: float) -> list[float]:
        kind = workload.owner.kind if workload.owner else ""
        bucket = self._creators.get(kind)
        if bucket is None:
            rate = self._timings.pod_creation_rate if kind else 0.0
            bucket = self._creators[kind] = TokenBucket(rate, self._timings.pod_creation_burst)
        times: list[float] = []
        batch, begin_s = 1, now_s
        while len(times) < count:
            size = min(batch, count - len(times))
            times += [bucket.reserve(begin_s) for _ in range(size)]
            begin_s = times[-1] + self._timings.slow_start_delay
            batch *= 2
        return times

    def terminate(
        self,
        rows: Rows,
        now_s: float,
        grace_s: float | None = None,
        reason: Reason = Reason.NONE,
    ) -> None:
        """Delete pods: those on a node stop within their grace period, the rest go at once.

        On a dead node nobody stops them: they are there until it returns.
        """
        rows = rows[self.pods.state[rows] != State.TERMINATING] if grace_s != 0 else rows
        if len(rows) == 0:
            return
        on_node = np.isin(self.pods.state[rows], ON_NODE)
        bound = on_node & (self.pods.state[rows] != State.BINDING)
        slow = rows[bound] if grace_s != 0 else rows[:0]
        quick = rows[~bound] if grace_s != 0 else rows
        if len(quick):
            self._gone(quick, now_s)
        if len(slow):
            graces = [
                self.pods.workload_at(int(index)).life.grace_s if grace_s is None else grace_s
                for index in self.pods.workload[slow]
            ]
            lengths = self._timings.termination.draw(len(slow), self._stop_chance)
            self.pods.ended_s[slow] = now_s
            columns = {"reason": reason} if reason else {}
            self.pods.move(slow, State.TERMINATING, evict_s=NEVER, **columns)
            self.pods.ends_s[slow] = NEVER
            alive = self._nodes.alive[self.pods.node[slow]]
            self._due(slow, np.where(alive, now_s + np.minimum(lengths, graces), NEVER))

    def set_min_ready(self, workload: Workload, min_ready_s: float, now_s: float) -> None:
        """Weigh ready pods again: minReadySeconds of the owner may have changed."""
        if workload.min_ready_s == min_ready_s:
            return
        workload.min_ready_s = min_ready_s
        rows = self.pods.rows_of(workload, State.READY, State.AVAILABLE)
        enough = self.pods.ready_s[rows] + min_ready_s <= now_s
        self.pods.move(rows[enough], State.AVAILABLE)
        young = rows[~enough]
        self.pods.move(young, State.READY)
        self.pods.due_s[rows[enough]] = NEVER
        self._due(rows[enough], self.pods.ends_s[rows[enough]])
        available_s = self.pods.ready_s[young] + min_ready_s
        self._due(young, np.minimum(available_s, self.pods.ends_s[young]))

    # ── due rows ───────────────────────────────────────────────────────────────────────────────

    def _due(self, rows: Rows, times_s: npt.NDArray[np.float64]) -> None:
        """Set when rows are due, on the grid; rows due together share one task."""
        if len(rows) == 0:
            return
        now_s = self._agenda.now_s
        step_s = self._step_s()
        on_grid = np.ceil(np.round(times_s / step_s, 6)) * step_s
        due_s = np.round(np.where(times_s <= now_s, now_s, on_grid), 6)
        self.pods.due_s[rows] = due_s
        instants, which = np.unique(due_s, return_inverse=True)
        for at, instant in enumerate(instants):
            if instant == NEVER:
                continue
            batch = rows[which == at] if len(instants) > 1 else rows
            self._agenda.at(float(instant), lambda now_s, batch=batch: self._play(batch, now_s))  # type: ignore[misc]

    def _step_s(self) -> float:
        if self._timings.resolution is not None:
            return max(self._timings.resolution, 1e-6)
        count = len(self.pods)
        return next((step_s for most, step_s in _GRID if count <= most), _COARSEST_S)

    def _play(self, rows: Rows, now_s: float) -> None:
        rows = rows[self.pods.due_s[rows] == now_s]
        self.pods.due_s[rows] = NEVER
        states = self.pods.state[rows]
        for state in np.unique(states):
            batch = rows[states == state]
            if state in _WRITTEN and self._waits(batch, int(state)):
                continue
            if state == State.CREATING:
                self.created(batch, now_s)
            elif state == State.BINDING:
                self._bound(batch, now_s)
            elif state in _STARTED_FROM:
                self._started(batch, now_s)
            elif state == State.TERMINATING:
                self._gone(batch, now_s)
            elif state == State.BAD_IMAGE:
                self._pull_again(batch, now_s)
            else:
                ended = self.pods.ends_s[batch] <= now_s
                self._ended(batch[ended], now_s)
                self._riper(batch[~ended], int(state), now_s)

    def _waits(self, rows: Rows, state: int) -> bool:
        """Keep rows for later while the API server is down; tell whether they were kept."""
        return self._api.hold(self._later(rows), of_node=state == State.TERMINATING)

    def _later(self, rows: Rows) -> Callable[[float], None]:
        """Return what plays rows, unless they are other pods by then."""
        births, states = self.pods.birth[rows], self.pods.state[rows]

        def play(now_s: float) -> None:
            same = (self.pods.birth[rows] == births) & (self.pods.state[rows] == states)
            self._due(rows[same], np.full(int(same.sum()), now_s))

        return play

    def created(self, rows: Rows, now_s: float) -> None:
        """The objects of the pods are there: the scheduler sees them."""
        self.pods.created_s[rows] = now_s
        self.pods.move(rows, State.PENDING)
        self.scheduler.enqueue(rows, now_s)

    def _assumed(self, rows: Rows, times_s: list[float]) -> None:
        self._due(rows, np.array(times_s))

    def _bound(self, rows: Rows, now_s: float) -> None:
        for workload, batch in self._by_workload(rows):
            bad_image = self.bad_image(workload)
            if bad_image:
                workload.bad_image = bad_image
                self.pods.started_s[batch] = now_s  # since when it has been trying
                self.pods.move(batch, State.BAD_IMAGE)
                continue
            self.pods.move(batch, State.STARTING)
            self._start(workload, batch[self._nodes.alive[self.pods.node[batch]]], now_s)
        self.on_bound(rows, now_s)

    def _start(self, workload: Workload, rows: Rows, now_s: float) -> None:
        """Kubelets make the containers of pods."""
        if len(rows):
            times = self.kubelets.running_times(workload.life, self.pods.node[rows], now_s)
            self._due(rows, now_s + (times - now_s) * self._slower + self._later_s)

    def _started(self, rows: Rows, now_s: float) -> None:
        self.pods.started_s[rows] = now_s
        for workload, batch in self._by_workload(rows):
            life = workload.life
            if life.run_for is not None:
                lengths = life.run_for.draw(len(batch), self._run_chance)
                self.pods.ends_s[batch] = np.round(now_s + lengths, 6)
            delays = self._timings.readiness_delay.draw(len(batch), self._ready_chance)
            delays = (delays + life.ready_after_s) * self._slower
            at_once = delays == 0
            self._ready(batch[at_once], workload, now_s)
            later = batch[~at_once]
            self.pods.move(later, State.RUNNING)
            self._due(later, np.minimum(now_s + delays[~at_once], self.pods.ends_s[later]))

    def _riper(self, rows: Rows, state: int, now_s: float) -> None:
        for workload, batch in self._by_workload(rows):
            if state == State.RUNNING:
                self._ready(batch, workload, now_s)
            elif state == State.READY:
                self.pods.move(batch, State.AVAILABLE)
                self._due(batch, self.pods.ends_s[batch])

    def _ready(self, rows: Rows, workload: Workload, now_s: float) -> None:
        if len(rows) == 0:
            return
        if workload.min_ready_s > 0:
            self.pods.move(rows, State.READY, ready_s=now_s)
            available_s = np.full(len(rows), now_s + workload.min_ready_s)
            self._due(rows, np.minimum(available_s, self.pods.ends_s[rows]))
        else:
            self.pods.move(rows, State.AVAILABLE, ready_s=now_s)
            self._due(rows, self.pods.ends_s[rows])

    def _ended(self, rows: Rows, now_s: float) -> None:
        """Containers ended by themselves: finished, or restarted after the back-off."""
        for workload, batch in self._by_workload(rows):
            life = workload.life
            ran_s = now_s - self.pods.started_s[batch]
            times = {"ready_s": NEVER, "ends_s": NEVER, "ended_s": now_s}
            good = life.exit_code == 0
            if life.restart_policy == "Never" or (good and life.restart_policy == "OnFailure"):
                self.room.give(batch)
                self.pods.move(batch, State.SUCCEEDED if good else State.FAILED, **times)
                self.scheduler.wake(now_s)
                continue
            back_off = self.kubelets.restart_delays(self.pods.restarts[batch])
            back_off = np.where(ran_s >= self._timings.back_off_reset, 0.0, back_off)
            restarts = np.minimum(self.pods.restarts[batch], 65_534) + 1
            self.pods.move(batch, State.CRASHED, restarts=restarts, reason=Reason.NONE, **times)
            self._due(batch, now_s + back_off)

    # ── what faults bend ───────────────────────────────────────────────────────────────────────

    def slow_down(self, number: int, factor: float, delay_s: float) -> None:
        """Let pods that start from now on take longer, until `speed_up`."""
        self._slow[number] = (factor, delay_s)
        self._weigh_slowness()

    def speed_up(self, number: int) -> None:
        """Take back what `slow_down` of a number did."""
        self._slow.pop(number, None)
        self._weigh_slowness()

    def _weigh_slowness(self) -> None:
        self._slower = math.prod(factor for factor, _ in self._slow.values())
        self._later_s = sum(delay_s for _, delay_s in self._slow.values())

    def spoil(self, number: int, image: str) -> None:
        """Let an image (a glob) not be pulled by new pods, until `mend`."""
        self._spoilt[number] = image

    def mend(self, number: int, now_s: float) -> None:
        """The image can be pulled again: pods that wait for it try when their back-off is over."""
        self._spoilt.pop(number, None)
        rows = self.pods.rows_in(State.BAD_IMAGE)
        rows = rows[self._nodes.alive[self.pods.node[rows]]]
        for workload, batch in self._by_workload(rows):
            if not self.bad_image(workload):
                tries = self.kubelets.next_tries(self.pods.started_s[batch], now_s)
                self._due(batch, tries)

    def bad_image(self, workload: Workload) -> str:
        """Return the image of a workload's pods that cannot be pulled now, or ''."""
        if workload.life.bad_image or not self._spoilt:
            return workload.life.bad_image
        globs = tuple(self._spoilt.values())
        return next((each for each in workload.life.images if _is_one_of(each, globs)), "")

    def _pull_again(self, rows: Rows, now_s: float) -> None:
        for workload, batch in self._by_workload(rows):
            if not self.bad_image(workload):
                self.pods.move(batch, State.STARTING, started_s=NEVER)
                self._start(workload, batch, now_s)

    # ── machines ───────────────────────────────────────────────────────────────────────────────

    def machines_lost(self, nodes: npt.NDArray[np.bool_], now_s: float) -> None:
        """Machines (a mask) stop with all their containers; the API server knows nothing of it."""
        pods = self.pods
        rows = pods.rows_on_nodes(nodes)
        rows = rows[pods.state[rows] != State.BINDING]
        pods.ends_s[rows] = pods.due_s[rows] = NEVER
        young = rows[pods.state[rows] == State.READY]  # minReadySeconds goes on: nobody knows yet
        for workload, batch in self._by_workload(young):
            self._due(batch, np.maximum(pods.ready_s[batch] + workload.min_ready_s, now_s))
        pods.touch(rows)

    def not_ready(self, nodes: npt.NDArray[np.bool_], now_s: float) -> None:
        """The cluster noticed that nodes are gone: one by one their pods count as not ready."""
        rows = self.pods.rows_on_nodes(nodes)
        rows = rows[np.isin(self.pods.state[rows], READY_STATES)]
        rows = rows[np.argsort(self.pods.node[rows], kind="stable")]
        self.paced(self._marks, rows, now_s, self._mark_not_ready)

    def _mark_not_ready(self, rows: Rows, now_s: float) -> None:
        gone = ~self._nodes.ready[self.pods.node[rows]]
        rows = rows[gone & np.isin(self.pods.state[rows], READY_STATES)]
        self.pods.move(rows, State.RUNNING)
        self.pods.due_s[rows] = NEVER

    def paced(
        self,
        bucket: TokenBucket,
        rows: Rows,
        now_s: float,
        act: Callable[[Rows, float], None],
    ) -> None:
        """Act on pods as fast as a controller's client may write; gone ones are left out."""
        times_s = np.array([bucket.reserve(now_s) for _ in rows])
        step_s = self._step_s()
        on_grid = np.round(np.ceil(np.round(times_s / step_s, 6)) * step_s, 6)
        times_s = np.where(times_s <= now_s, now_s, on_grid)
        for instant in np.unique(times_s):
            batch = rows[times_s == instant]
            if instant <= now_s:
                act(batch, now_s)
            else:
                self._agenda.at(float(instant), self._if_there(batch, act))

    def _if_there(self, rows: Rows, act: Callable[[Rows, float], None]) -> Callable[[float], None]:
        births = self.pods.birth[rows]

        def later(now_s: float) -> None:
            if not self._api.hold(later):
                there = self.pods.state[rows] != State.FREE
                act(rows[there & (self.pods.birth[rows] == births)], now_s)

        return later

    def machines_back(self, nodes: npt.NDArray[np.bool_], now_s: float) -> None:
        """Machines run again: stopped pods end, all others get new containers."""
        pods = self.pods
        rows = pods.rows_on_nodes(nodes)
        stopping = rows[pods.state[rows] == State.TERMINATING]
        self._due(stopping, np.full(len(stopping), now_s))
        for workload, batch in self._by_workload(rows[pods.state[rows] == State.STARTING]):
            self._start(workload, batch, now_s)
        self._pull_again(rows[pods.state[rows] == State.BAD_IMAGE], now_s)
        had = rows[np.isin(pods.state[rows], _WITH_CONTAINERS)]
        for workload, batch in self._by_workload(had):
            times = {"ready_s": NEVER, "ends_s": NEVER, "ended_s": now_s}
            if workload.life.restart_policy == "Never":
                self.fail(batch, Reason.REBOOT, now_s)
                continue
            restarts = np.minimum(pods.restarts[batch], 65_534) + 1
            pods.due_s[batch] = NEVER
            pods.move(batch, State.RESTARTING, restarts=restarts, reason=Reason.REBOOT, **times)
            self._start(workload, batch, now_s)

    def fail(self, rows: Rows, reason: Reason, now_s: float) -> None:
        """Kubelets end pods for good; their objects stay."""
        self.room.give(rows)
        self.pods.due_s[rows] = NEVER
        times = {"ready_s": NEVER, "ends_s": NEVER, "ended_s": now_s, "evict_s": NEVER}
        self.pods.move(rows, State.FAILED, reason=reason, **times)
        if len(rows):
            self.scheduler.wake(now_s)

    def _gone(self, rows: Rows, now_s: float) -> None:
        held = rows[np.isin(self.pods.state[rows], ON_NODE)]
        self.room.give(held)
        self.pods.release(rows)
        if len(held):
            self.scheduler.wake(now_s)

    def _by_workload(self, rows: Rows) -> list[tuple[Workload, Rows]]:
        if len(rows) == 0:
            return []
        indexes = self.pods.workload[rows]
        first = int(indexes[0])
        if (indexes == first).all():
            return [(self.pods.workload_at(first), rows)]
        return [
            (self.pods.workload_at(int(index)), rows[indexes == index])
            for index in np.unique(indexes)
        ]

"""kube-scheduler: one pod after another onto the best node that has room; the rest wait.

Modelled on its default plug-ins: NodeUnschedulable, NodeName, TaintToleration, NodeAffinity and
NodeResourcesFit filter, and hard rules about other pods (neighbours); spreading over zones and
nodes, and least allocated, score. Not modelled: preemption, preferences, volumes, ports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.agenda import Agenda
from lab.backends.simulated.api.api_gate import ApiGate
from lab.backends.simulated.pods.demand import Demand
from lab.backends.simulated.pods.neighbours import HELPLESS, Neighbours
from lab.backends.simulated.pods.nodes import NodeTable, marked_taints
from lab.backends.simulated.pods.pods import ON_NODE, PodTable, Rows, State
from lab.backends.simulated.pods.room import Room
from lab.backends.simulated.pods.tolerations import default_tolerations
from lab.backends.simulated.pods.workload import Workload
from lab.backends.simulated.timings import Timings
from lab.core.taints import Taint
from lab.core.workqueue import TokenBucket

_CORDON = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
_AFFINITY = "node(s) didn't match Pod's node affinity/selector"


@dataclass(slots=True)
class _Waiting:
    """Pods of one workload that fit nowhere, in the order they came."""

    rows: list[int] = field(default_factory=list)
    attempts: int = 0
    last_s: float = 0.0


class KubeScheduler:
    """Pending rows go in, bindings come out through `bound(rows, times)`."""

    def __init__(
        self,
        agenda: Agenda,
        nodes: NodeTable,
        pods: PodTable,
        room: Room,
        timings: Timings,
        bound: Callable[[Rows, list[float]], None],
        api: ApiGate,
    ) -> None:
        self._api = api
        self._agenda, self._nodes, self._pods, self._room = agenda, nodes, pods, room
        self._timings, self._bound = timings, bound
        self._neighbours = Neighbours(nodes, pods)
        self._queue: list[int] = []
        self._waiting: dict[int, _Waiting] = {}
        self.messages: dict[int, str] = {}
        """Why pods of a workload (by index) are pending."""
        self._planned_s: float | None = None
        self._decided_s = float("-inf")
        self._binds = TokenBucket(timings.bind_rate, timings.bind_burst)
        self._eligible: dict[Demand, npt.NDArray[np.bool_]] = {}
        self._eligible_key: tuple[bytes, ...] = ()
        self._eligible_version = -1

    def enqueue(self, rows: Rows, now_s: float) -> None:
        """Take pods that have just been created."""
        self._queue.extend(int(row) for row in rows)
        self._plan(now_s + self._timings.scheduler_delay)

    def wake(self, now_s: float) -> None:
        """Room was freed or a node changed: pods that wait are tried again after their back-off."""
        for waiting in self._waiting.values():
            retry_s = self._retry_s(waiting)
            self._plan(max(now_s + self._timings.scheduler_delay, retry_s))

    def _wake_affine(self, now_s: float) -> None:
        """A pod was placed: pods that wait for such a neighbour are tried again."""
        for index, waiting in self._waiting.items():
            if self._neighbours.rules(self._pods.workload_at(index)).affinity:
                self._plan(max(now_s + self._timings.scheduler_delay, self._retry_s(waiting)))

    def _retry_s(self, waiting: _Waiting) -> float:
        """Return from when on waiting pods may be tried again (s, whole microseconds)."""
        first, most = self._timings.scheduler_back_off_initial, self._timings.scheduler_back_off_max
        back_off_s = min(most, first * 2.0 ** min(waiting.attempts - 1, 30))
        return round(waiting.last_s + back_off_s, 6)

    def _plan(self, due_s: float) -> None:
        due_s = round(due_s, 6)
        if self._planned_s is None or due_s < self._planned_s:
            self._planned_s = due_s
            self._agenda.at(due_s, self._run)

    def _run(self, now_s: float) -> None:
        if self._planned_s is None or now_s < self._planned_s:
            return  # planned for later than first thought, or done already
        if self._api.hold(self._run):
            return
        self._planned_s = None
        later_s = float("inf")
        batches: list[tuple[Workload, list[int]]] = []
        for index, waiting in list(self._waiting.items()):
            retry_s = self._retry_s(waiting)
            if retry_s > now_s:
                later_s = min(later_s, retry_s)
                continue
            rows = self._still_pending(waiting.rows, index)
            if rows:
                batches.append((self._pods.workload_at(index), rows))
            waiting.rows = []
            if not rows:
                del self._waiting[index]
        # A row that a new pod got while the old one stood in the queue stands there twice.
        known = {row for _, rows in batches for row in rows}
        for row in self._queue:
            if self._pods.state[row] != State.PENDING or row in known:
                continue
            known.add(row)
            index = int(self._pods.workload[row])
            if batches and batches[-1][0].index == index:
                batches[-1][1].append(row)
            else:
                batches.append((self._pods.workload_at(index), [row]))
        self._queue = []
        for workload, rows in batches:
            self._place(workload, rows, now_s)
        if later_s != float("inf"):
            self._plan(later_s)

    def _still_pending(self, rows: list[int], index: int) -> list[int]:
        pods = self._pods
        return [r for r in rows if pods.state[r] == State.PENDING and pods.workload[r] == index]

    def _place(self, workload: Workload, rows: list[int], now_s: float) -> None:
        """Choose a node for each row; those left over wait, with the reason."""
        chosen = self._choose(workload, rows)
        placed = np.array(rows[: len(chosen)], dtype=np.int64)
        if len(chosen):
            self._pods.node[placed] = chosen
            self._pods.move(placed[self._pods.state[placed] == State.PENDING], State.BINDING)
            self._wake_affine(now_s)
            self._bound(placed, [self._bind_time(now_s) for _ in chosen])
        left = rows[len(chosen) :]
        if not left:
            waiting = self._waiting.get(workload.index)
            if waiting is not None and not waiting.rows:
                del self._waiting[workload.index]
            self.messages.pop(workload.index, None)
            return
        waiting = self._waiting.setdefault(workload.index, _Waiting())
        known = set(waiting.rows)
        waiting.rows.extend(row for row in left if row not in known)
        waiting.attempts = 1 if len(chosen) else waiting.attempts + 1
        waiting.last_s = now_s
        self.messages[workload.index] = self.explain(workload)

    def _bind_time(self, now_s: float) -> float:
        if self._timings.scheduler_rate > 0:
            self._decided_s = max(self._decided_s, now_s) + 1.0 / self._timings.scheduler_rate
            now_s = max(now_s, self._decided_s)
        return self._binds.reserve(now_s)

    def _choose(self, workload: Workload, rows: list[int]) -> list[int]:
        nodes, demand = self._nodes, workload.demand
        if len(nodes) == 0:
            return []
        if workload.naming == "pinned":
            return self._pinned(workload, rows)
        if self._neighbours.apply_to(workload):
            return self._choose_with_neighbours(workload, rows)
        open_ = self.eligible(demand) & self._room.fits(demand)
        score = self._score(workload)
        score[~open_] = -np.inf
        zones, zone_sizes = self._zones()
        chosen: list[int] = []
        for _ in rows:
            best = int(score.argmax())
            if score[best] == -np.inf:
                break
            chosen.append(best)
            self._room.take(demand, best)
            if not self._room.fits_on(demand, best):
                score[best] = -np.inf
            score[best] -= 1.0
            if len(zone_sizes) > 1:
                score[zones == zones[best]] -= 1.0 / zone_sizes[zones[best]]
        return chosen

    def _choose_with_neighbours(self, workload: Workload, rows: list[int]) -> list[int]:
        """Choose where rules about other pods hold: each pod placed changes them for the next."""
        demand = workload.demand
        chosen: list[int] = []
        eligible = self.eligible(demand)
        for row in rows:
            out = self._neighbours.keep_out(workload, eligible)
            score = self._score(workload)
            score[~(eligible & self._room.fits(demand) & ~out)] = -np.inf
            best = int(score.argmax())
            if score[best] == -np.inf:
                break
            chosen.append(best)
            self._room.take(demand, best)
            placed = np.array([row], dtype=np.int64)
            self._pods.node[placed] = best
            self._pods.move(placed, State.BINDING)  # at once: it is a neighbour now
        return chosen

    def _pinned(self, workload: Workload, rows: list[int]) -> list[int]:
        """Put pods of a DaemonSet where they belong; those that fit come first in `rows`."""
        demand = workload.demand
        open_ = self.eligible(demand)
        chosen: list[int] = []
        left: list[int] = []
        for row in list(rows):
            node = int(self._pods.serial[row]) % workload.span
            if open_[node] and self._room.fits_on(demand, node):
                self._room.take(demand, node)
                chosen.append(node)
                rows[len(chosen) - 1] = row
            else:
                left.append(row)
        rows[len(chosen) :] = left
        return chosen

    def _score(self, workload: Workload) -> npt.NDArray[np.float64]:
        """Few pods of the same workload on node and zone first, then much free cpu and memory."""
        nodes, pods = self._nodes, self._pods
        size = np.maximum(nodes.pool_allocatable[nodes.pool_of, :2].T, 1)
        # Pods without requests weigh nothing in `free`, so the number of pods counts a little too.
        room = np.maximum(nodes.pool_allocatable[nodes.pool_of, 2], 1)
        score: npt.NDArray[np.float64] = (nodes.free[:2] / size).mean(axis=0) * 0.5
        score += nodes.free[2] / room * 0.25
        mine = pods.rows_of(workload, *ON_NODE)
        if len(mine):
            own = np.bincount(pods.node[mine], minlength=len(nodes))
            score -= own
            zones, zone_sizes = self._zones()
            if len(zone_sizes) > 1:
                score -= (np.bincount(zones, weights=own) / zone_sizes)[zones]
        return score

    def _zones(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        names: dict[str, int] = {}
        key = "topology.kubernetes.io/zone"
        of_class = np.array(
            [names.setdefault(dict(c.labels).get(key, ""), len(names)) for c in self._nodes.classes]
        )
        zones = of_class[self._nodes.class_of]
        return zones, np.maximum(np.bincount(zones, minlength=len(names)), 1)

    def eligible(self, demand: Demand) -> npt.NDArray[np.bool_]:
        """Return per node whether everything but room admits such a pod."""
        nodes = self._nodes
        if self._eligible_version != nodes.version:
            self._eligible_version = nodes.version
            columns = (nodes.class_of, nodes.marks, nodes.unschedulable, nodes.exists)
            key = tuple(column.tobytes() for column in columns)
            if key != self._eligible_key:
                self._eligible.clear()
                self._eligible_key = key
        known = self._eligible.get(demand)
        if known is None:
            which, texts = self._refusals(demand)
            admitted = np.array([not text for text in texts], dtype=bool)
            known = self._eligible[demand] = admitted[which]
        return known

    def stays(self, demand: Demand) -> npt.NDArray[np.bool_]:
        """Return per node whether such a pod may stay if it is there: NoExecute taints count."""
        kinds, which = self._node_kinds()
        tolerated = []
        for class_index, marks, _ in kinds:
            taints = (*self._nodes.classes[class_index].taints, *marked_taints(marks))
            hard = [taint for taint in taints if taint.effect == "NoExecute"]
            tolerated.append(demand.untolerated(hard) is None)
        return np.array(tolerated, dtype=bool)[which] & self._nodes.exists

    def matches(self, demand: Demand) -> npt.NDArray[np.bool_]:
        """Return per node whether name, selector and affinity admit such a pod; taints aside."""
        nodes = self._nodes
        if demand.node_name or demand.reads_names:
            found = [
                demand.node_name in ("", name) and demand.admits_labels(nodes.labels(row), name)
                for row, name in enumerate(nodes.names)
            ]
            return np.array(found, dtype=bool) & nodes.exists
        of_class = [demand.admits_labels(dict(each.labels), "") for each in nodes.classes]
        return np.array(of_class, dtype=bool)[nodes.class_of] & nodes.exists

    def _node_kinds(self) -> tuple[list[tuple[int, int, bool]], npt.NDArray[np.int64]]:
        """Return the (class, marks, cordoned) that occur, and per node which one it has."""
        nodes = self._nodes
        codes = nodes.class_of.astype(np.int64) << 9
        codes |= nodes.marks.astype(np.int64) << 1
        codes |= nodes.unschedulable
        values, which = np.unique(codes, return_inverse=True)
        kinds = [(code >> 9, code >> 1 & 255, bool(code & 1)) for code in values.tolist()]
        return kinds, which.reshape(-1)

    def _refusals(self, demand: Demand) -> tuple[npt.NDArray[np.int64], list[str]]:
        """Return per node which text says why other things than room keep such a pod out.

        An empty text stands for nothing, "gone" for a node that does not exist.
        """
        nodes = self._nodes
        kinds, which = self._node_kinds()
        texts = [self._refusal(demand, *kind) for kind in kinds]
        if not nodes.exists.all():
            which = np.where(nodes.exists, which, len(texts))
            texts.append("gone")
        if demand.node_name:
            which = which.copy()
            other = np.arange(len(nodes)) != nodes.rows.get(demand.node_name, -1)
            cordoned = np.array(["unschedulable" in text for text in texts], dtype=bool)[which]
            which[other & nodes.exists & ~cordoned] = len(texts)
            texts.append("node(s) didn't match the requested node name")
        if demand.reads_names:
            which = which.copy()
            admitted = np.array([not text for text in texts], dtype=bool)[which]
            for row in np.flatnonzero(admitted):
                if not demand.admits_labels(nodes.labels(int(row)), nodes.names[row]):
                    which[row] = len(texts)
            texts.append(_AFFINITY)
        return which, texts

    def _refusal(self, demand: Demand, class_index: int, marks: int, cordoned: bool) -> str:
        if cordoned and demand.untolerated((_CORDON,)) is not None:
            return "node(s) were unschedulable"
        node_class = self._nodes.classes[class_index]
        taints = (*node_class.taints, *marked_taints(marks))
        added = default_tolerations(demand.tolerations, self._timings)
        taint = demand.untolerated(
            [each for each in taints if not any(own.tolerates(each) for own in added)]
        )
        if taint is not None:
            return f"node(s) had untolerated taint {{{taint.key}: {taint.value}}}"
        if not demand.reads_names and not demand.admits_labels(dict(node_class.labels), ""):
            return _AFFINITY
        return ""

    def explain(self, workload: Workload) -> str:
        """Return the text of a pod's PodScheduled condition, as kube-scheduler writes it."""
        nodes, demand = self._nodes, workload.demand
        count = int(nodes.exists.sum())
        if not count:
            return "no nodes available to schedule pods"
        reasons: Counter[str] = Counter()
        helpless = 0
        at, needs = self._room.need(demand)
        rules = self._neighbours.refusals(workload, self.eligible(demand))
        which, texts = self._refusals(demand)
        for row, text_index in enumerate(which.tolist()):
            reason = texts[text_index]
            if reason == "gone":
                continue
            if reason:
                reasons[reason] += 1
                helpless += 1
                continue
            short = np.flatnonzero(nodes.free[at, row] < needs)
            for index in at[short]:
                name = nodes.resources[int(index)]
                reasons["Too many pods" if name == "pods" else f"Insufficient {name}"] += 1
            if not len(short):
                rule = next((why for why, mask in rules if mask[row]), "")
                if rule:
                    reasons[rule] += 1
                    helpless += rule in HELPLESS
        why = ", ".join(sorted(f"{number} {reason}" for reason, number in reasons.items()))
        preemption: Counter[str] = Counter()
        if helpless:
            preemption["Preemption is not helpful for scheduling"] = helpless
        if count - helpless:
            preemption["No preemption victims found for incoming pod"] = count - helpless
        tail = ", ".join(sorted(f"{number} {reason}" for reason, number in preemption.items()))
        return (
            f"0/{count} nodes are available: {why}. "
            f"preemption: 0/{count} nodes are available: {tail}."
        )

"""The truth of service: how many pods of every workload really serve, whatever the API says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.pods.pods import ACTIVE, READY_STATES
from lab.backends.simulated.pods.workload import Workload
from lab.backends.simulated.workbench import Workbench, controller_of
from lab.backends.simulated.workloads.replica_sets import replicas_of
from lab.core.manifest import get_in, is_deleting, namespace_of, spec_of, status_of
from lab.core.model import Key, key_of
from lab.store.changes import Change

_KINDS = (
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
)
_SCALED = ("Deployment", "ReplicaSet", "StatefulSet")


@dataclass(frozen=True, slots=True)
class ServiceCount:
    """How one top-level workload of a cluster stands.

    Attributes:
        desired: Pods it is to have.
        ready: Pods that the cluster's API shows as ready.
        serving: Ready pods whose containers and node really run.
    """

    desired: int
    ready: int
    serving: int


Listener = Callable[[float, Key, ServiceCount], None]
NOTHING = ServiceCount(0, 0, 0)


class Service:
    """Counts on demand; with listeners, tells of every change once an instant is over."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self.listeners: list[Listener] = []
        self._tops: dict[int, tuple[Workload, Key]] = {}
        self._members: dict[Key, dict[int, None]] = {}
        self._dirty: dict[Key, None] = {}
        self._last: dict[Key, ServiceCount] = {}
        self._planned = False
        self._told_us = -1
        self._shown: npt.NDArray[np.int64] | None = None
        """Totals as the API server last knew them, while it is down."""
        bench.pod_listeners.append(self._touched)
        bench.node_listeners.append(self._nodes_changed)
        bench.api.on_shut.append(self._shut)
        bench.api.on_open.append(self._opened)
        for api_version, kind in _KINDS:
            if bench.store.kinds.get(api_version, kind) is not None:
                bench.store.listen(self._changed, api_version, kind)

    # ── asking ─────────────────────────────────────────────────────────────────────────────────

    def counts(self) -> Mapping[Key, ServiceCount]:
        """Return the count of every top-level workload there is, by key."""
        store = self._bench.store
        keys: dict[Key, None] = {}
        for api_version, kind in _KINDS:
            if store.kinds.get(api_version, kind) is None:
                continue
            for each in store.list(api_version, kind):
                if controller_of(each) is None:
                    keys[key_of(each, self._bench.name)] = None
        for workload in self._bench.pods.living():
            keys[self._top(workload)] = None
        serving = self._serving()
        return {key: self._count(key, serving) for key in sorted(keys)}

    def _serving(self) -> npt.NDArray[np.int64]:
        """Return per workload index how many ready pods are on machines that run."""
        pods, alive = self._bench.pods, self._bench.nodes.alive
        ready: npt.NDArray[np.int64] = pods.totals[:, list(READY_STATES)].sum(axis=1)
        if not alive.all():
            rows = pods.rows_in(*READY_STATES)
            dead = rows[~alive[pods.node[rows]]]
            ready -= np.bincount(pods.workload[dead], minlength=len(ready))
        return ready

    def _count(self, key: Key, serving: npt.NDArray[np.int64]) -> ServiceCount:
        pods = self._bench.pods
        shown = pods.totals if self._shown is None else self._shown
        ready = served = 0
        for index in list(self._members.get(key, ())):
            known = self._tops[index]
            if pods.workloads[index] is not known[0]:
                self._forget(index)
                continue
            served += int(serving[index])
            if index < len(shown):
                ready += int(shown[index, list(READY_STATES)].sum())
        return ServiceCount(self._desired(key), ready, served)

    def _desired(self, key: Key) -> int:
        bench = self._bench
        if key.kind == "Pod":
            return self._active(key)
        found = bench.store.find(key)
        if found is None or is_deleting(found):
            return 0
        if key.kind in _SCALED:
            return replicas_of(found)
        if key.kind == "DaemonSet":
            demands = [self._tops[index][0].demand for index in self._members.get(key, ())]
            if not demands:
                return int(status_of(found).get("desiredNumberScheduled") or 0)
            return int(bench.lifecycle.scheduler.eligible(demands[-1]).sum())
        if key.kind == "Job":
            spec = spec_of(found)
            if spec.get("suspend") or any(
                each.get("type") in ("Complete", "Failed") and each.get("status") == "True"
                for each in status_of(found).get("conditions") or ()
            ):
                return 0
            wanted = spec.get("parallelism")
            wanted = 1 if wanted is None else int(wanted)
            total = spec.get("completions")
            if total is None and spec.get("parallelism") is not None:
                return wanted
            done = int(status_of(found).get("succeeded") or 0)
            return max(0, min(wanted, (1 if total is None else int(total)) - done))
        return self._active(key)

    def _active(self, key: Key) -> int:
        """Return how many pods there are that have not ended; for what has no number of its own."""
        pods = self._bench.pods
        members = [self._tops[index][0] for index in self._members.get(key, ())]
        return sum(
            pods.count(each, *ACTIVE) for each in members if pods.workloads[each.index] is each
        )

    # ── whose pods are whose ───────────────────────────────────────────────────────────────────

    def _top(self, workload: Workload) -> Key:
        """Return the top-level workload that a workload's pods belong to."""
        known = self._tops.get(workload.index)
        if known is not None and known[0] is workload:
            return known[1]
        if known is not None:
            self._forget(workload.index)
        key = self._find_top(workload)
        self._tops[workload.index] = (workload, key)
        self._members.setdefault(key, {})[workload.index] = None
        return key

    def _find_top(self, workload: Workload) -> Key:
        bench, owner = self._bench, workload.owner
        if owner is None:
            return Key(bench.name, "v1", "Pod", workload.namespace, workload.base_name)
        key = Key(bench.name, owner.api_version, owner.kind, owner.namespace, owner.name)
        while (found := bench.store.find(key)) is not None:
            above = controller_of(found)
            if above is None:
                break
            api_version, kind = str(above.get("apiVersion")), str(above.get("kind"))
            key = Key(bench.name, api_version, kind, namespace_of(found), str(above.get("name")))
        return key

    def _forget(self, index: int) -> None:
        _, key = self._tops.pop(index)
        self._members[key].pop(index)
        if not self._members[key]:
            del self._members[key]

    # ── telling ────────────────────────────────────────────────────────────────────────────────

    def _touched(self, indexes: list[int]) -> None:
        for index in indexes:
            workload = self._bench.pods.workloads[index]
            if workload is not None:
                top = self._top(workload)
                if self.listeners:
                    self._soil(top)

    def _changed(self, change: Change) -> None:
        if not self.listeners or controller_of(change.object) is not None:
            return
        old, new = change.old, change.object
        if (
            change.type != "MODIFIED"
            or old is None
            or get_in(old, ("spec",)) is not get_in(new, ("spec",))
            or change.object.get("kind") in ("Job", "DaemonSet")
            or is_deleting(old) != is_deleting(new)
        ):
            self._soil(key_of(new, self._bench.name))

    def _nodes_changed(self) -> None:
        if self.listeners:
            for key in list(self._last):
                if key.kind == "DaemonSet":
                    self._soil(key)

    def _shut(self, now_s: float) -> None:
        self._shown = self._bench.pods.totals.copy()

    def _opened(self, now_s: float) -> None:
        self._shown = None
        if self.listeners:
            for key in list(self._members):
                self._soil(key)

    def _soil(self, key: Key) -> None:
        self._dirty[key] = None
        if self._planned:
            return
        self._planned = True
        now_s = self._bench.agenda.now_s
        again = round(now_s * 1e6) <= self._told_us
        self._bench.agenda.at(now_s + (1e-6 if again else 0.0), self._tell)

    def _tell(self, now_s: float) -> None:
        dirty, self._dirty, self._planned = self._dirty, {}, False
        self._told_us = round(now_s * 1e6)
        serving = self._serving()
        for key in dirty:
            count = self._count(key, serving)
            if count == self._last.get(key, NOTHING):
                continue
            self._last[key] = count
            if count == NOTHING and key not in self._members:
                del self._last[key]
            for listener in self.listeners:
                listener(now_s, key, count)

"""Pods as a virtual collection: rows are rendered when read, edits go back into the rows."""

from __future__ import annotations

import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from lab.backends.simulated.pods.pod_view import PodFacts, render_pod
from lab.backends.simulated.pods.pods import NEVER, VISIBLE_FROM, Columns, Rows, State
from lab.backends.simulated.pods.tolerations import default_tolerations
from lab.backends.simulated.pods.workload import Workload, new_workload
from lab.backends.simulated.workbench import Workbench
from lab.core.errors import ApiError
from lab.core.manifest import Manifest, get_in, name_of, namespace_of
from lab.core.selectors import Selector
from lab.store.virtual import Announcer, FieldTerms, Row

_SPACE = uuid.UUID("6f0e4a0c-30a1-5d52-9f62-2c3a3b6d9e11")
_PER_POD_LABELS = (
    "apps.kubernetes.io/pod-index",
    "statefulset.kubernetes.io/pod-name",
    "batch.kubernetes.io/job-completion-index",
)


class PodCollection:
    """The v1 Pods of a member."""

    api_version = "v1"
    kind = "Pod"

    def __init__(self, bench: Workbench, seed: str) -> None:
        self._bench, self._seed = bench, seed
        self._pods = bench.pods
        self._announcer: Announcer | None = None
        self._edits: dict[tuple[int, int], Mapping[str, Any]] = {}
        self._names: list[tuple[str, str, int]] = []
        self._names_at = -1
        self._shown: Columns | None = None
        """What the API server last knew, while it is down."""
        self._unwritten: dict[int, None] = {}
        bench.api.on_shut.append(self._shut)
        bench.api.on_open.append(self._opened)

    def announce_to(self, announcer: Announcer) -> None:
        """Tell an API server of changes from now on."""
        self._announcer = announcer
        self._pods.observer = self

    # ── reading ────────────────────────────────────────────────────────────────────────────────

    def get(self, namespace: str, name: str) -> Manifest | None:
        """Render one pod."""
        row = self.row_of(namespace, name)
        return None if row is None else self.render(row)

    def row_of(self, namespace: str, name: str) -> int | None:
        """Return the row of a pod that has an object, or None."""
        head = name.rpartition("-")[0]
        for base in (name, head, head.rpartition("-")[0]):
            for index in self._pods.by_name.get((namespace, base), ()):
                workload = self._pods.workload_at(index)
                serial = workload.serial_of(name)
                row = None if serial is None else self._pods.find(workload, serial)
                if row is not None and self._pods.state[row] >= VISIBLE_FROM:
                    return row
        return None

    def rows(
        self, namespace: str | None, after: Row | None, labels: Selector, fields: FieldTerms
    ) -> Iterator[Row]:
        """Yield pods by namespace and name; whole workloads that cannot match are left out."""
        names = self._sorted()
        start = 0 if after is None else bisect_right(names, (*after, 2**62))
        wanted_node = next(
            (value for path, value, equal in fields if path == "spec.nodeName" and equal), None
        )
        node = None if wanted_node is None else self._bench.nodes.rows.get(wanted_node, -2)
        admitted: dict[int, bool] = {}
        for at in range(start, len(names)):
            place, name, row = names[at]
            if namespace is not None and place != namespace:
                continue
            if self._pods.state[row] < VISIBLE_FROM:
                continue
            if node is not None and self._pods.node[row] != node and wanted_node != "":
                continue
            index = int(self._pods.workload[row])
            if index not in admitted:
                admitted[index] = self._may_match(self._pods.workload_at(index), labels)
            if admitted[index]:
                yield place, name

    def _may_match(self, workload: Workload, labels: Selector) -> bool:
        if any(key[0] == workload.index for key in self._edits):
            return True
        known = [each for each in labels.requirements if each.key not in _PER_POD_LABELS]
        return Selector(tuple(known)).matches(workload.labels)

    def _sorted(self) -> list[tuple[str, str, int]]:
        if self._names_at != self._pods.membership:
            pods = self._pods
            self._names = sorted(
                (workload.namespace, workload.pod_name(int(pods.serial[row])), int(row))
                for workload in pods.living()
                for row in pods.rows_of(workload)
            )
            self._names_at = pods.membership
        return self._names

    def render(self, row: int) -> Manifest:
        """Return the object of a row."""
        workload = self._pods.workload_at(int(self._pods.workload[row]))
        pods = self._pods if self._shown is None else self._shown
        serial = int(pods.serial[row])
        node_row = int(pods.node[row])
        name = workload.pod_name(serial)
        identity = f"{self._seed}/{workload.salt}/{name}/{int(self._pods.birth[row])}"
        facts = PodFacts(
            row=row,
            serial=serial,
            name=name,
            uid=str(uuid.uuid5(_SPACE, identity)),
            version=int(pods.version[row]),
            state=int(pods.state[row]),
            node_row=node_row,
            node_name=self._bench.nodes.names[node_row] if node_row >= 0 else "",
            restarts=int(pods.restarts[row]),
            created_s=float(pods.created_s[row]),
            started_s=float(pods.started_s[row]),
            ready_s=float(pods.ready_s[row]),
            ended_s=float(pods.ended_s[row]),
            due_s=float(pods.due_s[row]),
            now_s=self._bench.agenda.now_s,
            bad_image=workload.bad_image or workload.life.bad_image,
            reason=int(pods.reason[row]),
            lost_s=self._lost_s(node_row),
            tolerations=default_tolerations(workload.demand.tolerations, self._bench.timings),
            message=self._bench.lifecycle.scheduler.messages.get(workload.index, ""),
        )
        pod = render_pod(workload, facts)
        edit = self._edits.get((workload.index, serial))
        if edit is not None:
            pod["metadata"] = {**pod["metadata"], **edit}
        return pod

    def _lost_s(self, node_row: int) -> float:
        """Return since when the cluster takes a pod's node for lost (s; infinity: it does not)."""
        nodes = self._bench.nodes
        return NEVER if node_row < 0 or nodes.ready[node_row] else float(nodes.changed_s[node_row])

    # ── writing ────────────────────────────────────────────────────────────────────────────────

    def create(self, manifest: Manifest, now_s: float) -> Manifest:
        """Make a bare pod."""
        namespace, name = namespace_of(manifest), name_of(manifest)
        template = {
            "metadata": {
                key: value
                for key, value in manifest["metadata"].items()
                if key in ("labels", "annotations", "finalizers")
            },
            "spec": manifest.get("spec") or {},
        }
        workload = self._pods.add_workload(
            lambda index: new_workload(
                index, namespace, name, "fixed", None, template, self._bench.timings
            )
        )
        row = int(self._pods.add(workload, [0], State.CREATING, now_s)[0])
        self._bench.lifecycle.created(np.array([row], dtype=np.int64), now_s)
        self._pods.retire(workload)
        return self.render(row)

    def replace(self, old: Manifest, new: Manifest, subresource: str, now_s: float) -> Manifest:
        """Take over labels and annotations. The spec of a pod cannot be changed here."""
        row = self.row_of(namespace_of(old), name_of(old))
        if row is None:
            raise ApiError(404, "NotFound", f'pods "{name_of(old)}" not found')
        if subresource == "status":
            return self.render(row)  # a pod's status is what its node says
        if get_in(new, ("spec",)) != get_in(old, ("spec",)):
            raise ApiError(
                422,
                "Invalid",
                f'Pod "{name_of(old)}" is invalid: spec: Forbidden: pod updates may not change '
                "fields of a simulated pod; change its owner, or delete and create it",
            )
        rows = np.array([row], dtype=np.int64)
        before = self.before(rows)
        key = (int(self._pods.workload[row]), int(self._pods.serial[row]))
        self._edits[key] = {
            part: new["metadata"].get(part) or {} for part in ("labels", "annotations")
        }
        self.after(rows, before, "MODIFIED")
        return self.render(row)

    def remove(
        self, namespace: str, name: str, now_s: float, grace_s: float | None
    ) -> Manifest | None:
        """Delete a pod; one on a node is still there while it stops."""
        row = self.row_of(namespace, name)
        if row is None:
            return None
        self._bench.lifecycle.terminate(np.array([row], dtype=np.int64), now_s, grace_s)
        return self.get(namespace, name)

    # ── telling of changes ─────────────────────────────────────────────────────────────────────

    def before(self, rows: Rows) -> Sequence[Manifest] | None:
        """Render pods as they are before a change, if anybody wants to know."""
        if self._announcer is None or self._shown is not None or not self._announcer.wanted():
            return None
        return [self.render(int(row)) for row in rows]

    def after(
        self,
        rows: Rows,
        old: Sequence[Manifest] | None,
        change: Literal["ADDED", "MODIFIED", "DELETED"],
    ) -> None:
        """Give changed pods their resourceVersion and tell of them."""
        if self._announcer is None or not len(rows):
            return
        if self._shown is not None and change == "MODIFIED":
            self._unwritten.update(dict.fromkeys(int(row) for row in rows))
            return
        if change == "DELETED":
            self._forget_edits(rows)
            self._tell_namespaces(rows)
        if not self._announcer.wanted():
            self._pods.version[rows] = self._announcer.next_version()
            return
        for at, row in enumerate(rows):
            version = self._announcer.next_version()
            self._pods.version[row] = version
            was = old[at] if old is not None and change != "ADDED" else None
            self._announcer.changed(change, version, self._builder(int(row), was))

    def _shut(self, now_s: float) -> None:
        self._shown = self._pods.snapshot()

    def _opened(self, now_s: float) -> None:
        """What kubelets saw while the API server was down is written now."""
        rows = np.array(sorted(self._unwritten), dtype=np.int64)
        self._unwritten.clear()
        wanted = self._announcer is not None and self._announcer.wanted()
        old = [self.render(int(row)) for row in rows] if wanted else None
        self._shown = None
        self.after(rows, old, "MODIFIED")
        self._pods.touch(rows)

    def _builder(
        self, row: int, old: Manifest | None
    ) -> Callable[[], tuple[Manifest, Manifest | None]]:
        return lambda: (self.render(row), old)

    def _tell_namespaces(self, rows: Rows) -> None:
        """A namespace that is being deleted may have waited for its last pod."""
        indexes = np.unique(self._pods.workload[rows])
        names = sorted({self._pods.workload_at(int(index)).namespace for index in indexes})
        announcer = self._announcer
        assert announcer is not None
        for name in names:
            # At this instant, but once the rows are free.
            self._bench.agenda.at(
                self._bench.agenda.now_s,
                lambda _, name=name: announcer.gone(name),  # type: ignore[misc]
            )

    def _forget_edits(self, rows: Rows) -> None:
        if self._edits:
            for row in rows:
                key = (int(self._pods.workload[row]), int(self._pods.serial[row]))
                self._edits.pop(key, None)

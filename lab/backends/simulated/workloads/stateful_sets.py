"""StatefulSet: pods with ordinals, one after another. Source: `statefulset`, v1.36."""

from __future__ import annotations

from typing import Any

import numpy as np

from lab.backends.simulated.pods.pods import READY_STATES, State
from lab.backends.simulated.pods.workload import Workload
from lab.backends.simulated.workbench import Workbench, owner_of
from lab.backends.simulated.workloads.replica_sets import generation_of, replicas_of
from lab.backends.simulated.workloads.revisions import REVISION_LABEL, Revisions, with_pod_labels
from lab.backends.simulated.workloads.rolling import int_or_percent
from lab.core.manifest import (
    Manifest,
    get_in,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    spec_of,
    status_of,
    uid_of,
)
from lab.core.model import Key


class StatefulSets:
    """The StatefulSet controller."""

    api_version = "apps/v1"
    kind = "StatefulSet"

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._revisions = Revisions(bench)

    def reconcile(self, key: Key, now_s: float) -> None:
        """Take the next step towards the wanted pods, then write the status."""
        found = self._bench.owner_at(key, now_s)
        if found is None:
            return
        turn = _Turn(self._bench, found, self._revisions.current(found, now_s), now_s)
        if not is_deleting(found):
            turn.step()
        self._bench.write_status(found, turn.status(), now_s)
        if not is_deleting(found):
            self._revisions.trim(found, {turn.update, turn.current}, now_s)


class _Turn:
    """One look at one StatefulSet."""

    def __init__(self, bench: Workbench, found: Manifest, update: str, now_s: float) -> None:
        self.bench, self.found, self.now_s = bench, found, now_s
        self.update = update
        self.current = str(status_of(found).get("currentRevision") or update)
        spec = spec_of(found)
        self.replicas = replicas_of(found)
        self.start = int(get_in(spec, ("ordinals", "start")) or 0)
        self.parallel = spec.get("podManagementPolicy") == "Parallel"
        strategy = spec.get("updateStrategy") or {}
        self.on_delete = strategy.get("type") == "OnDelete"
        rolling = strategy.get("rollingUpdate") or {}
        self.partition = int(rolling.get("partition") or 0)
        most = rolling.get("maxUnavailable")
        self.most_unavailable = max(
            1, int_or_percent(most, self.replicas, round_up=False, default=1)
        )
        for workload in bench.workloads_of(uid_of(found)):
            bench.lifecycle.set_min_ready(workload, float(spec.get("minReadySeconds") or 0), now_s)
        self.revision_of: dict[int, str] = {}
        self.row_of: dict[int, int] = {}
        self._look()

    def _look(self) -> None:
        """Find the pod of each ordinal, whatever its revision."""
        for revision, workload in self.bench.revisions_of(uid_of(self.found)).items():
            for row in self.bench.pods.rows_of(workload):
                ordinal = int(self.bench.pods.serial[row])
                self.row_of[ordinal] = int(row)
                self.revision_of[ordinal] = revision

    def _state(self, ordinal: int) -> int:
        return int(self.bench.pods.state[self.row_of[ordinal]])

    def _healthy(self, ordinal: int) -> bool:
        return ordinal in self.row_of and self._state(ordinal) == State.AVAILABLE

    def step(self) -> None:
        """Create what is missing, else scale down, else update: as far as order allows."""
        wanted = range(self.start, self.start + self.replicas)
        if not self._fill(wanted):
            return
        condemned = sorted((o for o in self.row_of if o not in wanted), reverse=True)
        if not self._condemn(condemned):
            return
        if not self.on_delete:
            self._update(wanted)

    def _fill(self, wanted: range) -> bool:
        """Create missing pods; tell whether the next stage may begin."""
        missing = []
        for ordinal in wanted:
            if ordinal in self.row_of and self._state(ordinal) in (State.SUCCEEDED, State.FAILED):
                self._delete(ordinal)
                self.row_of.pop(ordinal, None)
            if ordinal not in self.row_of:
                missing.append(ordinal)
                if not self.parallel:
                    break
            elif not self.parallel and not self._healthy(ordinal):
                return False
        by_revision: dict[str, list[int]] = {}
        for ordinal in missing:
            old = ordinal < self.start + self.partition
            by_revision.setdefault(self.current if old else self.update, []).append(ordinal)
        for revision, ordinals in by_revision.items():
            for ordinal in ordinals:
                self._claims(ordinal)
            self.bench.create_pods(self._workload(revision), ordinals, self.now_s)
        return not missing

    def _condemn(self, condemned: list[int]) -> bool:
        if not condemned:
            return True
        for ordinal in condemned:
            if self._state(ordinal) != State.TERMINATING:
                self._delete(ordinal)
            if not self.parallel:
                return False
        return False

    def _update(self, wanted: range) -> None:
        """Replace pods of old revisions from the highest ordinal down to the partition."""
        targets = [o for o in reversed(wanted) if o >= self.start + self.partition]
        unavailable = sum(not self._healthy(o) for o in wanted)
        for ordinal in targets:
            if self.revision_of.get(ordinal) != self.update:
                if self._state(ordinal) == State.TERMINATING:
                    continue
                ailing = not self._healthy(ordinal)
                if unavailable >= self.most_unavailable and not ailing:
                    return
                self._delete(ordinal)
                unavailable += not ailing
                if unavailable >= self.most_unavailable:
                    return
            elif not self._healthy(ordinal) and unavailable >= self.most_unavailable:
                return

    def _delete(self, ordinal: int) -> None:
        rows = np.array([self.row_of[ordinal]], dtype=np.int64)
        self.bench.delete_pods(rows, self.now_s)

    def _workload(self, revision: str) -> Workload:
        known = self.bench.known_workload(uid_of(self.found), revision)
        if known is not None:
            return known
        template = self._template(revision)
        labels = {REVISION_LABEL: revision}
        made = self.bench.workload(
            owner_of(self.found),
            revision,
            "ordinal",
            name_of(self.found),
            with_pod_labels(template, labels),
        )
        made.min_ready_s = float(spec_of(self.found).get("minReadySeconds") or 0)
        return made

    def _template(self, revision: str) -> Manifest:
        template: Manifest = spec_of(self.found).get("template") or {}
        if revision == self.update:
            return template
        key = Key(
            self.bench.name, "apps/v1", "ControllerRevision", namespace_of(self.found), revision
        )
        stored = self.bench.store.find(key)
        old = get_in(stored or {}, ("data", "spec", "template"))
        return template if old is None else old

    def _claims(self, ordinal: int) -> None:
        """Create the claims of an ordinal's volumeClaimTemplates, unless they are there."""
        for template in spec_of(self.found).get("volumeClaimTemplates") or ():
            selector = get_in(self.found, ("spec", "selector", "matchLabels")) or {}
            claim: dict[str, Any] = {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {
                    "name": f"{name_of(template)}-{name_of(self.found)}-{ordinal}",
                    "namespace": namespace_of(self.found),
                    "labels": {**labels_of(template), **selector},
                },
                "spec": template.get("spec") or {},
            }
            self.bench.create(claim, self.now_s)

    def status(self) -> dict[str, Any]:
        """Return the status, counted from the pods' totals."""
        pods = self.bench.pods
        counts = dict.fromkeys(("replicas", "ready", "available", "current", "updated"), 0)
        for revision, workload in self.bench.revisions_of(uid_of(self.found)).items():
            totals = pods.totals[workload.index]
            visible = int(totals[State.PENDING :].sum())
            live = visible - int(totals[State.TERMINATING])
            counts["replicas"] += visible
            counts["ready"] += pods.count(workload, *READY_STATES)
            counts["available"] += pods.count(workload, State.AVAILABLE)
            if revision == self.current:
                counts["current"] += live
            if revision == self.update:
                counts["updated"] += live
        done = counts["updated"] == counts["replicas"] == counts["ready"] == self.replicas
        if done and not self.on_delete:
            counts["current"] = counts["updated"]
            self.current = self.update
        status: dict[str, Any] = {
            "observedGeneration": generation_of(self.found),
            "replicas": counts["replicas"],
            "availableReplicas": counts["available"],
            "collisionCount": 0,
            "currentRevision": self.current,
            "updateRevision": self.update,
        }
        optional = {
            "readyReplicas": counts["ready"],
            "currentReplicas": counts["current"],
            "updatedReplicas": counts["updated"],
        }
        status.update({name: value for name, value in optional.items() if value})
        return status

"""Job: pods that run to their end. Source: `job`, v1.36."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lab.backends.simulated.pods.pods import ACTIVE, READY_STATES, Rows, State
from lab.backends.simulated.pods.workload import Workload
from lab.backends.simulated.workbench import Workbench, owner_of
from lab.core.manifest import (
    Manifest,
    condition,
    is_deleting,
    name_of,
    seconds_of,
    spec_of,
    status_of,
    timestamp,
)
from lab.core.model import Key

_BACK_OFF_S, _BACK_OFF_MOST_S = 10.0, 600.0
_FINISHED_TYPES = ("Complete", "Failed")
_INTERIM = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}
_REACHED = ("CompletionsReached", "Reached expected number of succeeded pods")


class Jobs:
    """The Job controller, and the one that deletes finished Jobs after their time to live."""

    api_version = "batch/v1"
    kind = "Job"

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def reconcile(self, key: Key, now_s: float) -> None:
        """Start what is missing, or finish."""
        bench = self._bench
        job = bench.owner_at(key, now_s)
        if job is None or is_deleting(job):
            return
        if _finished(job) is not None:
            self._expire(key, job, now_s)
            self._settle(job, now_s)
            return
        turn = _Turn(bench, job, now_s)
        status, look_again_s = turn.run()
        bench.write_status(job, status, now_s)
        if look_again_s is not None:
            bench.ask(key, look_again_s)
        if turn.ended:
            bench.ask(key)

    def _settle(self, job: Manifest, now_s: float) -> None:
        """Count pods that were still stopping when the Job finished."""
        status = dict(status_of(job))
        workload = self._bench.known_workload(job["metadata"]["uid"])
        if workload is None:
            return
        stopping = self._bench.pods.count(workload, State.TERMINATING)
        if int(status.get("terminating") or 0) != stopping:
            status["terminating"] = stopping
            self._bench.write_status(job, status, now_s)

    def _expire(self, key: Key, job: Manifest, now_s: float) -> None:
        ttl_s = spec_of(job).get("ttlSecondsAfterFinished")
        finished = _finished(job)
        if ttl_s is None or finished is None:
            return
        due_s = seconds_of(str(finished["lastTransitionTime"])) + float(ttl_s)
        if now_s >= due_s:
            self._bench.remove(key, now_s)
        else:
            self._bench.ask(key, due_s - now_s)


def _finished(job: Manifest) -> Mapping[str, Any] | None:
    for kind in _FINISHED_TYPES:
        found = condition(job, kind)
        if found is not None and found.get("status") == "True":
            return found
    return None


class _Turn:
    """One look at one Job."""

    def __init__(self, bench: Workbench, job: Manifest, now_s: float) -> None:
        self.bench, self.job, self.now_s = bench, job, now_s
        spec = spec_of(job)
        self.spec = spec
        completions = spec.get("completions")
        parallelism = spec.get("parallelism")
        if completions is None and parallelism is None:
            completions = 1
        self.completions: int | None = None if completions is None else int(completions)
        self.parallelism = 1 if parallelism is None else int(parallelism)
        limit = spec.get("backoffLimit")
        self.backoff_limit = 6 if limit is None else int(limit)
        self.indexed = spec.get("completionMode") == "Indexed"
        self.ended = False
        self.workload: Workload = bench.workload(
            owner_of(job),
            "",
            "indexed" if self.indexed else "random",
            name_of(job),
            spec.get("template") or {},
            span=self.completions or 1,
        )
        self.conditions = list(status_of(job).get("conditions") or ())
        self.started = str(status_of(job).get("startTime") or "")
        self.look_again_s: float | None = None

    # ── what is there ──────────────────────────────────────────────────────────────────────────

    def _count(self, *states: int) -> int:
        return self.bench.pods.count(self.workload, *states)

    def _rows(self, *states: int) -> Rows:
        return self.bench.pods.rows_of(self.workload, *states)

    def _indexes(self, *states: int) -> set[int]:
        rows = self._rows(*states)
        return {int(s) % self.workload.span for s in self.bench.pods.serial[rows]}

    @property
    def _succeeded(self) -> int:
        if self.indexed:
            return len(self._indexes(State.SUCCEEDED))
        return self._count(State.SUCCEEDED)

    def _restarts(self) -> int:
        """Return the restarts of running pods, where they count against backoffLimit."""
        if self.workload.life.restart_policy != "OnFailure":
            return 0
        return int(self.bench.pods.restarts[self._rows(*ACTIVE)].sum())

    # ── what to do ─────────────────────────────────────────────────────────────────────────────

    def run(self) -> tuple[dict[str, Any], float | None]:
        """Act, and return the status and in how many seconds to look again."""
        if self.spec.get("suspend"):
            self._suspend()
            return self._status(), None
        self._resume()
        if not self.started:
            self.started = timestamp(self.now_s)
        verdict = self._verdict()
        if verdict is not None:
            self._end(*verdict)
            return self._status(), None
        self._fill()
        return self._status(), self.look_again_s

    def _verdict(self) -> tuple[str, str, str] | None:
        for kind, interim in _INTERIM.items():
            for each in self.conditions:
                if each.get("type") == interim:  # decided before; only pods have yet to stop
                    return kind, str(each.get("reason")), str(each.get("message"))
        if self._count(State.FAILED) + self._restarts() > self.backoff_limit:
            text = "Job has reached the specified backoff limit"
            return "Failed", "BackoffLimitExceeded", text
        deadline = self.spec.get("activeDeadlineSeconds")
        if deadline is not None:
            left_s = seconds_of(self.started) + float(deadline) - self.now_s
            if left_s <= 0:
                text = "Job was active longer than specified deadline"
                return "Failed", "DeadlineExceeded", text
            self.look_again_s = left_s
        active = self._count(*ACTIVE)
        if self.completions is None:
            if self._succeeded and not active:
                return "Complete", *_REACHED
        elif self._succeeded >= self.completions:
            return "Complete", *_REACHED
        return None

    def _end(self, kind: str, reason: str, message: str) -> None:
        self.bench.delete_pods(self._rows(*ACTIVE), self.now_s)
        self._set(_INTERIM[kind], "True", reason, message)
        if self._count(State.TERMINATING):
            return  # the last word comes when all pods have stopped
        self._set(kind, "True", reason, message)
        self.ended = True

    def _fill(self) -> None:
        """Create or delete pods so that as many run as parallelism and completions ask for."""
        active = self._count(*ACTIVE)
        if self.completions is None:
            wanted = self.parallelism if not self._succeeded else active
        else:
            wanted = min(self.parallelism, self.completions - self._succeeded)
        if active > wanted:
            rows = self._rows(*ACTIVE)
            newest = rows[np.argsort(-self.bench.pods.started_s[rows], kind="stable")]
            self.bench.delete_pods(newest[: active - wanted], self.now_s)
        elif active < wanted:
            wait_s = self._back_off()
            if wait_s > 0:
                self.look_again_s = min(wait_s, self.look_again_s or wait_s)
            else:
                self._create(wanted - active)

    def _back_off(self) -> float:
        """Return how long to wait since the last failure before new pods (10 s doubling)."""
        rows = self._rows(State.FAILED)
        if not len(rows):
            return 0.0
        last_s = float(self.bench.pods.ended_s[rows].max())
        delay_s = min(_BACK_OFF_S * 2.0 ** min(len(rows) - 1, 10), _BACK_OFF_MOST_S)
        return max(0.0, round(last_s + delay_s - self.now_s, 6))

    def _create(self, count: int) -> None:
        if not self.indexed:
            self.bench.grow(self.workload, count, self.now_s)
            return
        taken = self._indexes(*ACTIVE, State.SUCCEEDED, State.TERMINATING)
        free = [index for index in range(self.workload.span) if index not in taken][:count]
        self.workload.serial += self.workload.span
        serials = [index + self.workload.serial for index in free]
        self.bench.create_pods(self.workload, serials, self.now_s)

    def _suspend(self) -> None:
        self.bench.delete_pods(self._rows(*ACTIVE), self.now_s)
        self.started = ""
        self._set("Suspended", "True", "JobSuspended", "Job suspended")

    def _resume(self) -> None:
        found = next((c for c in self.conditions if c.get("type") == "Suspended"), None)
        if found is not None and found.get("status") == "True":
            self._set("Suspended", "False", "JobResumed", "Job resumed")
            self.started = timestamp(self.now_s)

    def _set(self, kind: str, word: str, reason: str, message: str) -> None:
        for each in self.conditions:
            if each.get("type") == kind and each.get("status") == word:
                return
        moment = timestamp(self.now_s)
        new = {
            "type": kind,
            "status": word,
            "lastProbeTime": moment,
            "lastTransitionTime": moment,
            "reason": reason,
            "message": message,
        }
        self.conditions = [*(c for c in self.conditions if c.get("type") != kind), new]

    # ── status ─────────────────────────────────────────────────────────────────────────────────

    def _status(self) -> dict[str, Any]:
        visible = [state for state in ACTIVE if state != State.CREATING]
        active = self._count(*visible)
        succeeded = self._succeeded
        status: dict[str, Any] = {
            "ready": self._count(*READY_STATES),
            "terminating": self._count(State.TERMINATING),
            "uncountedTerminatedPods": {},
        }
        optional = {
            "active": active,
            "succeeded": succeeded,
            "failed": self._count(State.FAILED),
            "startTime": self.started,
        }
        status.update({name: value for name, value in optional.items() if value})
        if self.indexed and succeeded:
            status["completedIndexes"] = ranges(sorted(self._indexes(State.SUCCEEDED)))
        if self.conditions:
            status["conditions"] = self.conditions
            if any(c["type"] == "Complete" for c in self.conditions):
                status["completionTime"] = timestamp(self.now_s)
        return status


def ranges(indexes: list[int]) -> str:
    """Return sorted indexes as Jobs write them.

    Example:
        >>> ranges([0, 1, 2, 5, 7, 8])
        '0-2,5,7,8'
    """
    parts: list[str] = []
    at = 0
    while at < len(indexes):
        end = at
        while end + 1 < len(indexes) and indexes[end + 1] == indexes[end] + 1:
            end += 1
        first, last = indexes[at], indexes[end]
        if last == first:
            parts.append(str(first))
        elif last == first + 1:
            parts += [str(first), str(last)]
        else:
            parts.append(f"{first}-{last}")
        at = end + 1
    return ",".join(parts)

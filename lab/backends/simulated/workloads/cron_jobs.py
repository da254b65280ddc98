"""CronJob: Jobs by the clock. Source: `cronjob` (controller v2), v1.36."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from lab.backends.simulated.workbench import Workbench, owner_of
from lab.core.manifest import (
    EPOCH,
    Manifest,
    condition,
    is_deleting,
    name_of,
    namespace_of,
    seconds_of,
    spec_of,
    status_of,
    timestamp,
    uid_of,
)
from lab.core.model import Key, key_of

_SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp"
_MANY_MISSED = 100


class CronJobs:
    """The CronJob controller."""

    api_version = "batch/v1"
    kind = "CronJob"

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def reconcile(self, key: Key, now_s: float) -> None:
        """Start the Job that is due, tidy up old ones, and look again at the next time."""
        bench = self._bench
        cron = bench.store.find(key)
        if cron is None or is_deleting(cron):
            return
        jobs = bench.owned_by(cron, "Job")
        status = self._observe(cron, jobs)
        self._tidy(cron, jobs, now_s)
        next_s: float | None = None
        if not spec_of(cron).get("suspend"):
            due_s, next_s = schedule(cron, now_s)
            if due_s is not None and not self._too_late(cron, due_s, now_s):
                status = self._start(cron, status, due_s, now_s)
        bench.write_status(cron, status, now_s)
        if next_s is not None:
            bench.ask(key, max(0.0, next_s - now_s))

    @staticmethod
    def _too_late(cron: Manifest, due_s: float, now_s: float) -> bool:
        deadline = spec_of(cron).get("startingDeadlineSeconds")
        return deadline is not None and now_s > due_s + float(deadline)

    def _observe(self, cron: Manifest, jobs: list[Manifest]) -> dict[str, Any]:
        """Return the status with the Jobs that still run, and the last success."""
        status = dict(status_of(cron))
        running = [job for job in jobs if _outcome(job) is None]
        status.pop("active", None)
        if running:
            status["active"] = [_reference(job) for job in running]
        ends = [str(status_of(job).get("completionTime") or "") for job in jobs]
        last = max([*ends, str(status.get("lastSuccessfulTime") or "")])
        if last:
            status["lastSuccessfulTime"] = last
        return status

    def _start(
        self, cron: Manifest, status: dict[str, Any], due_s: float, now_s: float
    ) -> dict[str, Any]:
        policy = spec_of(cron).get("concurrencyPolicy") or "Allow"
        active = list(status.get("active") or ())
        if policy == "Forbid" and active:
            return status
        if policy == "Replace":
            for reference in active:
                key = Key(
                    self._bench.name,
                    "batch/v1",
                    "Job",
                    namespace_of(cron),
                    str(reference.get("name")),
                )
                self._bench.remove(key, now_s)
            active = []
        job = self._bench.create(self._job(cron, due_s), now_s)
        if job is not None:
            active.append(_reference(job))
        status = {**status, "lastScheduleTime": timestamp(due_s)}
        status.pop("active", None)
        return {**status, "active": active} if active else status

    def _job(self, cron: Manifest, due_s: float) -> dict[str, Any]:
        template = spec_of(cron).get("jobTemplate") or {}
        metadata = template.get("metadata") or {}
        minutes = int((EPOCH + timedelta(seconds=due_s)).timestamp()) // 60
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": f"{name_of(cron)}-{minutes}",
                "namespace": namespace_of(cron),
                "labels": dict(metadata.get("labels") or {}),
                "annotations": {
                    **(metadata.get("annotations") or {}),
                    _SCHEDULED_AT: timestamp(due_s),
                },
                "ownerReferences": [owner_of(cron).reference()],
            },
            "spec": template.get("spec") or {},
        }

    def _tidy(self, cron: Manifest, jobs: list[Manifest], now_s: float) -> None:
        """Delete the oldest finished Jobs beyond the history limits."""
        for word, field, default in (
            ("Complete", "successfulJobsHistoryLimit", 3),
            ("Failed", "failedJobsHistoryLimit", 1),
        ):
            limit = spec_of(cron).get(field)
            limit = default if limit is None else int(limit)
            done = [job for job in jobs if _outcome(job) == word]
            done.sort(key=lambda job: (str(status_of(job).get("startTime")), name_of(job)))
            for job in done[: max(0, len(done) - limit)]:
                self._bench.remove(key_of(job, self._bench.name), now_s)


def _outcome(job: Manifest) -> str | None:
    for word in ("Complete", "Failed"):
        found = condition(job, word)
        if found is not None and found.get("status") == "True":
            return word
    return None


def _reference(job: Manifest) -> Mapping[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": name_of(job),
        "namespace": namespace_of(job),
        "uid": uid_of(job),
        "resourceVersion": job["metadata"].get("resourceVersion", ""),
    }


def schedule(cron: Manifest, now_s: float) -> tuple[float | None, float | None]:
    """Return (the last time that is due and not yet started, the next time); s of the run.

    A schedule nobody can read gives (None, None): the API server would have refused it.
    """
    earliest = status_of(cron).get("lastScheduleTime") or cron["metadata"].get("creationTimestamp")
    since_s = seconds_of(str(earliest))
    deadline = spec_of(cron).get("startingDeadlineSeconds")
    if deadline is not None:
        since_s = max(since_s, now_s - float(deadline))
    zone = spec_of(cron).get("timeZone")
    try:
        start = (EPOCH + timedelta(seconds=since_s)).astimezone(ZoneInfo(zone) if zone else UTC)
        # Whole minutes after `start`: a deadline may have put it between two seconds.
        times = CronSim(str(spec_of(cron).get("schedule") or ""), start)
    except (CronSimError, ZoneInfoNotFoundError, ValueError):
        return None, None
    due_s: float | None = None
    for passed, moment in enumerate(times):
        second = _second(moment)
        if second > now_s:
            return due_s, second
        due_s = second
        if passed > _MANY_MISSED:  # upstream also gives up counting here, and goes on from now
            late = CronSim(str(spec_of(cron).get("schedule")), EPOCH + timedelta(seconds=now_s))
            return due_s, _second(next(late))
    return due_s, None


def _second(moment: datetime) -> float:
    return (moment - EPOCH).total_seconds()

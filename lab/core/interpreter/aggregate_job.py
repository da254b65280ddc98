"""AggregateStatus of a Job: finished once, finished for good.

Modelled on Karmada v1.19 `pkg/util/helper/job.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.interpreter.fields import integer, items, mapping, without_zeros
from lab.core.manifest import Manifest, seconds_of, timestamp


def job_finished(status: Mapping[str, Any]) -> str:
    """Return "Complete" or "Failed" for a finished Job, else an empty text."""
    for entry in items(status, "conditions"):
        if entry.get("type") in {"Complete", "Failed"} and entry.get("status") == "True":
            return str(entry["type"])
    return ""


def aggregate_job(
    template: Manifest, statuses: Sequence[Mapping[str, Any]], now_s: float
) -> dict[str, Any] | None:
    """Return the new status of a Job template, None when it is finished already.

    It fails when one member's Job failed, and completes when all have; the start is the earliest
    once all have started, the completion the latest once all are complete.
    """
    old = mapping(template, "status")
    if job_finished(old):
        return None
    members = [item for item in statuses if item.get("status") is not None]
    ends = [(str(item.get("clusterName")), job_finished(item["status"])) for item in members]
    failed = [name for name, end in ends if end == "Failed"]
    completed = [name for name, end in ends if end == "Complete"]

    conditions = []
    if failed:
        message = f"Job executed failed in member clusters {','.join(failed)}"
        conditions.append(_condition("Failed", "JobFailed", message, now_s))
    if completed and len(completed) == len(statuses):
        conditions.append(_condition("Complete", "Completed", "Job completed", now_s))
        if sum(_criteria_met(item["status"]) for item in members) == len(statuses):
            message = "All member clusters have met success criteria"
            conditions.append(
                _condition("SuccessCriteriaMet", "CompletionsReached", message, now_s)
            )

    starts = [time for item in members if (time := item["status"].get("startTime"))]
    stops = [time for item in members if (time := item["status"].get("completionTime"))]
    start = old.get("startTime")
    if not start and starts and len(starts) == len(statuses):
        start = min(starts, key=seconds_of)
    all_stopped = bool(stops) and len(stops) == len(statuses)
    counters = {
        name: sum(integer(item["status"], name) for item in members)
        for name in ("active", "succeeded", "failed")
    }
    return without_zeros(
        {
            **counters,
            "conditions": conditions,
            "startTime": start,
            "completionTime": max(stops, key=seconds_of) if all_stopped else None,
        }
    )


def _criteria_met(status: Mapping[str, Any]) -> bool:
    return any(
        entry.get("type") == "SuccessCriteriaMet" and entry.get("status") == "True"
        for entry in items(status, "conditions")
    )


def _condition(kind: str, reason: str, message: str, now_s: float) -> dict[str, str]:
    now = timestamp(now_s)
    return {
        "type": kind,
        "status": "True",
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }

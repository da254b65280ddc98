"""Tables of the workload kinds: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job and so on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.commands.printers.column import (
    AGE,
    NAME,
    NONE,
    UNKNOWN,
    Column,
    age_since,
    containers,
    count,
    pairs,
    path,
    selector_text,
    text_of,
)
from lab.core.duration import human_age
from lab.core.manifest import (
    Manifest,
    condition,
    get_in,
    is_deleting,
    seconds_of,
    spec_of,
    status_of,
)

_TEMPLATE = ("spec", "template")


def _ready_of_wanted(manifest: Manifest, now_s: float) -> str:
    wanted = spec_of(manifest).get("replicas")
    ready = status_of(manifest).get("readyReplicas") or 0
    return f"{ready}/{1 if wanted is None else wanted}"


def _selector(manifest: Manifest, now_s: float) -> str:
    return selector_text(spec_of(manifest).get("selector"))


def _plain_selector(manifest: Manifest, now_s: float) -> str:
    return pairs(spec_of(manifest).get("selector"))


def _node_selector(manifest: Manifest, now_s: float) -> str:
    return pairs(get_in(manifest, (*_TEMPLATE, "spec", "nodeSelector")))


_SELECTOR = Column("Selector", _selector, wide=True)

DEPLOYMENT = (
    NAME,
    Column("Ready", _ready_of_wanted),
    Column("Up-to-date", count("status", "updatedReplicas")),
    Column("Available", count("status", "availableReplicas")),
    AGE,
    *containers(_TEMPLATE),
    _SELECTOR,
)
_SETS = (
    NAME,
    Column("Desired", count("spec", "replicas")),
    Column("Current", count("status", "replicas")),
    Column("Ready", count("status", "readyReplicas")),
    AGE,
    *containers(_TEMPLATE),
)
REPLICA_SET = (*_SETS, _SELECTOR)
REPLICATION_CONTROLLER = (*_SETS, Column("Selector", _plain_selector, wide=True))
STATEFUL_SET = (NAME, Column("Ready", _ready_of_wanted), AGE, *containers(_TEMPLATE))
DAEMON_SET = (
    NAME,
    Column("Desired", count("status", "desiredNumberScheduled")),
    Column("Current", count("status", "currentNumberScheduled")),
    Column("Ready", count("status", "numberReady")),
    Column("Up-to-date", count("status", "updatedNumberScheduled")),
    Column("Available", count("status", "numberAvailable")),
    Column("Node Selector", _node_selector),
    AGE,
    *containers(_TEMPLATE),
    _SELECTOR,
)


def job_status(job: Manifest, now_s: float) -> str:
    """The STATUS column of a Job."""

    def holds(kind: str) -> bool:
        found = condition(job, kind)
        return bool(found and found.get("status") == "True")

    if holds("Complete"):
        return "Complete"
    if holds("Failed"):
        return "Failed"
    if is_deleting(job):
        return "Terminating"
    for word in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if holds(word):
            return word
    return "Running"


def _completions(job: Manifest, now_s: float) -> str:
    spec, done = spec_of(job), status_of(job).get("succeeded") or 0
    if spec.get("completions") is not None:
        return f"{done}/{spec['completions']}"
    parallel = spec.get("parallelism") or 0
    return f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"


def _duration(job: Manifest, now_s: float) -> str:
    status = status_of(job)
    try:
        started_s = seconds_of(str(status["startTime"]))
        ended = status.get("completionTime")
        return human_age((seconds_of(str(ended)) if ended else now_s) - started_s)
    except (KeyError, ValueError):
        return ""


JOB = (
    NAME,
    Column("Status", job_status),
    Column("Completions", _completions),
    Column("Duration", _duration),
    AGE,
    *containers(_TEMPLATE),
    _SELECTOR,
)


def _suspend(cronjob: Manifest, now_s: float) -> str:
    value = spec_of(cronjob).get("suspend")
    return "<unset>" if value is None else "True" if value else "False"


def _active(cronjob: Manifest, now_s: float) -> str:
    return str(len(status_of(cronjob).get("active") or ()))


def _last_schedule(cronjob: Manifest, now_s: float) -> str:
    last = status_of(cronjob).get("lastScheduleTime")
    return age_since(last, now_s) if last else NONE


def _cron_selector(cronjob: Manifest, now_s: float) -> str:
    return selector_text(get_in(cronjob, ("spec", "jobTemplate", "spec", "selector")))


CRON_JOB = (
    NAME,
    Column("Schedule", path("spec", "schedule")),
    Column("Timezone", path("spec", "timeZone", default=NONE)),
    Column("Suspend", _suspend),
    Column("Active", _active),
    Column("Last Schedule", _last_schedule),
    AGE,
    *containers(("spec", "jobTemplate", "spec", "template")),
    Column("Selector", _cron_selector, wide=True),
)


def _reference(hpa: Manifest, now_s: float) -> str:
    target = spec_of(hpa).get("scaleTargetRef") or {}
    return f"{target.get('kind', '')}/{target.get('name', '')}"


def _metric(spec: Mapping[str, Any], current: Mapping[str, Any] | None) -> str:
    word = {"Resource": "resource", "Pods": "pods", "Object": "object", "External": "external",
            "ContainerResource": "containerResource"}.get(str(spec.get("type")))  # fmt: skip
    body = spec.get(word or "") or {}
    target = body.get("target") or {}
    seen = get_in(current, (word or "", "current")) or {} if current else {}
    if target.get("averageUtilization") is not None:
        now = seen.get("averageUtilization")
        shown = UNKNOWN if now is None else f"{now}%"
        return f"{body.get('name') or ''}: {shown}/{target['averageUtilization']}%"
    for field in ("averageValue", "value"):
        if target.get(field) is not None:
            suffix = " (avg)" if field == "averageValue" and word in {"object", "external"} else ""
            prefix = f"{body['name']}: " if body.get("name") else ""
            return f"{prefix}{text_of(seen.get(field) or UNKNOWN)}/{text_of(target[field])}{suffix}"
    return "<unknown type>"


def _targets(hpa: Manifest, now_s: float) -> str:
    specs = spec_of(hpa).get("metrics") or ()
    current = status_of(hpa).get("currentMetrics") or ()
    if not specs:
        return NONE
    shown = [
        _metric(spec, current[index] if index < len(current) else None)
        for index, spec in enumerate(specs[:2])
    ]
    more = f" + {len(specs) - 2} more..." if len(specs) > 2 else ""
    return ", ".join(shown) + more


AUTOSCALER = (
    NAME,
    Column("Reference", _reference),
    Column("Targets", _targets),
    Column("MinPods", path("spec", "minReplicas", default="<unset>")),
    Column("MaxPods", count("spec", "maxReplicas")),
    Column("Replicas", count("status", "currentReplicas")),
    AGE,
)


def _pdb(field: str) -> Any:
    return path("spec", field, default="N/A")


DISRUPTION_BUDGET = (
    NAME,
    Column("Min Available", _pdb("minAvailable")),
    Column("Max Unavailable", _pdb("maxUnavailable")),
    Column("Allowed Disruptions", count("status", "disruptionsAllowed")),
    AGE,
)

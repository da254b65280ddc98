"""A Deployment's status: counters, and the conditions Available and Progressing.

Source: kube-controller-manager `deployment/sync.go`, `progress.go`, `util`, v1.36.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.backends.simulated.workloads.replica_sets import FAILURE, generation_of, replicas_of
from lab.core.manifest import Manifest, name_of, seconds_of, spec_of, status_of, timestamp

REVISION = "deployment.kubernetes.io/revision"
_NO_DEADLINE = 2**31 - 1
_SETTLED = ("ProgressDeadlineExceeded", "NewReplicaSetAvailable")
"""Reasons from which no time alone leads further."""


def latest_progress(status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the condition Progressing, or None."""
    return _condition(status.get("conditions") or (), "Progressing")


def _condition(conditions: Sequence[Mapping[str, Any]], kind: str) -> Mapping[str, Any] | None:
    return next((each for each in conditions if each.get("type") == kind), None)


def with_condition(
    status: Mapping[str, Any], kind: str, word: str, reason: str, message: str, now_s: float
) -> list[Mapping[str, Any]]:
    """Return the conditions with one set; unchanged if its status and reason are (upstream too)."""
    conditions = list(status.get("conditions") or ())
    old = _condition(conditions, kind)
    if old is not None and old.get("status") == word and old.get("reason") == reason:
        return conditions
    return _replaced(conditions, kind, word, reason, message, now_s)


def _replaced(
    conditions: Sequence[Mapping[str, Any]],
    kind: str,
    word: str,
    reason: str,
    message: str,
    now_s: float,
) -> list[Mapping[str, Any]]:
    old = _condition(conditions, kind)
    moment = timestamp(now_s)
    since = old["lastTransitionTime"] if old is not None and old.get("status") == word else moment
    new = {
        "type": kind,
        "status": word,
        "lastUpdateTime": moment,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }
    return [*(each for each in conditions if each.get("type") != kind), new]


def new_status(
    deployment: Manifest,
    current: Manifest | None,
    old: Sequence[Manifest],
    most_unavailable: int,
    now_s: float,
    *,
    progress: bool,
) -> tuple[dict[str, Any], float | None]:
    """Return the status, and in how many seconds to look again (None: when something changes).

    `progress` is False while the Deployment is paused, scaled or deleted.
    """
    before = status_of(deployment)
    everyone = [*old, *([current] if current is not None else [])]
    replicas = sum(_counter(rs, "replicas") for rs in everyone)
    available = sum(_counter(rs, "availableReplicas") for rs in everyone)
    counters = {
        "observedGeneration": generation_of(deployment),
        "replicas": replicas,
        "updatedReplicas": _counter(current, "replicas"),
        "readyReplicas": sum(_counter(rs, "readyReplicas") for rs in everyone),
        "availableReplicas": available,
        "unavailableReplicas": max(0, sum(replicas_of(rs) for rs in everyone) - available),
        "collisionCount": int(before.get("collisionCount") or 0),
    }
    status: dict[str, Any] = {name: value for name, value in counters.items() if value}
    conditions = list(before.get("conditions") or ())
    if available >= replicas_of(deployment) - most_unavailable:
        word, reason = "True", "MinimumReplicasAvailable"
        message = "Deployment has minimum availability."
    else:
        word, reason = "False", "MinimumReplicasUnavailable"
        message = "Deployment does not have minimum availability."
    conditions = with_condition(
        {"conditions": conditions}, "Available", word, reason, message, now_s
    )
    look_again_s = None
    if progress:
        conditions, look_again_s = _progress(deployment, current, status, conditions, now_s)
    return {**status, "conditions": _with_failure(conditions, everyone)}, look_again_s


def _with_failure(
    conditions: list[Mapping[str, Any]], replica_sets: Sequence[Manifest]
) -> list[Mapping[str, Any]]:
    """Take over ReplicaFailure from a ReplicaSet whose pods are refused; drop it otherwise."""
    others = [each for each in conditions if each.get("type") != FAILURE]
    for replica_set in reversed(replica_sets):
        failing = _condition(status_of(replica_set).get("conditions") or (), FAILURE)
        if failing is not None:
            since = failing.get("lastTransitionTime")
            return [*others, {**failing, "lastUpdateTime": since}]
    return others


def _counter(replica_set: Manifest | None, name: str) -> int:
    return 0 if replica_set is None else int(status_of(replica_set).get(name) or 0)


def is_complete(deployment: Manifest, status: Mapping[str, Any]) -> bool:
    """Tell whether all replicas are of the current template and available, and no others run."""
    wanted = replicas_of(deployment)
    return all(
        int(status.get(name) or 0) == wanted
        for name in ("updatedReplicas", "replicas", "availableReplicas")
    ) and int(status.get("observedGeneration") or 0) >= generation_of(deployment)


def _is_progressing(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    def grew(name: str) -> bool:
        return int(after.get(name) or 0) > int(before.get(name) or 0)

    def old_pods(status: Mapping[str, Any]) -> int:
        return int(status.get("replicas") or 0) - int(status.get("updatedReplicas") or 0)

    return (
        grew("updatedReplicas")
        or old_pods(after) < old_pods(before)
        or grew("readyReplicas")
        or grew("availableReplicas")
    )


def _progress(
    deployment: Manifest,
    current: Manifest | None,
    status: Mapping[str, Any],
    conditions: list[Mapping[str, Any]],
    now_s: float,
) -> tuple[list[Mapping[str, Any]], float | None]:
    deadline_s = spec_of(deployment).get("progressDeadlineSeconds")
    deadline_s = 600 if deadline_s is None else int(deadline_s)
    if deadline_s == _NO_DEADLINE:
        return [each for each in conditions if each.get("type") != "Progressing"], None
    found = _condition(conditions, "Progressing")
    subject = (
        f'ReplicaSet "{name_of(current)}"' if current else f'Deployment "{name_of(deployment)}"'
    )
    settled = int(status.get("replicas") or 0) == int(status.get("updatedReplicas") or 0)
    if found is not None and settled and found.get("reason") == "NewReplicaSetAvailable":
        return conditions, None
    before = status_of(deployment)
    if is_complete(deployment, status):
        message = f"{subject} has successfully progressed."
        return with_condition(
            {"conditions": conditions},
            "Progressing",
            "True",
            "NewReplicaSetAvailable",
            message,
            now_s,
        ), None
    if _is_progressing(before, status):
        message = f"{subject} is progressing."
        conditions = _replaced(
            conditions, "Progressing", "True", "ReplicaSetUpdated", message, now_s
        )
    elif found is not None and found.get("reason") in _SETTLED:
        return conditions, None
    elif found is not None and now_s >= seconds_of(str(found["lastUpdateTime"])) + deadline_s:
        message = f"{subject} has timed out progressing."
        return with_condition(
            {"conditions": conditions},
            "Progressing",
            "False",
            "ProgressDeadlineExceeded",
            message,
            now_s,
        ), None
    found = _condition(conditions, "Progressing")
    if found is None or found.get("reason") == "NewReplicaSetAvailable":
        return conditions, None
    due_s = seconds_of(str(found["lastUpdateTime"])) + deadline_s
    return conditions, max(0.0, due_s - now_s) + 0.001

"""Whether a Pull member's agent is still heard of: what the monitor of the hub remembers.

Source: Karmada v1.19 `pkg/controllers/cluster/cluster_controller.go` (tryUpdateClusterHealth).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.core.manifest import Manifest, condition, get_in, seconds_of, set_condition, status_of

NEVER_UPDATED: Mapping[str, Any] = {
    "type": "Ready",
    "status": "Unknown",
    "reason": "ClusterStatusNeverUpdated",
    "message": "Cluster status controller never posted cluster status.",
}
UNKNOWN: Mapping[str, Any] = {
    "type": "Ready",
    "status": "Unknown",
    "reason": "ClusterStatusUnknown",
    "message": "Cluster status controller stopped posting cluster status.",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What was last heard of a member.

    Attributes:
        condition: Its Ready condition then.
        at_s: When (s of the run, by the monitor's clock).
        renewed: The lease's renewTime then, empty if there was none.
    """

    condition: Mapping[str, Any] | None
    at_s: float
    renewed: str = ""


def heard_of(
    cluster: Manifest, lease: Manifest | None, before: Heard | None, now_s: float
) -> Heard:
    """Return what is known now: a new condition, or a renewed lease, counts as a word of it.

    A member that has never posted a status is counted from its creation.
    """
    ready = condition(cluster, "Ready")
    if before is None:
        at_s = now_s if ready is not None else _created_s(cluster, now_s)
        found = Heard(ready, at_s)
    elif ready is not None and before.condition != ready:
        found = Heard(ready, now_s)
    else:
        found = Heard(ready, before.at_s, before.renewed)
    renewed = str(get_in(lease or {}, ("spec", "renewTime")) or "")
    known = "" if before is None else before.renewed
    if renewed and renewed > known:
        return Heard(found.condition, now_s, renewed)
    return found


def _created_s(cluster: Manifest, now_s: float) -> float:
    created = get_in(cluster, ("metadata", "creationTimestamp"))
    return seconds_of(str(created)) if created else now_s


def silent_status(
    cluster: Manifest, heard: Heard, grace_s: float, startup_s: float, now_s: float
) -> Manifest | None:
    """Return the Cluster with Ready Unknown, if nothing was heard of it for too long, else None."""
    ready = condition(cluster, "Ready")
    if now_s <= round(heard.at_s + (startup_s if ready is None else grace_s), 6):
        return None
    if ready is not None and ready.get("status") == "Unknown":
        return None
    status = status_of(cluster)
    wanted = NEVER_UPDATED if ready is None else UNKNOWN
    conditions = set_condition(status.get("conditions"), wanted, now_s)
    return {**cluster, "status": {**status, "conditions": conditions}}

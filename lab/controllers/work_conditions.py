"""Conditions of a Work, as the patches and events that the execution controller writes.

Source: Karmada v1.19 `pkg/controllers/execution/execution_controller.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.manifest import Manifest, condition, set_condition, status_of
from lab.core.model import Action, Key, Note, Patch, Plan

DISPATCHING: Mapping[str, Any] = {
    "type": "Dispatching",
    "status": "True",
    "reason": "Dispatching",
    "message": "Work is being dispatched to member clusters.",
}
SUSPENDED: Mapping[str, Any] = {
    "type": "Dispatching",
    "status": "False",
    "reason": "SuspendDispatching",
    "message": "Work dispatching is in a suspended state.",
}
APPLIED: Mapping[str, Any] = {
    "type": "Applied",
    "status": "True",
    "reason": "AppliedSuccessful",
    "message": "Manifest has been successfully applied",
}


def dispatching(
    key: Key, work: Manifest, suspended: bool, now_s: float
) -> tuple[list[Action], list[Note]]:
    """Return the patch and event for the Dispatching condition, nothing if it stands."""
    wanted = SUSPENDED if suspended else DISPATCHING
    standing = condition(work, "Dispatching")
    if standing is not None and standing.get("status") == wanted["status"]:
        return [], []
    note = Note(key, "Normal", "WorkDispatching", wanted["message"])
    return condition_patch(key, work, wanted, now_s), [note]


def not_applied(reason: str) -> Mapping[str, Any]:
    """Return the Applied condition of a Work whose manifest was not applied."""
    text = f"Failed to apply all manifests (0/1): {reason}"
    return {"type": "Applied", "status": "False", "reason": "AppliedFailed", "message": text}


def sync_failed(key: Key, target: Key, reason: str) -> Note:
    """Return the event about a Work that did not reach its member."""
    text = (
        f"Failed to sync work({key.namespace}/{key.name}) to cluster({target.cluster}), "
        f"err: {reason}"
    )
    return Note(key, "Warning", "SyncFailed", text)


def failed(
    key: Key,
    work: Manifest,
    target: Key,
    reason: str,
    now_s: float,
    before: Sequence[Action],
    notes: Sequence[Note],
) -> Plan:
    """Return the plan of a Work that cannot be applied: condition, event, and a retry."""
    actions = [*before, *condition_patch(key, work, not_applied(reason), now_s)]
    return Plan(actions, notes=[*notes, sync_failed(key, target, reason)], error=reason)


def condition_patch(
    key: Key, work: Manifest, wanted: Mapping[str, Any], now_s: float
) -> list[Action]:
    """Return the patch that sets a condition, nothing if it stands so already."""
    standing = list(status_of(work).get("conditions") or ())
    after = set_condition(standing, wanted, now_s)
    if after == standing:
        return []
    return [Patch(key, {"status": {"conditions": after}}, "merge", "status")]


def patched(work: Manifest, actions: Sequence[Action]) -> Manifest:
    """Return the Work as the last status patch among some actions leaves it."""
    if not actions:
        return work
    conditions = next(
        (
            each.body["status"]["conditions"]
            for each in reversed(actions)
            if isinstance(each, Patch)
        ),
        status_of(work).get("conditions"),
    )
    return {**work, "status": {**status_of(work), "conditions": conditions}}

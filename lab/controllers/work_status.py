"""Work status controller: what a member object reports, and how it fares, goes into its Work.

Source: Karmada v1.19 `pkg/controllers/status/work_status_controller.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lab.controllers.lineage import (
    WORK,
    QueueFactory,
    cluster_of_namespace,
    manifest_of_work,
    member_key,
    work_key_of_member,
)
from lab.controllers.scope import PUSH_MEMBERS, Scope
from lab.controllers.watching import LOW_PRIORITY, hub_change
from lab.core.interpreter import Interpreter, Operation
from lab.core.interpreter.fields import InterpretError
from lab.core.manifest import (
    Manifest,
    condition,
    is_deleting,
    name_of,
    namespace_of,
    status_of,
)
from lab.core.model import (
    HUB,
    Due,
    Event,
    Index,
    Key,
    Note,
    Observed,
    Patch,
    Plan,
    Queue,
    View,
)
from lab.core.settings import KarmadaSettings


class WorkStatusController:
    """Reflects status and health of member objects; its keys are those of the objects."""

    name = "work-status-controller"
    indexes: Sequence[Index] = ()

    def __init__(
        self,
        settings: KarmadaSettings,
        interpreter: Interpreter,
        queues: QueueFactory,
        scope: Scope = PUSH_MEMBERS,
    ) -> None:
        self.client, self.cluster = scope.client, scope.own
        self._scope = scope
        self.workers = settings.concurrent_work_syncs
        self._interpreter = interpreter
        self._queues = queues

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Member objects come by their changes, and when their Work has been applied anew."""
        if isinstance(event, Observed) and event.key.cluster != HUB:
            if event.object is None or work_key_of_member(event.object) is None:
                return ()
            if not self._scope.covers(view, event.key.cluster):
                return ()
            return (Due(event.key, 0.0, LOW_PRIORITY if event.initial else 0),)
        change = hub_change(event, *WORK)
        if change is None or change.object is None:
            return ()
        fresh = not status_of(change.object).get("manifestStatuses")
        if not fresh or not _applied(change.object) or _applied(change.old):
            return ()
        cluster = cluster_of_namespace(change.key.namespace)
        if not self._scope.covers(view, cluster):
            return ()
        target = None if cluster is None else member_key(change.object, cluster)
        return () if target is None else (Due(target),)

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Member object -> status.manifestStatuses of its Work."""
        observed = view.get(key)
        work_key = None if observed is None else work_key_of_member(observed)
        work = None if work_key is None else view.get(work_key)
        if observed is None or work_key is None or work is None or is_deleting(work):
            return Plan()
        place = f"{key.kind}/{key.namespace}/{key.name}"
        try:
            status = self._interpreter.status(observed)
        except InterpretError as error:
            text = f"Reflect status for object({place}) failed, err: {error}."
            return Plan(
                notes=(Note(work_key, "Warning", "ReflectStatusFailed", text),), error=str(error)
            )
        if not _carries(work, observed):
            return Plan(error="no such manifest exist")
        health = self._interpreter.health_word(observed)
        entry: dict[str, Any] = {"identifier": _identifier(key), "health": health}
        if status is not None:
            entry["status"] = status
        if status_of(work).get("manifestStatuses") == [entry]:
            return Plan()
        text = f"Reflect status for object({place}) succeed."
        notes = [Note(work_key, "Normal", "ReflectStatusSucceed", text)]
        if self._interpreter.has(observed, Operation.HEALTH):
            notes.append(_health_note(work_key, place, health))
        body = {"status": {"manifestStatuses": [entry]}}
        return Plan((Patch(work_key, body, "merge", "status"),), notes=notes)


def _health_note(work_key: Key, place: str, health: str) -> Note:
    if health == "Unknown":
        text = f"Interpret health of object({place}) failed."
        return Note(work_key, "Warning", "InterpretHealthFailed", text)
    text = f"Interpret health of object({place}) as {health.lower()}."
    return Note(work_key, "Normal", "InterpretHealthSucceed", text)


def _applied(work: Manifest | None) -> bool:
    entry = None if work is None else condition(work, "Applied")
    return entry is not None and entry.get("status") == "True"


def _carries(work: Manifest, observed: Manifest) -> bool:
    manifest = manifest_of_work(work)
    return manifest is not None and all(
        (
            manifest.get("apiVersion") == observed.get("apiVersion"),
            manifest.get("kind") == observed.get("kind"),
            namespace_of(manifest) == namespace_of(observed),
            name_of(manifest) == name_of(observed),
        )
    )


def _identifier(key: Key) -> Mapping[str, Any]:
    group, _, version = key.api_version.rpartition("/")
    named: dict[str, Any] = {"ordinal": 0, "version": version, "kind": key.kind, "resource": ""}
    if group:
        named["group"] = group
    if key.namespace:
        named["namespace"] = key.namespace
    return {**named, "name": key.name}

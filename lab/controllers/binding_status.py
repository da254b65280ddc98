"""Binding status controllers: what the Works report goes into the binding, then the template.

Source: Karmada v1.19 `pkg/controllers/status/{common,rb_status_controller}.go`,
`pkg/util/helper/workstatus.go`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from lab.controllers.lineage import (
    BINDING,
    MANAGER,
    WORK,
    Kind,
    QueueFactory,
    binding_id,
    binding_key_of_work,
    cluster_of_namespace,
    id_value,
    key_in_hub,
    member_key,
    works_by_binding,
)
from lab.controllers.watching import hub_change
from lab.core.binding import resource_key
from lab.core.interpreter import Interpreter, Operation
from lab.core.interpreter.fields import InterpretError
from lab.core.manifest import (
    Manifest,
    condition,
    is_deleting,
    namespace_of,
    set_condition,
    spec_of,
    status_of,
)
from lab.core.model import (
    HUB,
    Action,
    Due,
    Event,
    Index,
    Key,
    Note,
    Observed,
    Plan,
    Queue,
    Update,
    View,
)
from lab.core.settings import KarmadaSettings
from lab.core.work import existing_clusters

_FULLY_APPLIED: Mapping[bool, Mapping[str, Any]] = {
    True: {
        "type": "FullyApplied",
        "status": "True",
        "reason": "FullyAppliedSuccess",
        "message": "All works have been successfully applied",
    },
    False: {
        "type": "FullyApplied",
        "status": "False",
        "reason": "FullyAppliedFailed",
        "message": "Failed to apply all works, see status.aggregatedStatus for details",
    },
}


ItemCache = dict[Key, tuple[Manifest, Key, dict[str, Any]]]
"""Work to (the Work as it was, what it carried, its entry in the aggregated status)."""


class BindingStatusController:
    """One loop per kind of binding.

    Args:
        kind: ResourceBinding or ClusterResourceBinding.
        settings: Worker counts.
        interpreter: Knows how statuses of a kind are summed up.
        queues: Makes the queue.
    """

    client = MANAGER

    def __init__(
        self, kind: Kind, settings: KarmadaSettings, interpreter: Interpreter, queues: QueueFactory
    ) -> None:
        namespaced = kind == BINDING
        self.name = f"{'' if namespaced else 'cluster-'}resource-binding-status-controller"
        self.workers = (
            settings.concurrent_resourcebinding_syncs
            if namespaced
            else settings.concurrent_clusterresourcebinding_syncs
        )
        self.indexes: Sequence[Index] = (works_by_binding(),)
        self._kind = kind
        self._interpreter = interpreter
        self._queues = queues
        self._items: ItemCache = {}

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Bindings come by the statuses of their Works, and by a new version of their template."""
        if (work := hub_change(event, *WORK)) is not None:
            if work.object is None:
                self._items.pop(work.key, None)
            key = self._of_work(work)
            return () if key is None or key[1:3] != self._kind else (Due(key),)
        change = hub_change(event, *self._kind)
        if change is None or change.object is None:
            return ()
        scheduled = status_of(change.object).get("lastScheduledTime")
        known = change.old is not None and _version(change.old) == _version(change.object)
        return (Due(change.key),) if scheduled and not known else ()

    @staticmethod
    def _of_work(change: Observed) -> Key | None:
        if change.object is None:
            return None if change.old is None else binding_key_of_work(change.old)
        if change.old is None or status_of(change.old) == status_of(change.object):
            return None
        return binding_key_of_work(change.object)

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Works -> status.aggregatedStatus and FullyApplied; then the template's status."""
        binding = view.get(key)
        if binding is None or is_deleting(binding):
            return Plan()
        works = (
            view.by_index(works_by_binding().name, id_value(binding)) if binding_id(binding) else ()
        )
        items = aggregated(works, resource_key(binding), self._items)
        if items is None:
            return Plan(error="no such manifest exist")
        status = dict(status_of(binding))
        status["aggregatedStatus"] = items
        applied = _FULLY_APPLIED[fully_applied(items, existing_clusters(spec_of(binding)))]
        status["conditions"] = set_condition(status.get("conditions"), applied, now_s)
        if not items:
            status.pop("aggregatedStatus")
        actions: list[Action] = []
        notes: list[Note] = []
        if status != status_of(binding):
            actions.append(Update(HUB, {**binding, "status": status}, "status"))
            place = f"{key.namespace}/{key.name}" if key.namespace else key.name
            text = f"Update {key.kind}({place}) with AggregatedStatus successfully."
            notes.append(Note(key, "Normal", "AggregateStatusSucceed", text))
        return self._to_template(view, binding, items, now_s, actions, notes)

    def _to_template(
        self,
        view: View,
        binding: Manifest,
        items: Sequence[Mapping[str, Any]],
        now_s: float,
        actions: list[Action],
        notes: list[Note],
    ) -> Plan:
        place = resource_key(binding)
        template = view.get(place)
        if template is None or not self._interpreter.has(template, Operation.AGGREGATE):
            return Plan(actions, notes=notes)
        try:
            updated = self._interpreter.aggregate(template, items, now_s)
        except InterpretError as error:
            notes.append(Note(place, "Warning", "AggregateStatusFailed", str(error)))
            return Plan(actions, notes=notes, error=str(error))
        if updated is not template and updated.get("status") != template.get("status"):
            actions.append(Update(HUB, updated, "status"))
            text = "Update Resource with AggregatedStatus successfully."
            notes.append(Note(place, "Normal", "AggregateStatusSucceed", text))
        return Plan(actions, notes=notes)


def _version(binding: Manifest) -> Any:
    return (spec_of(binding).get("resource") or {}).get("resourceVersion")


def aggregated(
    works: Iterable[Manifest], resource: Key, known: ItemCache | None = None
) -> list[dict[str, Any]] | None:
    """Return the entries of status.aggregatedStatus, by cluster name; None: a Work is foreign.

    Args:
        works: The binding's Works.
        resource: What they must carry.
        known: Entries made before; a Work that is the same object has the same entry.
    """
    items: list[dict[str, Any]] = []
    for work in works:
        if is_deleting(work):
            continue
        key = key_in_hub(work)
        before = None if known is None else known.get(key)
        if before is not None and before[0] is work and before[1] == resource:
            items.append(before[2])
            continue
        cluster = cluster_of_namespace(namespace_of(work))
        if cluster is None or member_key(work, HUB) != resource:
            return None
        item = _item(work, cluster, resource)
        items.append(item)
        if known is not None:
            known[key] = (work, resource, item)
    return sorted(items, key=lambda item: str(item["clusterName"]))


def _item(work: Manifest, cluster: str, resource: Key) -> dict[str, Any]:
    applied = condition(work, "Applied")
    item: dict[str, Any] = {"clusterName": cluster}
    if applied is None or applied.get("status") != "True":
        if applied is not None and applied.get("message"):
            item["appliedMessage"] = applied["message"]
        return {**item, "health": "Unknown"}
    item |= {"applied": True, "health": "Unknown"}
    for entry in status_of(work).get("manifestStatuses") or ():
        identifier = entry.get("identifier") or {}
        group = f"{identifier['group']}/" if identifier.get("group") else ""
        found = (
            f"{group}{identifier.get('version') or ''}",
            identifier.get("kind"),
            identifier.get("namespace") or "",
            identifier.get("name"),
        )
        if found == resource[1:] and not identifier.get("ordinal"):
            if entry.get("status") is not None:
                item["status"] = entry["status"]
            item["health"] = entry.get("health") or ""
            break
    return item


def fully_applied(items: Sequence[Mapping[str, Any]], clusters: Collection[str]) -> bool:
    """Tell whether every expected cluster, and no other, has an applied Work."""
    if not clusters or len(clusters) != len(items):
        return False
    return all(item.get("applied") and item["clusterName"] in clusters for item in items)

"""Graceful eviction: begins the time of eviction tasks, and ends tasks that are over.

Source: Karmada v1.19 `pkg/controllers/gracefuleviction`. A task that ends makes the old cluster's
Work an orphan, which the binding controller deletes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lab.controllers.lineage import (
    BINDING,
    CLUSTER,
    MANAGER,
    Kind,
    QueueFactory,
    cluster_key,
    key_in_hub,
)
from lab.controllers.watching import hub_change
from lab.core.applied_placement import PlacementError, applied_tolerations
from lab.core.binding import resource_key
from lab.core.eviction import (
    Assessment,
    assess_tasks,
    cancellable,
    next_check_s,
    reinstated,
    tasks_of,
)
from lab.core.manifest import Manifest, is_deleting, spec_of
from lab.core.model import (
    Decision,
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
from lab.core.toleration import tolerance

DECISION = "eviction-task"


class GracefulEvictionController:
    """One loop per kind of binding.

    Args:
        kind: ResourceBinding or ClusterResourceBinding.
        settings: The time tasks have, and the quirks.
        queues: Makes the queue.
    """

    client = MANAGER

    def __init__(self, kind: Kind, settings: KarmadaSettings, queues: QueueFactory) -> None:
        prefix = "" if kind == BINDING else "cluster-"
        self.name = f"{prefix}resource-binding-graceful-eviction-controller"
        self.workers = (
            settings.concurrent_resourcebinding_syncs
            if kind == BINDING
            else settings.concurrent_clusterresourcebinding_syncs
        )
        self.indexes: Sequence[Index] = (bindings_leaving(kind),)
        self._kind = kind
        self._settings = settings
        self._queues = queues
        self._told: dict[Key, dict[str, str]] = {}

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Bindings with eviction tasks come with every change; a recovered cluster may bring some.

        The latter only without the quirk that tasks outlive a recovery.
        """
        change = hub_change(event, *self._kind)
        if change is not None:
            if change.object is None:
                self._told.pop(change.key, None)
                return ()
            return (Due(change.key),) if tasks_of(change.object) else ()
        if self._settings.quirk("tasksOutliveRecovery"):
            return ()
        cluster = hub_change(event, *CLUSTER)
        if cluster is None or not _lost_a_taint(cluster):
            return ()
        leaving = view.by_index(bindings_leaving(self._kind).name, cluster.key.name)
        return [Due(key_in_hub(binding)) for binding in leaving]

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Binding -> its eviction tasks, stamped, and without those that are over."""
        binding = view.get(key)
        if binding is None or is_deleting(binding):
            return Plan()
        settings = self._settings
        if not settings.quirk("tasksOutliveRecovery"):
            plan = self._reinstate(view, key, binding)
            if plan is not None:
                return plan
        found = assess_tasks(
            binding,
            now_s,
            settings.graceful_eviction_timeout_s,
            leaks=settings.quirk("gracePeriodLeaks"),
            keeps_last=not settings.quirk("lastCopyDeleted"),
        )
        kept = [each for each in found if each.kept]
        decisions = self._explained(key, found)
        check_s = next_check_s(kept, now_s)
        tasks = [each.task for each in kept]
        if tasks == list(tasks_of(binding)):
            return Plan((), check_s, decisions=decisions)
        notes = [
            note
            for each in found
            if not each.kept
            for note in _notes(key, binding, str(each.task.get("fromCluster")))
        ]
        patch = self._patch(key, binding, {"gracefulEvictionTasks": tasks or None})
        return Plan((patch,), check_s, notes=notes, decisions=decisions)

    def _patch(self, key: Key, binding: Manifest, spec: dict[str, Any]) -> Patch:
        body: dict[str, Any] = {"spec": spec}
        if not self._settings.quirk("evictionTaskLost"):
            body["metadata"] = {"resourceVersion": binding["metadata"]["resourceVersion"]}
        return Patch(key, body)

    def _reinstate(self, view: View, key: Key, binding: Manifest) -> Plan | None:
        """Cancel the tasks of clusters that nothing drives the binding away from any more."""
        recovered = [
            str(task.get("fromCluster"))
            for task in tasks_of(binding)
            if cancellable(binding, task) and _tolerable(view, binding, task)
        ]
        if not recovered:
            return None
        after = binding
        for cluster in recovered:
            after = reinstated(after, cluster)
        spec = spec_of(after)
        fields = {name: spec.get(name) for name in ("clusters", "gracefulEvictionTasks")}
        names = ", ".join(recovered)
        decision = Decision(
            key,
            DECISION,
            f"{names}: task cancelled, nothing drives it away any more",
            {"tasks": [{"cluster": name, "verdict": "recovered"} for name in recovered]},
        )
        return Plan((self._patch(key, binding, fields),), decisions=(decision,))

    def _explained(self, key: Key, found: Sequence[Assessment]) -> list[Decision]:
        """Say why each task is kept or dropped, once per reason."""
        words = {
            str(each.task.get("fromCluster")): f"{each.verdict}: {each.text}" for each in found
        }
        if self._told.get(key) == words:
            return []
        old = self._told.get(key, {})
        self._told[key] = {
            name: words[name]
            for each in found
            if each.kept and (name := str(each.task.get("fromCluster")))
        }
        news = [each for each in found if old.get(name := _cluster(each)) != words[name]]
        if not news:
            return []
        summary = "; ".join(
            f"{_cluster(each)}: {'kept' if each.kept else 'dropped'}, {each.text}" for each in news
        )
        explanation = {
            "tasks": [
                {
                    "cluster": _cluster(each),
                    "kept": each.kept,
                    "verdict": each.verdict,
                    "because": each.text,
                    "until": each.until_s,
                    "purgeMode": each.task.get("purgeMode"),
                    "reason": each.task.get("reason"),
                    "producer": each.task.get("producer"),
                }
                for each in found
            ]
        }
        return [Decision(key, DECISION, summary, explanation)]


def bindings_leaving(kind: Kind) -> Index:
    """Return the index of bindings by the members they are being evicted from."""
    return Index(f"{kind[1]}-leaving", "hub", *kind, _leaving)


def _leaving(binding: Manifest) -> Iterable[str]:
    return tuple(dict.fromkeys(str(task.get("fromCluster")) for task in tasks_of(binding)))


def _cluster(found: Assessment) -> str:
    return str(found.task.get("fromCluster"))


def _lost_a_taint(change: Observed) -> bool:
    old, new = change.old, change.object
    if old is None or new is None:
        return False
    return spec_of(old).get("taints") != spec_of(new).get("taints")


def _tolerable(view: View, binding: Manifest, task: Any) -> bool:
    """Tell whether a task's cluster is there, stays, and has no taint that would evict again."""
    cluster = view.get(cluster_key(str(task.get("fromCluster"))))
    if cluster is None or is_deleting(cluster):
        return False
    try:
        tolerations = applied_tolerations(binding)
    except PlacementError:
        return False
    met = tolerance(spec_of(cluster).get("taints"), tolerations, 0.0)
    return met.answer in {"untainted", "never"}


def _notes(key: Key, binding: Manifest, cluster: str) -> list[Note]:
    text = f"Evict from cluster {cluster} succeed."
    return [
        Note(each, "Normal", "EvictWorkloadFromClusterSucceed", text)
        for each in (key, resource_key(binding))
    ]

"""Application failover controllers: an application leaves the cluster where it stays unhealthy.

Source: Karmada v1.19 `pkg/controllers/applicationfailover`. The clocks are in memory: a restart of
the process begins them anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lab.controllers.lineage import BINDING, MANAGER, Kind, QueueFactory
from lab.controllers.watching import hub_change
from lab.core.application_failover import (
    Diagnosis,
    behaviour_of,
    diagnose,
    eviction_for,
    toleration_s,
)
from lab.core.binding import resource_key
from lab.core.eviction import GRACEFULLY, evicted
from lab.core.interpreter import Interpreter, Operation
from lab.core.manifest import Manifest, spec_of, status_of
from lab.core.model import (
    HUB,
    Answered,
    Decision,
    Due,
    Event,
    Index,
    Key,
    Note,
    Plan,
    Queue,
    Update,
    View,
)
from lab.core.settings import KarmadaSettings
from lab.core.state_preservation import StateError


class ApplicationFailoverController:
    """One loop per kind of binding.

    Args:
        kind: ResourceBinding or ClusterResourceBinding.
        settings: Worker counts and gates.
        interpreter: Knows for which kinds health means anything.
        queues: Makes the queue.
    """

    client = MANAGER
    indexes: Sequence[Index] = ()

    def __init__(
        self, kind: Kind, settings: KarmadaSettings, interpreter: Interpreter, queues: QueueFactory
    ) -> None:
        namespaced = kind == BINDING
        word = "resource-binding" if namespaced else "cluster-resource-binding"
        self.name = f"{word}-application-failover-controller"
        self.workers = (
            settings.concurrent_resourcebinding_syncs
            if namespaced
            else settings.concurrent_clusterresourcebinding_syncs
        )
        self._kind = kind
        self._settings = settings
        self._interpreter = interpreter
        self._queues = queues
        self._since: dict[Key, Mapping[str, float]] = {}
        self._writing: dict[Key, tuple[Update, Sequence[str]]] = {}
        self._refused: dict[Key, Sequence[str]] = {}

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Bindings come by any change, if application failover is or was asked for."""
        if isinstance(event, Answered):
            self._learn(event)
            return ()
        change = hub_change(event, *self._kind)
        if change is None:
            return ()
        if behaviour_of(change.object) is None and behaviour_of(change.old) is None:
            return ()
        return (Due(change.key),)

    def _learn(self, answer: Answered) -> None:
        """An eviction that was refused is told with the next look, which comes at once.

        One that was not ends the clocks of the clusters it is about.
        """
        key = answer.action.key
        writing = self._writing.get(key)
        if writing is None or writing[0] is not answer.action:
            return
        del self._writing[key]
        if answer.error is not None:
            self._refused[key] = writing[1]
        elif key in self._since:
            clocks = self._since[key]
            self._since[key] = {name: clocks[name] for name in clocks if name not in writing[1]}

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Binding -> one that has left the clusters where it was unhealthy for too long."""
        binding = view.get(key)
        behaviour = behaviour_of(binding)
        refused = self._refused.pop(key, ())
        if binding is None or behaviour is None or not self._concerned(binding):
            self._since.pop(key, None)
            return Plan()
        notes = [note for cluster in refused for note in _refusal_notes(key, binding, cluster)]
        before = self._since.get(key, {})
        found = diagnose(
            binding,
            behaviour,
            before,
            now_s,
            unknown_resets=self._settings.quirk("unknownResetsTimer"),
            one_at_a_time=not self._settings.quirk("pingPong"),
        )
        moved = binding
        try:
            for cluster in found.evict:
                eviction = eviction_for(binding, behaviour, cluster, self.name, self._settings)
                moved = evicted(moved, eviction)
        except StateError as error:
            # As in the real one, what was seen this time is kept and nothing is forgotten.
            self._since[key] = {**before, **found.begun}
            return Plan(notes=notes, error=str(error))
        self._since[key] = found.since
        decisions = (
            [_decision(key, binding, moved, behaviour, found, {**before, **found.since})]
            if found.news or moved is not binding
            else []
        )
        actions = [Update(HUB, moved)] if moved is not binding else []
        if actions:
            self._writing[key] = (actions[0], found.evict)
        return Plan(actions, found.check_after_s, notes=notes, decisions=decisions)

    def _concerned(self, binding: Manifest) -> bool:
        """Tell whether there is a health to look at; only ResourceBindings need propagateDeps."""
        if not status_of(binding).get("aggregatedStatus"):
            return False
        if self._kind == BINDING and not spec_of(binding).get("propagateDeps"):
            return False
        resource = resource_key(binding)
        subject = {"apiVersion": resource.api_version, "kind": resource.kind}
        return self._interpreter.has(subject, Operation.HEALTH)


def _refusal_notes(key: Key, binding: Manifest, cluster: str) -> list[Note]:
    text = f"Evict from cluster {cluster} failed."
    return [
        Note(each, "Warning", "EvictWorkloadFromClusterFailed", text)
        for each in (key, resource_key(binding))
    ]


def _decision(
    key: Key,
    binding: Manifest,
    moved: Manifest,
    behaviour: Mapping[str, Any],
    found: Diagnosis,
    since: Mapping[str, float],
) -> Decision:
    limit_s = toleration_s(behaviour)
    targets = {str(each.get("name")) for each in spec_of(binding).get("clusters") or ()}
    leaves = [cluster for cluster in found.evict if moved is not binding and cluster in targets]
    lines = [*found.news, *(f"{c} was unhealthy for {limit_s:g} s: evicted" for c in leaves)]
    explanation = {
        "tolerationSeconds": limit_s,
        "purgeMode": str(behaviour.get("purgeMode") or GRACEFULLY),
        "clusters": [
            _fares(item, since, leaves, limit_s)
            for item in status_of(binding).get("aggregatedStatus") or ()
        ],
    }
    return Decision(key, "application-failover", "; ".join(lines), explanation)


def _fares(
    item: Mapping[str, Any], since: Mapping[str, float], leaves: Sequence[str], limit_s: float
) -> dict[str, Any]:
    cluster = str(item.get("clusterName"))
    at_s = since.get(cluster) if item.get("health") == "Unhealthy" else None
    return {
        "cluster": cluster,
        "health": item.get("health"),
        "unhealthySince": at_s,
        "deadline": None if at_s is None else round(at_s + limit_s, 6),
        "evicted": cluster in leaves,
    }

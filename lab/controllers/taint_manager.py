"""Taint manager: takes bindings off clusters with a NoExecute taint they do not tolerate.

Source: Karmada v1.19 `pkg/controllers/cluster/taint_manager.go`. Most of it is off by default; a
manager that is off moves nothing, but says which switch would make it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lab.controllers.eviction_queue import (
    EVICTION_WORKERS,
    EvictionQueue,
    PacedQueue,
    paced_queue,
)
from lab.controllers.eviction_words import EvictionWords
from lab.controllers.lineage import (
    BINDING,
    CLUSTER,
    CLUSTER_BINDING,
    MANAGER,
    QueueFactory,
    bindings_on_cluster,
    cluster_key,
    key_in_hub,
)
from lab.controllers.watching import hub_change
from lab.core.applied_placement import PlacementError, applied_tolerations
from lab.core.eviction import (
    DIRECTLY,
    GRACEFULLY,
    TAINT_MANAGER,
    TAINT_UNTOLERATED,
    Eviction,
    evicted,
)
from lab.core.manifest import Manifest, get_in, is_deleting, spec_of
from lab.core.model import (
    HUB,
    Decision,
    Due,
    Event,
    Index,
    Key,
    Plan,
    Queue,
    Update,
    View,
)
from lab.core.settings import KarmadaSettings
from lab.core.state_preservation import StateError, preserved_labels
from lab.core.taints import taints_of
from lab.core.toleration import Tolerance, no_execute_taints, tolerance

RETRY_S = 10.0
"""How often a tainted cluster is looked at again, for bindings that came there meanwhile."""


class TaintManager:
    """Looks at tainted clusters, and evicts their bindings at a pace.

    A Cluster's key asks who has to leave; the key of a binding, with the cluster to leave in its
    `cluster`, is one eviction.
    """

    name = "taint-manager"
    client = MANAGER

    def __init__(self, settings: KarmadaSettings, queues: QueueFactory) -> None:
        self.workers = settings.concurrent_cluster_syncs + 2 * EVICTION_WORKERS
        self.indexes: Sequence[Index] = tuple(
            bindings_on_cluster(kind) for kind in (BINDING, CLUSTER_BINDING)
        )
        self._settings = settings
        self._queues = queues
        self._off = switched_off(settings)
        self._lanes: dict[str, PacedQueue] = {}
        self._words = EvictionWords(settings.resource_eviction_rate)

    def make_queue(self) -> Queue:
        """Return a queue of Clusters with a paced lane for each kind of binding."""
        self._lanes = {kind[1]: paced_queue(self._settings) for kind in (BINDING, CLUSTER_BINDING)}
        return EvictionQueue(self._queues(), self._lanes)

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Every change of a Cluster is looked at."""
        change = hub_change(event, *CLUSTER)
        return () if change is None else (Due(change.key),)

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Tainted cluster -> evictions to come; eviction -> the binding without the cluster."""
        if key.cluster == HUB:
            return self._look(view, key, now_s)
        return self._evict(view, key, now_s)

    # ── a cluster ──────────────────────────────────────────────────────────────────────────────

    def _look(self, view: View, key: Key, now_s: float) -> Plan:
        cluster = view.get(key)
        if cluster is None:
            self._words.forget(key.name)
            return Plan()
        taints = no_execute_taints(spec_of(cluster).get("taints"))
        if self._off or not taints:
            return Plan(decisions=list(self._unmoved(view, key, cluster, bool(taints))))
        follow: list[Due] = []
        decisions: list[Decision] = []
        ahead = {kind: lane.places(now_s) for kind, lane in self._lanes.items()}
        places: set[Key] = set()
        for binding in _bindings(view, key.name):
            place = key_in_hub(binding)
            places.add(place)
            met = _met(binding, taints, now_s)
            due = self._due(place._replace(cluster=key.name), met, now_s)
            if due is not None:
                follow.append(due)
            if met is not None:
                queue: Mapping[str, Any] = {}
                if due is not None and met.answer == "now":
                    queue = self._queue_facts(due.key, ahead[due.key.kind], now_s)
                decisions += self._words.answer(key.name, place, met, queue)
        self._words.keep(key.name, places)
        return Plan((), RETRY_S, decisions=decisions, follow=follow)

    def _due(self, key: Key, met: Tolerance | None, now_s: float) -> Due | None:
        """Return when an eviction is to be looked at, None if it is not to be.

        A binding without a readable placement is; it fails then, and is tried again.
        """
        if met is not None and met.answer == "never":
            return Due(key) if self._settings.quirk("toleratedForeverQueued") else None
        if met is None or met.answer != "later":
            return Due(key)
        assert met.until_s is not None
        return Due(key, met.until_s - now_s)

    def _queue_facts(self, key: Key, ahead: dict[Key, int], now_s: float) -> Mapping[str, Any]:
        position = ahead.setdefault(key, len(ahead))
        return {"ahead": position, "turn": self._lanes[key.kind].turn_s(position, now_s)}

    def _unmoved(
        self, view: View, key: Key, cluster: Manifest, no_execute: bool
    ) -> Iterator[Decision]:
        """Say once why the taints of a cluster move nothing; and who may stay after all."""
        places = {key_in_hub(binding) for binding in _bindings(view, key.name)}
        if not no_execute:
            yield from self._words.spared(key.name, places)
        taints = [str(taint) for taint in taints_of(spec_of(cluster).get("taints"))]
        if not taints or not places:
            self._words.forget(key.name)
            return
        because = self._off if no_execute else "only NoExecute taints evict"
        yield from self._words.unmoved(key, taints, because)

    # ── one eviction ───────────────────────────────────────────────────────────────────────────

    def _evict(self, view: View, key: Key, now_s: float) -> Plan:
        place = key._replace(cluster=HUB)
        binding = view.get(place)
        if binding is None or is_deleting(binding) or not _uses(binding, key.cluster):
            return Plan()
        try:
            tolerations = applied_tolerations(binding)
        except PlacementError as error:
            return Plan(error=str(error))
        cluster = view.get(cluster_key(key.cluster))
        taints = () if cluster is None else spec_of(cluster).get("taints")
        met = tolerance(taints, tolerations, now_s)
        if self._off or met.answer in {"untainted", "never"}:
            return Plan()
        if met.answer == "later":
            assert met.until_s is not None
            return Plan((), met.until_s - now_s)
        mode = self.purge_mode(binding)
        try:
            labels = self._state(binding, key.cluster)
        except StateError as error:
            return Plan(error=str(error))
        eviction = Eviction(
            key.cluster,
            TAINT_UNTOLERATED,
            TAINT_MANAGER,
            purge_mode=mode,
            preserved_labels=labels,
        )
        decision = self._words.leaving(key.cluster, place, met, mode)
        return Plan((Update(HUB, evicted(binding, eviction)),), decisions=(decision,))

    def purge_mode(self, binding: Manifest) -> str:
        """Return how the old copy goes: the policy's word first, then the setting's."""
        if binding.get("kind") == CLUSTER_BINDING[1] and self._settings.quirk("purgeModeIgnored"):
            return ""
        behaviour = get_in(binding, ("spec", "failover", "cluster"))
        if behaviour is not None:
            return str(behaviour.get("purgeMode") or GRACEFULLY)
        chosen = self._settings.no_execute_taint_eviction_purge_mode
        return DIRECTLY if chosen == DIRECTLY else GRACEFULLY

    def _state(self, binding: Manifest, cluster: str) -> Mapping[str, str] | None:
        behaviour = get_in(binding, ("spec", "failover", "cluster"))
        if behaviour is None or not self._settings.gate("StatefulFailoverInjection"):
            return None
        return preserved_labels(behaviour, binding, cluster)


def switched_off(settings: KarmadaSettings) -> str:
    """Return the switch that keeps NoExecute taints from moving anything, empty if all are on."""
    if not settings.gate("Failover"):
        return "feature gate Failover is off"
    if not settings.enable_taint_manager:
        return "enableTaintManager is false"
    if not settings.enable_no_execute_taint_eviction:
        return "enableNoExecuteTaintEviction is false"
    return ""


def _bindings(view: View, cluster: str) -> Iterator[Manifest]:
    for kind in (BINDING, CLUSTER_BINDING):
        yield from view.by_index(bindings_on_cluster(kind).name, cluster)


def _met(binding: Manifest, taints: Any, now_s: float) -> Tolerance | None:
    """Return how a binding stands to taints, None if its placement cannot be read."""
    try:
        tolerations = applied_tolerations(binding)
    except PlacementError:
        return None
    return tolerance(taints, tolerations, now_s)


def _uses(binding: Manifest, cluster: str) -> bool:
    return any(each.get("name") == cluster for each in spec_of(binding).get("clusters") or ())

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
from lab.core.duration import format_duration
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

DECISION = "eviction"


class TaintManager:
    """Looks at tainted clusters, and evicts their bindings at a pace.

    A Cluster's key asks who has to leave; the key of a binding, with the cluster to leave in its
    `cluster`, is one eviction. The manager remembers what it last said about each, so that it
    explains every answer once.
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
        self._told: dict[str, dict[Key, str]] = {}

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
            self._told.pop(key.name, None)
            return Plan()
        taints = no_execute_taints(spec_of(cluster).get("taints"))
        if self._off or not taints:
            return Plan(decisions=list(self._unmoved(view, key, cluster, bool(taints))))
        follow: list[Due] = []
        decisions: list[Decision] = []
        told = self._told.setdefault(key.name, {})
        told.pop(key, None)
        ahead = {kind: dict(lane.places(now_s)) for kind, lane in self._lanes.items()}
        gone = set(told)
        for binding in _bindings(view, key.name):
            place = key_in_hub(binding)
            gone.discard(place)
            met = self._met(binding, taints, now_s)
            if isinstance(met, Tolerance) and met.answer == "never":
                if self._settings.quirk("toleratedForeverQueued"):
                    follow.append(Due(place._replace(cluster=key.name)))
                decisions += self._tell(key.name, place, met, {})
                continue
            wait_s = 0.0
            if isinstance(met, Tolerance) and met.answer == "later":
                assert met.until_s is not None
                wait_s = met.until_s - now_s
            due = Due(place._replace(cluster=key.name), wait_s)
            follow.append(due)
            if isinstance(met, Tolerance):
                queue = self._queue_facts(due, ahead[place.kind], now_s)
                decisions += self._tell(key.name, place, met, queue)
        for place in gone:  # it left, or was deleted: another answer will be news
            del told[place]
        return Plan((), RETRY_S, decisions=decisions, follow=follow)

    def _unmoved(
        self, view: View, key: Key, cluster: Manifest, no_execute: bool
    ) -> Iterator[Decision]:
        """Say once why the taints of a cluster move nothing; and who may stay after all."""
        told = self._told.pop(key.name, {})
        if not no_execute:
            for place, answer in told.items():
                if place != key and answer.startswith(("now", "later")):
                    binding = view.get(place)
                    if binding is not None and _uses(binding, key.name):
                        yield Decision(
                            place,
                            DECISION,
                            f"stays on {key.name}: the taint is gone",
                            {"cluster": key.name, "answer": "stays", "because": "taint gone"},
                        )
        taints = [str(taint) for taint in taints_of(spec_of(cluster).get("taints"))]
        if not taints or not any(True for _ in _bindings(view, key.name)):
            return
        because = self._off if no_execute else "only NoExecute taints evict"
        signature = f"{because} {','.join(taints)}"
        self._told[key.name] = {key: signature}
        if told.get(key) == signature:
            return
        word = "taint" if len(taints) == 1 else "taints"
        yield Decision(
            key,
            DECISION,
            f"nothing leaves {key.name} for {word} {', '.join(taints)}: {because}",
            {"cluster": key.name, "answer": "never", "because": because, "taints": taints},
        )

    @staticmethod
    def _met(binding: Manifest, taints: Any, now_s: float) -> Tolerance | None:
        """Return how a binding stands to taints, None if its placement cannot be read."""
        try:
            tolerations = applied_tolerations(binding)
        except PlacementError:
            return None
        return tolerance(taints, tolerations, now_s)

    def _queue_facts(self, due: Due, ahead: dict[Key, int], now_s: float) -> dict[str, Any]:
        if due.after_s > 0:
            return {}
        position = ahead.setdefault(due.key, len(ahead))
        turn_s = self._lanes[due.key.kind].turn_s(position, now_s)
        return {"ahead": position, "turn": turn_s}

    def _tell(
        self, cluster: str, place: Key, met: Tolerance, queue: Mapping[str, Any]
    ) -> Iterator[Decision]:
        """Explain an answer, unless it is the one given before."""
        signature = f"{met.answer} {met.until_s} {met.text}"
        told = self._told.setdefault(cluster, {})
        if told.get(place) == signature:
            return
        told[place] = signature
        explanation = {**self._explained(cluster, met), **queue}
        yield Decision(place, DECISION, _summary(cluster, met, queue), explanation)

    def _explained(self, cluster: str, met: Tolerance) -> dict[str, Any]:
        return {
            "cluster": cluster,
            "answer": met.answer,
            "because": met.text,
            "until": met.until_s,
            "taints": [
                {
                    "taint": str(each.taint),
                    "tolerated": each.toleration is not None,
                    "tolerationSeconds": each.toleration.seconds if each.toleration else None,
                    "until": each.until_s,
                }
                for each in met.taints
            ],
            "rate": self._settings.resource_eviction_rate,
            "workers": EVICTION_WORKERS,
        }

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
        explanation = {**self._explained(key.cluster, met), "answer": "evict", "purgeMode": mode}
        summary = f"leaves {key.cluster} now ({mode or 'no purge mode'}): {met.text}"
        self._told.get(key.cluster, {}).pop(place, None)
        decision = Decision(place, DECISION, summary, explanation)
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


def _uses(binding: Manifest, cluster: str) -> bool:
    return any(each.get("name") == cluster for each in spec_of(binding).get("clusters") or ())


def _summary(cluster: str, met: Tolerance, queue: Mapping[str, Any]) -> str:
    if met.answer == "never":
        return f"stays on {cluster}: {met.text}"
    if met.answer == "later":
        assert met.until_s is not None
        return f"leaves {cluster} at {format_duration(met.until_s)}: {met.text}"
    return (
        f"to leave {cluster}: {met.text}; {queue['ahead']} ahead in the queue, "
        f"turn at {format_duration(queue['turn'])}"
    )

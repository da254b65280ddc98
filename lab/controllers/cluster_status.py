"""Cluster status controller: probe each member, debounce Ready, collect APIs and capacity.

Source: Karmada v1.19 `pkg/controllers/status/cluster_status_controller.go`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lab.controllers.lineage import (
    CLUSTER,
    QueueFactory,
    cluster_key,
    finalizers_of,
)
from lab.controllers.modeling import allocatable_modelings
from lab.controllers.readiness import ReadinessDebounce, observed_condition
from lab.controllers.scope import PUSH_MEMBERS, Scope
from lab.controllers.watching import generation_changed, hub_change
from lab.core.fnv import fnv1a_32
from lab.core.labels import CLUSTER_FINALIZER
from lab.core.manifest import Manifest, condition, set_condition, spec_of, status_of
from lab.core.model import (
    HUB,
    Due,
    Event,
    Index,
    Key,
    Plan,
    Probe,
    ProbeResult,
    Queue,
    Update,
    View,
)
from lab.core.settings import KarmadaSettings

SOON_S = 1.0
"""An answer that comes within this time counts as if it had come at once."""

_APIS: Mapping[bool, Mapping[str, str]] = {
    True: {
        "status": "True",
        "reason": "Complete",
        "message": "collected complete APIEnablements from the cluster",
    },
    False: {
        "status": "False",
        "reason": "Empty",
        "message": "collected empty APIEnablements from the cluster",
    },
}


class ClusterStatusController:
    """Asks each member how it is, every `clusterStatusUpdateFrequency`.

    The first probe follows the joining at once; later ones keep a phase of the cluster's own (a
    hash of its name), so that a fleet's probes spread over the period.
    """

    name = "cluster-status-controller"
    indexes: Sequence[Index] = ()

    def __init__(
        self, settings: KarmadaSettings, queues: QueueFactory, scope: Scope = PUSH_MEMBERS
    ) -> None:
        self.client, self.cluster = scope.client, scope.own
        self._scope = scope
        self.workers = settings.concurrent_cluster_syncs
        self._settings = settings
        self._queues = queues
        self._debounce = ReadinessDebounce(
            settings.cluster_failure_threshold_s, settings.cluster_success_threshold_s
        )
        self._results: dict[str, ProbeResult] = {}
        self._asked: dict[str, float] = {}

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """A Cluster's new generation asks for a probe; a probe's result for a status."""
        if isinstance(event, ProbeResult):
            if not self._scope.covers(view, event.cluster):
                return ()
            self._results[event.cluster] = event
            return (Due(cluster_key(event.cluster)),)
        change = hub_change(event, *CLUSTER)
        if change is None or not self._scope.covers(view, change.key.name):
            return ()
        started = CLUSTER_FINALIZER in finalizers_of(change.object or {})
        ready = started and CLUSTER_FINALIZER not in finalizers_of(change.old or {})
        return (Due(change.key),) if generation_changed(change) or ready else ()

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Cluster -> a probe, or the status a probe's result gives it."""
        cluster = view.get(key)
        if cluster is None:
            self._debounce.forget(key.name)
            self._results.pop(key.name, None)
            self._asked.pop(key.name, None)
            return Plan()
        if CLUSTER_FINALIZER not in finalizers_of(cluster):
            return Plan()  # the cluster controller comes first; its write brings the key back
        result = self._results.pop(key.name, None)
        if result is None:
            if key.name in self._asked:
                return Plan()
            self._asked[key.name] = now_s
            return Plan((Probe(key.name),))
        # Counted from now, not from the answer to the write: else probes would stray.
        again = (Due(key, self._until_next(key.name, now_s)),)
        asked_s = self._asked.pop(key.name, now_s)
        updated = self.with_result(cluster, result, now_s, asked_s)
        if updated is None:
            return Plan(follow=again)
        return Plan((Update(HUB, updated, "status"),), follow=again)

    def _until_next(self, name: str, now_s: float) -> float:
        period_s = self._settings.cluster_status_update_frequency_s
        phase_s = fnv1a_32(name.encode()) % 10_000 / 10_000 * period_s
        turns = math.floor(round((now_s - phase_s) / period_s, 9)) + 1
        return round(phase_s + turns * period_s - now_s, 6)

    def with_result(
        self, cluster: Manifest, result: ProbeResult, now_s: float, asked_s: float | None = None
    ) -> Manifest | None:
        """Return the Cluster with what a probe found, None if its status stays as it is.

        The thresholds count from when probes were asked (`asked_s`), if they were answered soon:
        their answers come with delays of their own, and one that is a little late must not cost a
        whole period more. (The real loop sleeps a period after each answer, so its probes only
        ever lie further apart.) One that was under way for longer counts from its answer, as all
        do in the real loop: a probe that waited out a partition does not speak for that time.
        """
        since_s = now_s if asked_s is None else max(asked_s, round(now_s - SOON_S, 6))
        observed = observed_condition(result.online, result.healthy)
        current = condition(cluster, "Ready")
        ready = self._debounce.adjusted(result.cluster, current, observed, since_s)
        status = dict(status_of(cluster))
        conditions = status.get("conditions")
        if result.online and result.healthy and ready["status"] == "True":
            facts = result.facts
            apis = list(facts.get("apiEnablements") or ())
            status.update(self._collected(cluster, facts), apiEnablements=apis)
            complete = {"type": "CompleteAPIEnablements", **_APIS[bool(apis)]}
            conditions = set_condition(conditions, complete, now_s)
        status["conditions"] = set_condition(conditions, _bare(ready), now_s)
        if status == status_of(cluster):
            return None
        return {**cluster, "status": status}

    def _collected(self, cluster: Manifest, facts: Mapping[str, Any]) -> dict[str, Any]:
        summary = dict(facts.get("resourceSummary") or {})
        if self._settings.gate("CustomizedClusterResourceModeling"):
            models = spec_of(cluster).get("resourceModels") or ()
            modelings = allocatable_modelings(models, facts.get("nodes") or ())
            if modelings is not None:
                summary["allocatableModelings"] = modelings
        return {
            "kubernetesVersion": facts.get("kubernetesVersion") or "",
            "nodeSummary": facts.get("nodeSummary") or {},
            "resourceSummary": summary,
        }


def _bare(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a condition without its time, which `set_condition` keeps or sets."""
    return {name: entry[name] for name in ("type", "status", "reason", "message")}

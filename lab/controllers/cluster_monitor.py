"""Cluster monitor: Ready becomes Unknown when nothing is heard of a Pull member's agent.

Part of Karmada's cluster controller. Source: Karmada v1.19
`pkg/controllers/cluster/cluster_controller.go` (monitorClusterHealth).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lab.controllers.cluster_lease import lease_key
from lab.controllers.lineage import CLUSTER, MANAGER
from lab.controllers.watching import hub_change
from lab.core.cluster_health import Heard, heard_of, silent_status
from lab.core.manifest import condition, spec_of
from lab.core.model import HUB, Decision, Due, Event, Index, Key, Plan, Queue, Update, View
from lab.core.settings import KarmadaSettings
from lab.core.workqueue import RateLimitingQueue

RETRY_S = 0.02
"""How soon a refused write is tried again, from the object as it is then."""


class ClusterMonitor:
    """Looks at every Pull member each `clusterMonitorPeriod`, all at the same moments."""

    name = "cluster-monitor"
    client = MANAGER
    workers = 1
    indexes: Sequence[Index] = ()

    def __init__(self, settings: KarmadaSettings) -> None:
        self._settings = settings
        self._heard: dict[str, Heard] = {}

    def make_queue(self) -> Queue:
        """Return a queue that tries a refused write again at once, and at every period."""
        return RateLimitingQueue(RETRY_S, self._settings.cluster_monitor_period_s)

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """A Pull member comes once, by its joining; from then on time brings it back."""
        change = hub_change(event, *CLUSTER)
        if change is None:
            return ()
        if change.object is None:
            self._heard.pop(change.key.name, None)
            return ()
        pull = spec_of(change.object).get("syncMode") == "Pull"
        return (Due(change.key),) if pull and change.old is None else ()

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Cluster -> Ready Unknown, if its agent has been silent for longer than its grace."""
        cluster = view.get(key)
        if cluster is None or spec_of(cluster).get("syncMode") != "Pull":
            self._heard.pop(key.name, None)
            return Plan()
        wait_s = self._until_next(now_s)
        heard = heard_of(cluster, view.get(lease_key(key.name)), self._heard.get(key.name), now_s)
        self._heard[key.name] = heard
        grace_s = self._settings.cluster_monitor_grace_period_s
        startup_s = self._settings.cluster_startup_grace_period_s
        silent = silent_status(cluster, heard, grace_s, startup_s, now_s)
        if silent is None:
            return Plan((), wait_s)
        limit_s = startup_s if condition(cluster, "Ready") is None else grace_s
        silence_s = round(now_s - heard.at_s, 3)
        text = f"nothing heard of its agent for {silence_s:g} s (grace {limit_s:g} s)"
        explanation = {
            "lastHeard": heard.at_s,
            "leaseRenewed": heard.renewed or None,
            "gracePeriod": limit_s,
        }
        decision = Decision(key, "cluster-silent", text, explanation)
        return Plan((Update(HUB, silent, "status"),), wait_s, decisions=(decision,))

    def _until_next(self, now_s: float) -> float:
        period_s = self._settings.cluster_monitor_period_s
        wait_s = period_s - round(now_s % period_s, 6)
        return round(wait_s if wait_s > 1e-6 else period_s, 6)

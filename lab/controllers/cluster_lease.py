"""Lease of a Pull member: its agent renews it, so that silence can be told from a quiet life.

Source: Karmada v1.19 `pkg/controllers/status/cluster_status_controller.go` (initLeaseController),
k8s.io/component-helpers `apimachinery/lease` (its 4 % of jitter is left out).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lab.controllers.lineage import CLUSTER, cluster_key, cluster_ready
from lab.controllers.scope import Scope
from lab.controllers.watching import hub_change
from lab.core.manifest import Manifest, timestamp, uid_of
from lab.core.model import HUB, Answered, Create, Due, Event, Index, Key, Plan, Queue, Update, View
from lab.core.settings import KarmadaSettings
from lab.core.workqueue import RateLimitingQueue

LEASE = ("coordination.k8s.io/v1", "Lease")
LEASE_NAMESPACE = "karmada-cluster"
RETRY_S = (0.2, 7.0)
"""First and longest wait of an agent whose renewal fails."""


def lease_key(cluster: str) -> Key:
    """Return the key of a member's lease."""
    return Key(HUB, *LEASE, LEASE_NAMESPACE, cluster)


class ClusterLeaseController:
    """Renews one lease, from the moment its member is first found ready.

    It goes on whatever becomes of the member's API: the lease speaks for the agent alone.
    """

    name = "cluster-lease-controller"
    workers = 1
    indexes: Sequence[Index] = ()

    def __init__(self, settings: KarmadaSettings, scope: Scope) -> None:
        self.client = scope.client
        self.cluster = scope.own
        self._duration_s = settings.cluster_lease_duration_s
        fraction = settings.cluster_lease_renew_interval_fraction
        self._interval_s = max(round(self._duration_s * fraction, 6), 0.1)
        self._begun = False
        self._latest: Manifest | None = None

    def make_queue(self) -> Queue:
        """Return a queue that tries again soon: the real one waits at most 7 s."""
        return RateLimitingQueue(*RETRY_S)

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """The first word that the member is ready starts the clock; it runs by itself from then."""
        if isinstance(event, Answered):
            if event.action.key == lease_key(self.cluster):
                self._latest = event.object if event.error is None else None
            return ()
        change = hub_change(event, *CLUSTER)
        if change is None or change.key.name != self.cluster or change.object is None:
            return ()
        if self._begun or not cluster_ready(change.object):
            return ()
        self._begun = True
        return (Due(lease_key(self.cluster)),)

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Cluster -> its lease, renewed now."""
        cluster = view.get(cluster_key(self.cluster))
        if cluster is None:
            self._begun, self._latest = False, None
            return Plan()
        base = self._latest or view.get(key)
        if base is None:
            return Plan((Create(HUB, self._new(cluster, now_s)),), self._interval_s)
        spec = {**base["spec"], "leaseDurationSeconds": int(self._duration_s)}
        renewed = {**base, "spec": {**spec, "renewTime": micro_time(now_s)}}
        return Plan((Update(HUB, renewed),), self._interval_s)

    def _new(self, cluster: Manifest, now_s: float) -> Manifest:
        owner = {
            "apiVersion": CLUSTER[0],
            "kind": CLUSTER[1],
            "name": self.cluster,
            "uid": uid_of(cluster),
        }
        return {
            "apiVersion": LEASE[0],
            "kind": LEASE[1],
            "metadata": {
                "name": self.cluster,
                "namespace": LEASE_NAMESPACE,
                "ownerReferences": [owner],
            },
            "spec": {
                "holderIdentity": self.cluster,
                "leaseDurationSeconds": int(self._duration_s),
                "renewTime": micro_time(now_s),
            },
        }


def micro_time(now_s: float) -> str:
    """Return a second of the run as a MicroTime.

    Example:
        >>> micro_time(61.25)
        '2026-01-01T00:01:01.250000Z'
    """
    micros = round((now_s % 1.0) * 1e6) % 1_000_000
    return f"{timestamp(now_s)[:-1]}.{micros:06d}Z"

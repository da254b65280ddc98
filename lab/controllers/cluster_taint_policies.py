"""ClusterTaintPolicy: taints that follow the conditions of a Cluster.

Source: Karmada v1.19 `pkg/controllers/taint/clustertaintpolicy_controller.go`. Gate Failover.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lab.controllers.clusters import taints_message
from lab.controllers.lineage import CLUSTER, MANAGER, QueueFactory, key_in_hub
from lab.controllers.watching import hub_change
from lab.core.cluster import cluster_of
from lab.core.labels import POLICY_API
from lab.core.manifest import Manifest, name_of, spec_of, status_of
from lab.core.model import (
    HUB,
    Decision,
    Due,
    Event,
    Index,
    Key,
    Note,
    Patch,
    Plan,
    Queue,
    View,
)
from lab.core.settings import KarmadaSettings
from lab.core.taint_policy import TaintChange, taints_by_policies, targets

CLUSTER_TAINT_POLICY = (POLICY_API, "ClusterTaintPolicy")


class ClusterTaintPolicyController:
    """Adds and removes the taints of all policies, one cluster at a time."""

    name = "cluster-taint-policy-controller"
    client = MANAGER
    indexes: Sequence[Index] = ()

    def __init__(self, settings: KarmadaSettings, queues: QueueFactory) -> None:
        self.workers = settings.concurrent_cluster_syncs
        self._queues = queues

    def make_queue(self) -> Queue:
        """Return the queue this controller works from."""
        return self._queues()

    def keys_for(self, event: Event, view: View) -> Iterable[Due]:
        """Clusters come with new conditions, and with a new or changed policy about them.

        A policy that goes leaves its taints where they are.
        """
        change = hub_change(event, *CLUSTER)
        if change is not None:
            if change.object is None:
                return ()
            old, new = change.old, status_of(change.object).get("conditions")
            same = old is not None and status_of(old).get("conditions") == new
            return () if same else (Due(change.key),)
        policy = hub_change(event, *CLUSTER_TAINT_POLICY)
        if policy is None or policy.object is None:
            return ()
        if policy.old is not None and spec_of(policy.old) == spec_of(policy.object):
            return ()
        return [
            Due(key_in_hub(cluster))
            for cluster in view.list(HUB, *CLUSTER)
            if targets(policy.object, cluster_of(cluster))
        ]

    def reconcile(self, view: View, key: Key, now_s: float) -> Plan:
        """Cluster -> its taints, after all policies have had their say in order of creation."""
        cluster = view.get(key)
        if cluster is None:
            return Plan()
        policies = view.list(HUB, *CLUSTER_TAINT_POLICY)
        if not policies:
            return Plan()
        taints, changes = taints_by_policies(cluster, policies, now_s)
        before = list(spec_of(cluster).get("taints") or ())
        if taints == before and (before or not changes):
            return Plan()  # where there was no list at all, an empty one counts as news
        text = f"Update Cluster({key.name}) with taints({taints_message(taints)}) succeed"
        return Plan(
            (_patch(key, cluster, taints),),
            notes=(Note(key, "Normal", "TaintClusterSucceed", text),),
            decisions=(_decision(key, cluster, taints, changes),),
        )


def _patch(key: Key, cluster: Manifest, taints: Sequence[Mapping[str, Any]]) -> Patch:
    version = cluster["metadata"]["resourceVersion"]
    body = {"metadata": {"resourceVersion": version}, "spec": {"taints": list(taints) or None}}
    return Patch(key, body)


def _decision(
    key: Key,
    cluster: Manifest,
    taints: Sequence[Mapping[str, Any]],
    changes: Sequence[TaintChange],
) -> Decision:
    told = ", ".join(str(each) for each in changes)
    conditions = {
        str(each.get("type")): each.get("status")
        for each in status_of(cluster).get("conditions") or ()
    }
    explanation = {
        "cluster": name_of(cluster),
        "conditions": conditions,
        "changes": [
            {"policy": each.policy, "verb": each.verb, "taint": each.taint} for each in changes
        ],
        "taints": [dict(each) for each in taints],
    }
    return Decision(key, "taint", told, explanation)

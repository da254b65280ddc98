"""Scheduler and descheduler with the members' accurate estimators: fakes first, then a fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from lab.controllers.estimates import Estimates
from lab.core.estimators import EstimatorError
from lab.core.fleet import ClusterSpec, FleetSpec, NodePool
from lab.core.model import HUB, Key
from lab.core.settings import KarmadaSettings, karmada_settings
from lab.drivers.federation import Federation, Settings
from tests.core.scheduling.build import binding

WEB = Key(HUB, "apps/v1", "Deployment", "default", "web")
BINDING = Key(HUB, "work.karmada.io/v1alpha2", "ResourceBinding", "default", "web-deployment")
CLUSTER = ("cluster.karmada.io/v1alpha1", "Cluster")
DYNAMIC = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {"dynamicWeight": "AvailableReplicas"},
}
AGGREGATED = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}


class Fake:
    """Estimators that note whom they were asked about."""

    def __init__(self, answers: Mapping[str, int]) -> None:
        self.answers, self.asked = answers, list[str]()

    def max_available_replicas(self, cluster: str, requirements: Any, assumed: Any) -> int:
        self.asked.append(cluster)
        if cluster not in self.answers:
            raise EstimatorError(f"cluster {cluster} does not exist in estimator cache")
        return self.answers[cluster]

    def max_available_sets(self, cluster: str, namespace: str, components: Any, assumed: Any) -> int:  # fmt: skip # noqa: E501
        raise AssertionError("no sets here")

    def unschedulable_replicas(
        self, cluster: str, workload: Key, threshold_s: float, now_s: float
    ) -> int:
        raise AssertionError("not the descheduler")


def test_each_member_is_asked_once_and_nobody_after_the_turn() -> None:
    fake = Fake({"a": 3, "b": 4})
    estimates = Estimates(fake, binding(DYNAMIC, 2), KarmadaSettings(), None)
    assert (estimates["a"], estimates["a"]) == (3, 3)
    assert fake.asked == ["a"]
    estimates.close()
    assert estimates.get("b") is None
    assert dict(estimates) == {"a": 3}


def test_a_member_without_an_estimator_is_noted() -> None:
    estimates = Estimates(Fake({}), binding(DYNAMIC, 2), KarmadaSettings(), None)
    assert estimates["a"] == -1
    assert estimates.errors == {"a": "cluster a does not exist in estimator cache"}


# ── on a fleet ─────────────────────────────────────────────────────────────────────────────────


def deployment(replicas: int, cpu: str) -> dict[str, Any]:
    container = {"name": "c", "image": "nginx", "resources": {"requests": {"cpu": cpu}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default", "labels": {"app": "web"}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container]},
            },
        },
    }


def policy(scheduling: Mapping[str, Any], **placement: Any) -> dict[str, Any]:
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "PropagationPolicy",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}],
            "placement": {"replicaScheduling": scheduling, **placement},
        },
    }


def fleet(*pools: tuple[str, int, str], **more: Any) -> FleetSpec:
    """Members of one pool each: (name, nodes, cpu of a node)."""
    return FleetSpec(
        tuple(
            ClusterSpec(name, node_pools=(NodePool("p", nodes, cpu=cpu),), **more)
            for name, nodes, cpu in pools
        )
    )


def played(clusters: FleetSpec, *objects: dict[str, Any], **settings: Any) -> Federation:
    given = {"featureGates": {"CustomizedClusterResourceModeling": False}, **settings}
    federation = Federation(clusters, Settings(karmada_settings(given)), seed=3)
    federation.acting("user")
    for each in objects:
        federation.hub.store.create(each, federation.now_s)
    federation.run_until(60.0)
    return federation


def targets(federation: Federation) -> dict[str, int]:
    found = federation.hub.store.get(BINDING)
    return {t["name"]: t.get("replicas", 0) for t in found["spec"].get("clusters") or ()}


def decisions(federation: Federation, kind: str) -> Sequence[Mapping[str, Any]]:
    return [
        record.detail
        for record in federation.trace.records
        if record.type == "decision" and record.detail["kind"] == kind
    ]


@pytest.mark.parametrize(
    ("enabled", "want"),
    [(False, {"many": 3, "few": 3}), (True, {"few": 6})],
    ids=["by the sums", "by the nodes"],
)
def test_the_scheduler_counts_what_fits_into_nodes(enabled: bool, want: dict[str, int]) -> None:
    """3 cpu each: 18 nodes of 1 cpu add up to as much as 2 nodes of 9, and take none of them."""
    clusters = fleet(("many", 18, "1"), ("few", 2, "9"))
    federation = played(
        clusters, policy(DYNAMIC), deployment(6, "3"), enableSchedulerEstimator=enabled
    )
    assert targets(federation) == want
    explained = decisions(federation, "schedule")[-1]["explanation"]["cycles"][-1]["clusters"]
    estimates = {c["name"]: c["estimates"] for c in explained}
    if enabled:
        assert estimates["many"]["scheduler-estimator"]["replicas"] == 0
        assert estimates["few"]["scheduler-estimator"]["replicas"] == 6
        bound = {c["name"]: c["boundBy"] for c in explained}
        assert bound["many"] == "scheduler-estimator"
    else:
        assert "scheduler-estimator" not in estimates["many"]


def stuck(**settings: Any) -> Federation:
    """Aggregated: all replicas go to the member with the larger sum, whose nodes are too small."""
    clusters = fleet(("sums", 20, "1"), ("nodes", 2, "8"))
    federation = played(clusters, policy(AGGREGATED), deployment(4, "2"), **settings)
    assert targets(federation) == {"sums": 4}
    return federation


def test_replicas_without_a_node_are_taken_back_and_placed_elsewhere() -> None:
    federation = stuck(enableDescheduler=True)
    federation.run_until(330.0)
    assert targets(federation) == {"sums": 4}
    federation.run_until(430.0)
    (decision,) = decisions(federation, "deschedule")
    assert decision["summary"] == "sums: 4 -> 0 (no node for 300 s)"
    (share,) = decision["explanation"]["clusters"]
    assert (share["unschedulable"], share["target"]) == (4, 0)
    events = federation.hub.store.list("v1", "Event", "default")
    texts = [e["message"] for e in events if e["reason"] == "DescheduleBindingSucceed"]
    assert (
        texts
        == [
            "Binding has been descheduled, 4 replica(s) in cluster(sums), "
            "4 total descheduled replica(s)"
        ]
        * 2
    )


def test_with_the_estimator_they_do_not_come_back() -> None:
    """All nodes are cordoned, and a new version finds none: the sums alone would send it back."""
    clusters = fleet(("sums", 20, "1"), ("nodes", 2, "8"))
    settings = {"enableDescheduler": True, "unschedulableThreshold": "60s"}
    federation = played(
        clusters,
        policy(AGGREGATED),
        deployment(4, "500m"),
        enableSchedulerEstimator=True,
        **settings,
    )
    assert targets(federation) == {"sums": 4}
    federation.acting("user")
    store = federation.store_of("sums")
    for node in store.list("v1", "Node"):
        key = Key("sums", "v1", "Node", "", node["metadata"]["name"])
        store.patch(key, {"spec": {"unschedulable": True}}, "merge", 60.0)
    rollout = {"spec": {"template": {"metadata": {"labels": {"v": "2"}}}}}
    federation.hub.store.patch(WEB, rollout, "merge", 60.0)
    federation.run_until(400.0)
    assert targets(federation) == {"sums": 2, "nodes": 2}
    rounds = [each["summary"] for each in decisions(federation, "deschedule")]
    assert rounds == ["sums: 4 -> 3 (no node for 60 s)", "sums: 3 -> 2 (no node for 60 s)"]


def test_without_the_process_nothing_is_taken_back() -> None:
    federation = stuck()
    federation.run_until(1000.0)
    assert targets(federation) == {"sums": 4}
    assert decisions(federation, "deschedule") == []


def test_a_cluster_nobody_is_behind_silences_the_estimators() -> None:
    """It passes the filters here only because its status is written by hand."""
    clusters = fleet(("many", 18, "1"), ("few", 2, "9"))
    federation = Federation(
        clusters,
        Settings(karmada_settings({"enableSchedulerEstimator": True})),
        seed=3,
    )
    federation.acting("user")
    store = federation.hub.store
    real = store.get(Key(HUB, *CLUSTER, "", "few"))
    ghost = {**real, "metadata": {"name": "ghost"}, "spec": {"syncMode": "Push", "id": "g"}}
    store.create(ghost, federation.now_s)
    made = store.get(Key(HUB, *CLUSTER, "", "ghost"))
    store.update({**made, "status": real["status"]}, federation.now_s, subresource="status")
    store.create(policy(DYNAMIC, clusterTolerations=[{"operator": "Exists"}]), federation.now_s)
    store.create(deployment(6, "3"), federation.now_s)
    federation.run_until(1.0)
    told = decisions(federation, "schedule")[-1]["explanation"]
    assert told["estimatorErrors"] == {"ghost": "cluster ghost does not exist in estimator cache"}
    for each in told["cycles"][-1]["clusters"]:
        assert "scheduler-estimator" not in each.get("estimates", {})

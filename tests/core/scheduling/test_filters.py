"""Each filter and score by itself: what it refuses, what it lets through, when it has no say."""

# ruff: noqa: E501 — one row of a table is one case
from __future__ import annotations

import pytest

from lab.core.cluster import cluster_of
from lab.core.scheduling.registry import filters, scores
from lab.core.scheduling.request import read_binding
from lab.core.settings import KarmadaSettings
from tests.core.scheduling.build import Json, binding, cluster

FILTERS = {each.name: each for each in filters(KarmadaSettings().with_gates(WorkloadAffinity=True))}
SCORES = {each.name: each for each in scores()}
A = {"clusterNames": ["a"]}
GROUPS = {
    "clusterAffinities": [
        {
            "affinityName": "main",
            **A,
            "overflowAffinities": [{"affinityName": "more", "clusterNames": ["b"]}],
        },
        {"affinityName": "other", "clusterNames": ["c"]},
    ]
}
IN_MAIN = {"schedulerObservingAffinityName": "main"}
TAINT = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
EVICTED = [{"fromCluster": "a", "purgeMode": "Gracefully"}]


def other(
    name: str, group: str, *clusters: str, namespace: str = "default", field: str = "affinityGroup"
) -> Json:
    """Another binding of a workload affinity group."""
    found = binding(
        {}, 1, clusters=dict.fromkeys(clusters, 1), workloadAffinityGroups={field: group}
    )
    return {**found, "metadata": {"namespace": namespace, "name": name}}


def grouped(field: str = "affinityGroup", **more: object) -> Json:
    return binding({}, 1, workloadAffinityGroups={field: "team"}, **more)


MISMATCH = "cluster(s) did not match the placement cluster affinity constraint"
APART = "ResourceBinding with the same affinity group does not target this cluster"
TOGETHER = "cluster already has workload with the same anti-affinity group"
NO_API = "cluster(s) did not have the API resource"
ANTI = "antiAffinityGroup"

# filter, binding, cluster, other bindings, the reason (None: it has no say about this binding)
CASES: dict[str, tuple[str, Json, Json, list[Json], str | None]] = {
    "no affinity: no say": ("ClusterAffinity", binding({}), cluster("a"), [], None),
    "a named cluster": ("ClusterAffinity", binding({"clusterAffinity": A}), cluster("a"), [], ""),
    "a cluster that is not named": ("ClusterAffinity", binding({"clusterAffinity": A}), cluster("b"), [], MISMATCH),
    "excluded, though a target already": ("ClusterAffinity", binding({"clusterAffinity": {"exclude": ["a"]}}, 1, clusters={"a": 1}), cluster("a"), [], MISMATCH),
    "an empty affinity takes all": ("ClusterAffinity", binding({"clusterAffinity": {}}), cluster("b"), [], ""),
    "the group in force": ("ClusterAffinity", binding(GROUPS, 1, status=IN_MAIN), cluster("a"), [], ""),
    "its overflow, for a workload": ("ClusterAffinity", binding(GROUPS, 1, status=IN_MAIN), cluster("b"), [], ""),
    "its overflow, for what needs no room": ("ClusterAffinity", binding(GROUPS, status=IN_MAIN), cluster("b"), [], MISMATCH),
    "a group not in force": ("ClusterAffinity", binding(GROUPS, 1, status=IN_MAIN), cluster("c"), [], MISMATCH),
    "no taint": ("TaintToleration", binding({}), cluster("a"), [], ""),
    "an untolerated taint": ("TaintToleration", binding({}), cluster("a", taints=[TAINT]), [], "cluster(s) had untolerated taint {gpu=yes:NoSchedule}"),
    "the first untolerated taint is told": ("TaintToleration", binding({"clusterTolerations": [{"key": "gpu", "operator": "Exists"}]}), cluster("a", taints=[TAINT, {"key": "x", "effect": "NoExecute"}]), [], "cluster(s) had untolerated taint {x:NoExecute}"),
    "a tolerated taint": ("TaintToleration", binding({"clusterTolerations": [{"key": "gpu", "value": "yes"}]}), cluster("a", taints=[TAINT]), [], ""),
    "tolerated with another effect": ("TaintToleration", binding({"clusterTolerations": [{"key": "gpu", "value": "yes", "effect": "NoExecute"}]}), cluster("a", taints=[TAINT]), [], "cluster(s) had untolerated taint {gpu=yes:NoSchedule}"),
    "PreferNoSchedule keeps nothing out": ("TaintToleration", binding({}), cluster("a", taints=[{**TAINT, "effect": "PreferNoSchedule"}]), [], ""),
    "a taint does not push a target away": ("TaintToleration", binding({}, 1, clusters={"a": 1}), cluster("a", taints=[TAINT]), [], ""),
    "the API is served": ("APIEnablement", binding({}), cluster("a"), [], ""),
    "the API is not served": ("APIEnablement", binding({}), cluster("a", apis=[]), [], NO_API),
    "the kind in another version": ("APIEnablement", binding({}), cluster("a", apis=[{"groupVersion": "apps/v1beta1", "resources": [{"kind": "Deployment"}]}]), [], NO_API),
    "a missing API does not push a target away": ("APIEnablement", binding({}, 1, clusters={"a": 1}), cluster("a", apis=[]), [], ""),
    "nothing is evicted: no say": ("ClusterEviction", binding({}), cluster("a"), [], None),
    "evicted from here": ("ClusterEviction", binding({}, gracefulEvictionTasks=EVICTED), cluster("a"), [], "cluster(s) is in the process of eviction"),
    "evicted from elsewhere": ("ClusterEviction", binding({}, gracefulEvictionTasks=EVICTED), cluster("b"), [], ""),
    "spread by cluster only: no say": ("SpreadConstraint", binding({"spreadConstraints": [{"spreadByField": "cluster"}]}), cluster("a"), [], None),
    "spread by region, which it has": ("SpreadConstraint", binding({"spreadConstraints": [{"spreadByField": "region"}]}), cluster("a", region="r"), [], ""),
    "spread by region, which it lacks": ("SpreadConstraint", binding({"spreadConstraints": [{"spreadByField": "region"}]}), cluster("a"), [], "cluster(s) did not have region property"),
    "spread by zone, which it lacks": ("SpreadConstraint", binding({"spreadConstraints": [{"spreadByField": "zone"}]}), cluster("a", zone="old-field"), [], "cluster(s) did not have zones property"),
    "spread by provider, which it lacks": ("SpreadConstraint", binding({"spreadConstraints": [{"spreadByField": "provider"}]}, 1, clusters={"a": 1}), cluster("a"), [], "cluster(s) did not have provider property"),
    "in no affinity group: no say": ("WorkloadAffinity", binding({}), cluster("a"), [], None),
    "the first of its group goes anywhere": ("WorkloadAffinity", grouped(), cluster("a"), [other("db", "team")], ""),
    "where the group is": ("WorkloadAffinity", grouped(), cluster("a"), [other("db", "team", "a", "b")], ""),
    "where the group is not": ("WorkloadAffinity", grouped(), cluster("c"), [other("db", "team", "a", "b")], APART),
    "where only one of two is": ("WorkloadAffinity", grouped(), cluster("b"), [other("db", "team", "a", "b"), other("mq", "team", "a")], APART),
    "the same group in another namespace": ("WorkloadAffinity", grouped(), cluster("c"), [other("db", "team", "a", namespace="far")], ""),
    "its own binding does not count": ("WorkloadAffinity", grouped(), cluster("c"), [other("web-deployment", "team", "a")], ""),
    "the group does not push a target away": ("WorkloadAffinity", grouped(clusters={"c": 1}), cluster("c"), [other("db", "team", "a")], ""),
    "in no anti-affinity group: no say": ("WorkloadAntiAffinity", grouped(), cluster("a"), [], None),
    "where one of the group is": ("WorkloadAntiAffinity", grouped(ANTI), cluster("a"), [other("db", "team", "a", field=ANTI)], TOGETHER),
    "where none of the group is": ("WorkloadAntiAffinity", grouped(ANTI), cluster("b"), [other("db", "team", "a", field=ANTI)], ""),
    "company does not push a target away": ("WorkloadAntiAffinity", grouped(ANTI, clusters={"a": 1}), cluster("a"), [other("db", "team", "a", field=ANTI)], ""),
}  # fmt: skip


@pytest.mark.parametrize(("name", "asked", "where", "others", "want"), CASES.values(), ids=CASES.keys())  # fmt: skip
def test_filter(name: str, asked: Json, where: Json, others: list[Json], want: str | None) -> None:
    plugin, request = FILTERS[name], read_binding(asked, others)
    assert plugin.concerns(request) is (want is not None)
    assert plugin.filter_cluster(request, cluster_of(where)).reason == (want or "")


def test_every_filter_has_cases() -> None:
    assert {name for name, *_ in CASES.values()} == set(FILTERS)
    for name in FILTERS:
        wanted = {want for filter_name, *_, want in CASES.values() if filter_name == name}
        assert "" in wanted, f"{name} admits something"
        assert wanted - {"", None}, f"{name} refuses something"


POINTS = {
    "a present target": ("ClusterLocality", {"a": 2}, True, 100),
    "a cluster that is no target": ("ClusterLocality", {"b": 2}, True, 0),
    "a target without replicas": ("ClusterLocality", {"a": 0}, True, 100),
    "nothing is placed yet: no say": ("ClusterLocality", None, False, 0),
    "affinity gives no points": ("ClusterAffinity", {"a": 2}, False, 0),
}


@pytest.mark.parametrize(("name", "targets", "concerned", "points"), POINTS.values(), ids=POINTS.keys())  # fmt: skip
def test_score(name: str, targets: Json | None, concerned: bool, points: int) -> None:
    request = read_binding(binding({"clusterAffinity": A}, 2, clusters=targets))
    assert SCORES[name].concerns(request) is concerned
    assert SCORES[name].score_cluster(request, cluster_of(cluster("a"))) == points


def test_every_score_has_cases() -> None:
    assert {name for name, *_ in POINTS.values()} == set(SCORES)

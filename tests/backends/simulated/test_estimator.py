"""The accurate estimator of a member: against the rule on plain manifests, and out of contact."""

from __future__ import annotations

from typing import Any

import pytest

from lab.backends.simulated.api.link import Break
from lab.backends.simulated.estimator import MemberEstimator
from lab.core.estimators import EstimatorError
from lab.core.fleet import NodePool
from lab.core.model import Key
from lab.core.scheduling.accurate import accurate_replicas, node_room
from lab.core.scheduling.framework import Component
from lab.core.settings import KarmadaSettings
from tests.backends.simulated.world import World

POOLS = (
    NodePool("small", 2, cpu="2", memory="4Gi", pods=10, labels={"disk": "hdd"}),
    NodePool("big", 1, cpu="8", memory="32Gi", pods=20, labels={"disk": "ssd"}),
    NodePool("kept", 1, taints=({"key": "gpu", "effect": "NoSchedule"},), pods=30),
)
WEB = Key("", "apps/v1", "Deployment", "default", "web")


def deployment(replicas: int, cpu: str = "500m", name: str = "web") -> dict[str, Any]:
    container = {"name": "c", "image": "nginx", "resources": {"requests": {"cpu": cpu}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [container]},
            },
        },
    }


def world() -> World:
    found = World(pools=POOLS)
    found.store.create(deployment(3), 0.0)
    return found.run(20.0)


def estimator(found: World, **gates: bool) -> MemberEstimator:
    settings = KarmadaSettings().with_gates(**gates)
    return MemberEstimator(found.member.bench, found.member.link, settings)


def by_the_rule(found: World, requirements: dict[str, Any] | None) -> int:
    """The answer from nothing but what the member's API shows."""
    pods = found.store.list("v1", "Pod")
    rooms = []
    for node in found.store.list("v1", "Node"):
        mine = [p for p in pods if p["spec"].get("nodeName") == node["metadata"]["name"]]
        asked = [p["spec"]["containers"][0]["resources"]["requests"] for p in mine]
        rooms.append(node_room(node, asked))
    return accurate_replicas(rooms, requirements)


def claim(**fields: Any) -> dict[str, Any]:
    return {"resourceRequest": {"cpu": "500m"}, "nodeClaim": fields}


def term(key: str, *values: str) -> dict[str, Any]:
    part = {"key": key, "operator": "In", "values": list(values)}
    return {"nodeSelectorTerms": [{"matchExpressions": [part]}]}


ASKED: dict[str, dict[str, Any] | None] = {
    "pod slots only": None,
    "cpu": {"resourceRequest": {"cpu": "700m"}},
    "cpu and memory": {"resourceRequest": {"cpu": "100m", "memory": "3Gi"}},
    "more than any node": {"resourceRequest": {"cpu": "9"}},
    "what no node has": {"resourceRequest": {"vendor.example/gpu": "1"}},
    "a node selector": claim(nodeSelector={"disk": "ssd"}),
    "affinity": claim(hardNodeAffinity=term("disk", "hdd")),
    "a host name": claim(hardNodeAffinity=term("kubernetes.io/hostname", "m-small-2")),
    "no host of that name": claim(nodeSelector={"kubernetes.io/hostname": "m-small-9"}),
    "tolerated taint": claim(tolerations=[{"key": "gpu", "operator": "Exists"}]),
}


@pytest.mark.parametrize("requirements", ASKED.values(), ids=ASKED.keys())
def test_it_counts_as_the_rule_does(requirements: dict[str, Any] | None) -> None:
    found = world()
    assert estimator(found).max_replicas(requirements, ()) == by_the_rule(found, requirements)


def test_it_sees_what_changes() -> None:
    found = world()
    asked = estimator(found)
    one_cpu = {"resourceRequest": {"cpu": "1"}}
    before = asked.max_replicas(one_cpu, ())
    found.store.create(deployment(4, "2", "more"), 20.0)
    found.run(40.0)
    after = asked.max_replicas(one_cpu, ())
    assert after < before
    assert after == by_the_rule(found, one_cpu)


def test_what_was_just_placed_is_taken_off() -> None:
    asked = estimator(world())
    one_cpu = {"resourceRequest": {"cpu": "1"}}
    free = asked.max_replicas(one_cpu, ())
    assumed = [[Component("x", 3, {"cpu": "1"})]]
    assert asked.max_replicas(one_cpu, assumed) == free - 3


def test_whole_sets_are_counted_node_by_node() -> None:
    asked = estimator(World(pools=(NodePool("p", 2, cpu="4"),)))
    parts = [
        {"name": "a", "replicas": 1, "replicaRequirements": {"resourceRequest": {"cpu": "3"}}},
        {"name": "b", "replicas": 2, "replicaRequirements": {"resourceRequest": {"cpu": "1"}}},
    ]
    assert asked.max_sets("default", parts, ()) == 1
    assert asked.max_sets("default", [parts[1]], ()) == 4


def test_out_of_contact_it_answers_from_what_it_knew() -> None:
    found = world()
    asked = estimator(found)
    one_cpu = {"resourceRequest": {"cpu": "1"}}
    known = asked.max_replicas(one_cpu, ())
    found.member.link.breaks(Break.TO_MEMBER, 20.0)
    found.store.create(deployment(4, "2", "more"), 20.0)
    found.run(60.0)
    assert asked.max_replicas(one_cpu, ()) == known
    with pytest.raises(EstimatorError, match="not found"):
        asked.unschedulable(WEB._replace(name="more"), 10.0, 60.0)
    found.member.link.mends(Break.TO_MEMBER, 60.0)
    assert asked.max_replicas(one_cpu, ()) == by_the_rule(found, one_cpu) < known


def test_replicas_without_a_node_count_after_the_threshold() -> None:
    found = World(pools=(NodePool("p", 1, cpu="2"),))
    asked = estimator(found)
    found.store.create(deployment(5, "1"), 10.0)
    found.run(60.0)
    assert asked.unschedulable(WEB, 30.0, 60.0) == 3
    assert asked.unschedulable(WEB, 60.0, 60.0) == 0
    found.run(80.0)
    assert asked.unschedulable(WEB, 60.0, 80.0) == 3


def test_only_the_newest_template_counts() -> None:
    found = World(pools=(NodePool("p", 1, cpu="2"),))
    asked = estimator(found)
    found.store.create(deployment(4, "1"), 0.0)
    found.run(60.0)
    assert asked.unschedulable(WEB, 30.0, 60.0) == 2
    standing = found.store.get(WEB._replace(cluster="m"))
    found.store.update({**standing, "spec": deployment(4, "100m")["spec"]}, 60.0)
    found.run(100.0)
    assert asked.unschedulable(WEB, 60.0, 100.0) == 0


def test_a_kind_or_an_object_it_does_not_know() -> None:
    asked = estimator(world())
    with pytest.raises(EstimatorError, match="not supported"):
        asked.unschedulable(WEB._replace(kind="StatefulSet"), 0.0, 0.0)
    with pytest.raises(EstimatorError, match='"lost" not found'):
        asked.unschedulable(WEB._replace(name="lost"), 0.0, 0.0)


def quota(**hard: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "q", "namespace": "default"},
        "spec": {"hard": hard},
    }


def test_quotas_count_with_their_gate_only() -> None:
    found = world()
    found.store.create(quota(**{"requests.cpu": "4"}), 20.0)
    found.run(30.0)
    asked = {"resourceRequest": {"cpu": "500m"}, "namespace": "default"}
    without = estimator(found).max_replicas(asked, ())
    assert without == by_the_rule(found, asked)
    assert estimator(found, ResourceQuotaEstimate=True).max_replicas(asked, ()) == 5
    elsewhere = {**asked, "namespace": "other"}
    assert estimator(found, ResourceQuotaEstimate=True).max_replicas(elsewhere, ()) == without


def test_a_member_without_nodes_has_no_room() -> None:
    asked = estimator(World(pools=()))
    assert asked.max_replicas(None, ()) == 0
    assert asked.max_sets("default", [{"replicas": 1}], ()) == 0

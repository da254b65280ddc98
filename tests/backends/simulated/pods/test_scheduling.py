from __future__ import annotations

from typing import Any

import pytest

from lab.backends.simulated.pods.demand import demand_of, pod_requests
from lab.core.fleet import NodePool
from lab.core.taints import Taint
from tests.backends.simulated.world import World, template, workload

SMALL = (NodePool("pool", 3, cpu="2", memory="4Gi", pods=10),)


def message(world: World) -> str:
    for pod in world.list("Pod"):
        for condition in pod["status"]["conditions"]:
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                return str(condition["message"])
    return ""


def node_of(world: World) -> dict[str, int]:
    counts: dict[str, int] = {}
    for pod in world.list("Pod"):
        name = pod["spec"].get("nodeName", "")
        counts[name] = counts.get(name, 0) + 1
    return counts


NONE_FIT = "0/3 nodes are available: "
VICTIMS = " preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
HELPLESS = " preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
MESSAGES: dict[str, tuple[dict[str, Any], str]] = {
    "cpu": ({"requests": {"cpu": "3"}}, NONE_FIT + "3 Insufficient cpu." + VICTIMS),
    "memory and cpu": (
        {"requests": {"cpu": "3", "memory": "8Gi"}},
        NONE_FIT + "3 Insufficient cpu, 3 Insufficient memory." + VICTIMS,
    ),
    "a device nobody has": (
        {"requests": {"nvidia.com/gpu": "1"}},
        NONE_FIT + "3 Insufficient nvidia.com/gpu." + VICTIMS,
    ),
    "node selector": (
        {"nodeSelector": {"disk": "ssd"}},
        NONE_FIT + "3 node(s) didn't match Pod's node affinity/selector." + HELPLESS,
    ),
}


@pytest.mark.parametrize(("pod", "want"), MESSAGES.values(), ids=MESSAGES.keys())
def test_why_a_pod_waits(pod: dict[str, Any], want: str) -> None:
    world = World(pools=SMALL)
    world.create(workload("Deployment", replicas=1, pod=template(**pod)))
    world.run(3)
    assert message(world) == want
    assert world.pods().popitem()[1] == "Pending"


def test_mixed_reasons_are_counted_per_node() -> None:
    pools = (
        NodePool(
            "tainted", 1, taints=({"key": "dedicated", "value": "db", "effect": "NoSchedule"},)
        ),
        NodePool("small", 1, cpu="1"),
        NodePool("closed", 1),
    )
    world = World(pools=pools)
    world.patch("Node", "m-closed-1", {"spec": {"unschedulable": True}})
    world.create(workload("Deployment", replicas=1, pod=template(requests={"cpu": "2"})))
    world.run(3)
    assert message(world) == (
        "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint "
        "{dedicated: db}, 1 node(s) were unschedulable. preemption: 0/3 nodes are available: "
        "1 No preemption victims found for incoming pod, "
        "2 Preemption is not helpful for scheduling."
    )


def test_no_nodes_at_all() -> None:
    world = World(pools=())
    world.create(workload("Deployment", replicas=1))
    world.run(3)
    assert message(world) == "no nodes available to schedule pods"


def test_too_many_pods() -> None:
    world = World(pools=(NodePool("pool", 1, pods=2),))
    world.create(workload("Deployment", replicas=3))
    world.run(3)
    assert sorted(world.pods().values()) == ["Pending", "Running", "Running"]
    assert "1 Too many pods" in message(world)


def test_pods_spread_over_nodes_and_zones() -> None:
    world = World(pools=(NodePool("pool", 4),), zones=("a", "b"))
    world.create(workload("Deployment", replicas=8))
    world.run(3)
    assert set(node_of(world).values()) == {2}


def test_freed_room_is_used_by_pods_that_wait() -> None:
    world = World(pools=SMALL)
    world.create(
        workload("Deployment", "big", replicas=3, pod=template("big", requests={"cpu": "2"}))
    )
    world.run(3)
    world.create(
        workload("Deployment", "late", replicas=1, pod=template("late", requests={"cpu": "1"}))
    )
    world.run(10)
    assert world.status("Deployment", "late")["unavailableReplicas"] == 1
    world.patch("Deployment", "big", {"spec": {"replicas": 2}})
    world.run(20)
    assert world.status("Deployment", "late")["availableReplicas"] == 1


def test_uncordoning_and_labels_wake_pods_that_wait() -> None:
    world = World(pools=(NodePool("pool", 1),))
    world.patch("Node", "m-pool-1", {"spec": {"unschedulable": True}})
    world.create(workload("Deployment", replicas=1))
    world.create(
        workload("Deployment", "ssd", replicas=1, pod=template("ssd", nodeSelector={"disk": "ssd"}))
    )
    world.run(5)
    assert set(world.pods().values()) == {"Pending"}
    world.patch("Node", "m-pool-1", {"spec": {"unschedulable": None}})
    world.run(12)
    assert world.status("Deployment", "web")["availableReplicas"] == 1
    world.patch("Node", "m-pool-1", {"metadata": {"labels": {"disk": "ssd"}}})
    world.run(30)
    assert world.status("Deployment", "ssd")["availableReplicas"] == 1


def test_cordon_moves_no_running_pod() -> None:
    world = World(pools=(NodePool("pool", 1),))
    world.create(workload("Deployment", replicas=2))
    world.run(3)
    world.patch("Node", "m-pool-1", {"spec": {"unschedulable": True}})
    world.run(10)
    assert world.status("Deployment", "web")["availableReplicas"] == 2
    node = world.get("Node", "m-pool-1")
    assert {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"} in node["spec"][
        "taints"
    ]


def test_pods_of_a_deleted_node_are_collected_as_orphans() -> None:
    world = World(pools=(NodePool("pool", 2),))
    world.create(workload("Deployment", replicas=4))
    world.run(3)
    world.delete("Node", "m-pool-1")
    world.run(59)  # missed at 20 s, then 40 s of quarantine
    assert node_of(world) == {"m-pool-1": 2, "m-pool-2": 2}
    world.run(70)
    assert node_of(world) == {"m-pool-2": 4}
    assert world.member.probe_now().facts["nodeSummary"] == {"totalNum": 1, "readyNum": 1}


def container(cpu: str = "", memory: str = "", **extra: Any) -> dict[str, Any]:
    pairs = {"cpu": cpu, "memory": memory}
    return {"resources": {"requests": {k: v for k, v in pairs.items() if v}}, **extra}


REQUESTS: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "containers add up": (
        {"containers": [container("100m", "1Gi"), container("200m")]},
        {"cpu": 300, "memory": 2**30},
    ),
    "the greatest init container counts": (
        {"containers": [container("100m")], "initContainers": [container("500m"), container("1")]},
        {"cpu": 1000},
    ),
    "sidecars run beside": (
        {
            "containers": [container("100m")],
            "initContainers": [container("50m", restartPolicy="Always"), container("200m")],
        },
        {"cpu": 250},
    ),
    "overhead on top": (
        {"containers": [container("1")], "overhead": {"cpu": "250m"}},
        {"cpu": 1250},
    ),
    "requests default to limits": (
        {"containers": [{"resources": {"limits": {"cpu": "2"}}}]},
        {"cpu": 2000},
    ),
    "nothing asked": ({"containers": [{}]}, {}),
}


@pytest.mark.parametrize(("spec", "want"), REQUESTS.values(), ids=REQUESTS.keys())
def test_pod_requests(spec: dict[str, Any], want: dict[str, int]) -> None:
    assert pod_requests(spec) == want


def affinity(*terms: dict[str, Any]) -> dict[str, Any]:
    required = {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}
    }
    return {"affinity": {"nodeAffinity": required}}


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


AFFINITY: dict[str, tuple[dict[str, Any], bool]] = {
    "none": ({}, True),
    "in": (affinity(expression("disk", "In", "ssd")), True),
    "not in": (affinity(expression("disk", "NotIn", "ssd")), False),
    "one term of two": (affinity(expression("x", "Exists"), expression("disk", "Exists")), True),
    "greater": (affinity(expression("cores", "Gt", "7")), True),
    "no terms match nothing": (affinity(), False),
    "an empty term matches nothing": (affinity({}), False),
    "by name": (
        affinity({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}),
        True,
    ),
    "selector and affinity both": (
        {"nodeSelector": {"disk": "hdd"}, **affinity(expression("disk", "In", "ssd"))},
        False,
    ),
}


@pytest.mark.parametrize(("spec", "want"), AFFINITY.values(), ids=AFFINITY.keys())
def test_node_affinity(spec: dict[str, Any], *, want: bool) -> None:
    assert demand_of(spec).admits_labels({"disk": "ssd", "cores": "8"}, "n1") is want


def test_only_hard_taints_keep_out() -> None:
    demand = demand_of({"tolerations": [{"key": "a", "operator": "Exists"}]})
    assert demand.untolerated([Taint("a", "", "NoSchedule")]) is None
    assert demand.untolerated([Taint("b", "", "PreferNoSchedule")]) is None
    assert demand.untolerated([Taint("b", "", "NoExecute")]) == Taint("b", "", "NoExecute")


ZONED = (NodePool("pool", 4),)
APP = {"matchLabels": {"app": "web"}}


def neighbours(kind: str, key: str, selector: dict[str, Any] = APP) -> dict[str, Any]:
    term = {"labelSelector": selector, "topologyKey": key}
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def spread(key: str, skew: int = 1) -> dict[str, Any]:
    entry = {
        "labelSelector": APP,
        "topologyKey": key,
        "maxSkew": skew,
        "whenUnsatisfiable": "DoNotSchedule",
    }
    return {"topologySpreadConstraints": [entry]}


HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


def test_anti_affinity_allows_one_per_node_or_zone() -> None:
    for key, want in ((HOST, 4), (ZONE, 2)):
        world = World(pools=ZONED, zones=("a", "b"))
        pod = template(**neighbours("podAntiAffinity", key))
        world.create(workload("Deployment", replicas=5, pod=pod))
        world.run(5)
        assert world.status("Deployment", "web")["readyReplicas"] == want
        assert "4 node(s) didn't match pod anti-affinity rules" in message(world)


def test_anti_affinity_of_others_counts_too() -> None:
    world = World(pools=(NodePool("pool", 1),))
    lonely = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
    pod = template(**neighbours("podAntiAffinity", HOST, lonely))
    world.create(workload("Deployment", replicas=1, pod=pod))
    world.run(3)
    world.create(workload("Deployment", "other", replicas=1))
    world.run(6)
    assert "1 node(s) didn't satisfy existing pods anti-affinity rules" in message(world)
    world.delete("Deployment", "web")
    world.run(20)
    assert world.status("Deployment", "other")["readyReplicas"] == 1


def test_affinity_follows_the_pods_it_names() -> None:
    world = World(pools=ZONED, zones=("a", "b"))
    pod = template("near", **neighbours("podAffinity", HOST))
    world.create(workload("Deployment", "near", replicas=2, pod=pod))
    world.run(3)
    assert "4 node(s) didn't match pod affinity rules" in message(world)
    world.create(workload("Deployment", replicas=1))
    world.run(20)
    assert len(node_of(world)) == 1
    assert world.status("Deployment", "near")["readyReplicas"] == 2


def test_affinity_with_itself_starts_somewhere() -> None:
    world = World(pools=ZONED)
    pod = template(**neighbours("podAffinity", HOST))
    world.create(workload("Deployment", replicas=3, pod=pod))
    world.run(5)
    assert list(node_of(world).values()) == [3]


def test_topology_spread_keeps_the_skew() -> None:
    pools = (NodePool("big", 3, zones=("a",)), NodePool("small", 1, cpu="1", zones=("b",)))
    world = World(pools=pools)
    pod = template(requests={"cpu": "500m"}, **spread(ZONE))
    world.create(workload("Deployment", replicas=9, pod=pod))
    world.run(5)
    counts = node_of(world)
    assert counts["m-small-1"] == 2
    assert counts[""] == 4  # two in b, three in a: more would be skewed by two
    assert "3 node(s) didn't match pod topology spread constraints" in message(world)
    assert "1 Insufficient cpu" in message(world)

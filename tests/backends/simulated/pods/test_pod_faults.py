"""Faults of pods and of what nodes offer: images, starts, capacity, disks."""

from __future__ import annotations

import numpy as np
import pytest

from lab.core.fleet import NodePool
from tests.backends.simulated.nodes.test_nodes import lose, pods_on, quiet
from tests.backends.simulated.world import World, image, template, workload


def waiting(world: World) -> list[str]:
    return sorted(
        status["state"].get("waiting", {}).get("reason", "running")
        for pod in world.list("Pod")
        for status in pod["status"]["containerStatuses"]
    )


# ── images ─────────────────────────────────────────────────────────────────────────────────────

GLOBS = [
    pytest.param("web:2", True, id="the whole name"),
    pytest.param("web", True, id="without its tag"),
    pytest.param("w*:2", True, id="a glob"),
    pytest.param("*", True, id="all images"),
    pytest.param("web:1", False, id="another tag"),
    pytest.param("we", False, id="a part of the name"),
]


@pytest.mark.parametrize(("glob", "struck"), GLOBS)
def test_a_bad_image_strikes_new_pods_only(glob: str, struck: bool) -> None:
    world = World()
    world.create(workload("Deployment", pod=template("web", "web:1"), replicas=2))
    world.run(10)
    world.member.begin_fault(1, "BadImage", {"image": glob}, 10.0)
    world.patch("Deployment", "web", image("web:2"))
    world.run(11)
    assert ("ErrImagePull" in waiting(world)) is struck
    world.run(60)
    assert ("ImagePullBackOff" in waiting(world)) is struck
    assert world.status("Deployment", "web")["readyReplicas"] == 2


def test_a_pull_is_tried_again_when_its_back_off_is_over() -> None:
    world = World()
    world.member.begin_fault(1, "BadImage", {"image": "nginx"}, 0.0)
    world.create(workload("Deployment", replicas=1))
    world.run(45)  # tried at 0, 10, 30; next at 70
    world.member.end_fault(1, 45.0)
    world.run(70)
    assert waiting(world) == ["ImagePullBackOff"]
    world.run(72)
    assert waiting(world) == ["running"]


PULLS = [
    pytest.param(0.0, 5.0, 10.0, id="the second try"),
    pytest.param(0.0, 10.0, 30.0, id="just missed"),
    pytest.param(7.0, 100.0, 157.0, id="back-off doubles"),
    pytest.param(0.0, 311.0, 610.0, id="and ends at five minutes"),
    pytest.param(0.0, 611.0, 910.0, id="and stays there"),
]


@pytest.mark.parametrize(("since_s", "now_s", "next_s"), PULLS)
def test_when_a_pull_is_tried_next(since_s: float, now_s: float, next_s: float) -> None:
    kubelets = World().member.bench.lifecycle.kubelets
    assert kubelets.next_tries(np.array([since_s]), now_s).tolist() == [next_s]


def test_two_faults_of_one_image_end_with_the_second() -> None:
    world = World()
    world.member.begin_fault(1, "BadImage", {"image": "nginx"}, 0.0)
    world.member.begin_fault(2, "BadImage", {"image": "ngin?"}, 0.0)
    world.create(workload("Deployment", replicas=1))
    world.run(5)
    world.member.end_fault(1, 5.0)
    world.run(100)
    assert waiting(world) == ["ImagePullBackOff"]
    world.member.end_fault(2, 100.0)
    world.run(160)
    assert waiting(world) == ["running"]


# ── starts ─────────────────────────────────────────────────────────────────────────────────────

STARTS = [
    pytest.param({"factor": 5.0}, 5.0, id="five times as long"),
    pytest.param({"delay": 3.0}, 4.0, id="three seconds more"),
    pytest.param({"factor": 2.0, "delay": 3.0}, 5.0, id="both"),
]


@pytest.mark.parametrize(("parameters", "seconds"), STARTS)
def test_starts_take_longer(parameters: dict[str, float], seconds: float) -> None:
    world = World()
    world.member.begin_fault(1, "SlowStart", parameters, 0.0)
    world.create(workload("Deployment", replicas=1))
    world.run(seconds - 0.01)
    assert world.status("Deployment", "web").get("readyReplicas", 0) == 0
    world.run(seconds + 0.1)
    assert world.status("Deployment", "web")["readyReplicas"] == 1
    world.member.end_fault(1, 10.0)
    world.patch("Deployment", "web", {"spec": {"replicas": 2}})
    world.run(seconds + 1.3)
    assert world.status("Deployment", "web")["readyReplicas"] == 2


# ── capacity ───────────────────────────────────────────────────────────────────────────────────


def offered(world: World) -> str:
    return str(world.member.probe_now().facts["resourceSummary"]["allocatable"]["cpu"])


def test_whole_nodes_go_and_come_back() -> None:
    world = World(pools=(NodePool("pool", 4, cpu="4"),))
    world.create(workload("Deployment", replicas=8))
    world.run(10)
    before = offered(world)
    world.member.begin_fault(1, "CapacityLoss", {"share": 0.5}, 10.0)
    world.run(11)
    assert [n["metadata"]["name"] for n in world.store.list("v1", "Node")] == [
        "m-pool-1",
        "m-pool-2",
    ]
    assert (before, offered(world)) == ("16", "8")
    world.run(100)  # missed at 20 s, collected at 60 s
    assert world.status("Deployment", "web")["readyReplicas"] == 8
    assert len(pods_on(world, 1)) + len(pods_on(world, 2)) == 8
    world.member.end_fault(1, 100.0)
    world.run(102)
    assert offered(world) == "16"
    nodes = world.store.list("v1", "Node")
    assert len({node["metadata"]["uid"] for node in nodes}) == 4


def test_the_rest_of_a_share_shrinks_one_more_node() -> None:
    world = World(pools=(NodePool("pool", 2, cpu="4"),))
    world.create(workload("Deployment", pod=template("web", requests={"cpu": "1"}), replicas=8))
    world.run(10)
    world.member.begin_fault(1, "CapacityLoss", {"share": 0.25}, 10.0)
    world.run(12)
    assert offered(world) == "6"
    failed = [p for p in world.list("Pod") if p["status"]["phase"] == "Failed"]
    assert [p["status"]["reason"] for p in failed] == ["OutOfcpu", "OutOfcpu"]
    assert {p["spec"]["nodeName"] for p in failed} == {"m-pool-2"}
    status = world.status("Deployment", "web")
    assert (status["readyReplicas"], status["unavailableReplicas"]) == (6, 2)
    assert (world.member.nodes.free >= 0).all()
    world.member.end_fault(1, 12.0)
    world.run(40)
    assert world.status("Deployment", "web")["readyReplicas"] == 8
    assert (world.member.nodes.free >= 0).all()


def test_losses_of_capacity_add_up() -> None:
    world = World(pools=(NodePool("pool", 1, cpu="8"),))
    world.member.begin_fault(1, "CapacityLoss", {"share": 0.5}, 0.0)
    world.member.begin_fault(2, "CapacityLoss", {"share": 0.5}, 0.0)
    assert offered(world) == "2"
    world.member.end_fault(1, 0.0)
    assert offered(world) == "4"
    world.member.end_fault(2, 0.0)
    assert offered(world) == "8"


# ── disks ──────────────────────────────────────────────────────────────────────────────────────


def pressure(world: World, number: int) -> str:
    return str(world.condition("Node", f"m-pool-{number}", "DiskPressure")["status"])


def test_a_full_disk_evicts_one_pod_at_each_check() -> None:
    world = quiet(2)
    world.create(workload("Deployment", replicas=6))
    world.create(workload("DaemonSet", "agent"))
    world.run(11)
    world.member.begin_fault(1, "FullDisk", {"disk": "nodes", "nodes": ("m-pool-1",)}, 11.0)
    world.run(19.9)
    assert pressure(world, 1) == "False"
    left = []
    for second in (20.5, 30.5, 40.5, 50.5):
        world.run(second)
        left.append(sum(p["status"]["phase"] == "Running" for p in pods_on(world, 1)))
    assert left == [3, 2, 1, 1]  # the DaemonSet's pod stays
    assert (pressure(world, 1), pressure(world, 2)) == ("True", "False")
    evicted = [p for p in world.list("Pod") if p["status"]["phase"] == "Failed"]
    assert [p["status"]["reason"] for p in evicted] == ["Evicted"] * 3
    assert world.status("Deployment", "web")["readyReplicas"] == 6
    assert len(pods_on(world, 2)) == 7
    world.member.end_fault(1, 60.0)
    world.run(359.9)
    assert pressure(world, 1) == "True"
    world.run(360)
    assert pressure(world, 1) == "False"
    assert "taints" not in world.get("Node", "m-pool-1")["spec"]


def test_the_disk_of_etcd_is_not_the_nodes() -> None:
    world = World()
    world.create(workload("Deployment", replicas=3))
    world.run(10)
    world.member.begin_fault(1, "FullDisk", {"disk": "etcd"}, 10.0)
    world.run(60)
    assert [pressure(world, n) for n in (1, 2, 3)] == ["False"] * 3
    assert sorted(world.pods().values()) == ["Running"] * 3
    world.member.end_fault(1, 60.0)


def test_a_dead_node_with_a_full_disk_says_so_when_it_is_back() -> None:
    world = quiet(2)
    lose(world, 1, at_s=21.0)
    world.member.begin_fault(2, "FullDisk", {"disk": "nodes", "nodes": ("m-pool-1",)}, 22.0)
    world.run(40)
    assert pressure(world, 1) == "False"
    world.member.end_fault(1, 40.0)
    world.run(50)
    assert pressure(world, 1) == "True"


# ── cordon ─────────────────────────────────────────────────────────────────────────────────────


def test_a_cordoned_node_keeps_its_pods_and_gets_no_new_ones() -> None:
    world = World(pools=(NodePool("pool", 2),))
    world.create(workload("Deployment", replicas=4))
    world.run(10)
    world.patch("Node", "m-pool-1", {"spec": {"unschedulable": True}})
    world.patch("Deployment", "web", {"spec": {"replicas": 8}})
    world.run(20)
    assert (len(pods_on(world, 1)), len(pods_on(world, 2))) == (2, 6)

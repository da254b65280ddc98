from __future__ import annotations

from lab.core.fleet import NodePool
from tests.backends.simulated.world import World, image, template, workload

POOLS = (
    NodePool("plain", 2, labels={"disk": "ssd"}),
    NodePool("gpu", 1, taints=({"key": "gpu", "value": "yes", "effect": "NoSchedule"},)),
)


def nodes(world: World) -> list[str]:
    return sorted(pod["spec"].get("nodeName", "") for pod in world.list("Pod"))


def test_one_pod_on_every_node_that_admits_it() -> None:
    world = World(pools=POOLS)
    world.create(workload("DaemonSet", "agent"))
    world.run(5)
    assert nodes(world) == ["m-plain-1", "m-plain-2"]
    status = world.status("DaemonSet", "agent")
    assert status["desiredNumberScheduled"] == status["numberReady"] == 2
    assert status["updatedNumberScheduled"] == 2


def test_tolerations_and_selectors_decide() -> None:
    world = World(pools=POOLS)
    world.create(
        workload("DaemonSet", "all", pod=template("all", tolerations=[{"operator": "Exists"}]))
    )
    world.create(workload("DaemonSet", "ssd", pod=template("ssd", nodeSelector={"disk": "ssd"})))
    world.run(5)
    assert world.status("DaemonSet", "all")["numberReady"] == 3
    assert world.status("DaemonSet", "ssd")["numberReady"] == 2


def test_a_new_taint_takes_no_pod_away_but_a_label_does() -> None:
    world = World(pools=POOLS)
    world.create(workload("DaemonSet", "ssd", pod=template("ssd", nodeSelector={"disk": "ssd"})))
    world.run(5)
    world.patch("Node", "m-plain-1", {"metadata": {"labels": {"disk": None}}})
    world.run(10)
    assert nodes(world) == ["m-plain-2"]
    world.patch("Node", "m-plain-1", {"metadata": {"labels": {"disk": "ssd"}}})
    world.run(15)
    assert nodes(world) == ["m-plain-1", "m-plain-2"]


def test_cordoned_nodes_still_get_their_daemon() -> None:
    world = World(pools=POOLS)
    world.patch("Node", "m-plain-1", {"spec": {"unschedulable": True}})
    world.create(workload("DaemonSet", "agent"))
    world.run(5)
    assert nodes(world) == ["m-plain-1", "m-plain-2"]


def test_a_rolling_update_replaces_one_node_at_a_time() -> None:
    world = World(pools=(NodePool("pool", 4),))
    world.create(workload("DaemonSet", "agent"))
    world.run(5)
    world.patch("DaemonSet", "agent", image("httpd"))
    least = 4
    for tenth in range(50, 200):
        world.run(tenth / 10)
        least = min(least, world.status("DaemonSet", "agent")["numberReady"])
    assert least == 3
    images = {pod["spec"]["containers"][0]["image"] for pod in world.list("Pod")}
    assert images == {"httpd"}
    assert world.status("DaemonSet", "agent")["updatedNumberScheduled"] == 4

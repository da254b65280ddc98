"""Laws that hold whatever happens to nodes and the API server, and after all is healed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.backends.simulated.pods.pods import ACTIVE, ON_NODE, READY_STATES, State
from lab.core.fleet import NodePool
from tests.backends.simulated.workloads.test_service import recount
from tests.backends.simulated.world import World, template, workload

NODES = 4
Step = tuple[str, int, float]
FAULTS = ("lose", "lose all", "api", "outage", "capacity", "disk", "image", "heal")
ACTS = ("scale", "delete node", "taint", "cordon", "roll")

STEPS = st.lists(
    st.tuples(
        st.sampled_from((*FAULTS, *ACTS)),
        st.integers(1, NODES),
        st.sampled_from([0.5, 3.0, 12.0, 61.0, 400.0]),
    ),
    min_size=1,
    max_size=9,
)


def check(world: World) -> None:
    pods, nodes = world.member.pods, world.member.nodes
    assert (pods.recount() == pods.totals).all()
    held = np.zeros_like(nodes.free)
    for row in np.flatnonzero(np.isin(pods.state, ON_NODE)):
        demand = pods.workload_at(int(pods.workload[row])).demand
        at, counts = world.member.bench.lifecycle.room.need(demand)
        held[at, pods.node[row]] += counts
    assert (held == nodes.allocatable() - nodes.free).all()
    whole = nodes.left == 1.0
    assert (nodes.free[:, whole] >= 0).all()
    assert not np.isin(pods.state[pods._free], ACTIVE).any()
    serving = {key: count.serving for key, count in world.member.service.items()}
    assert serving == recount(world)
    assert world.member.control.machines.all_rows().size <= NODES


def build(seed: int) -> World:
    world = World(
        {"diskPressureTransition": "20s"},
        (NodePool("pool", NODES, cpu="4"),),
        seed=seed,
        zones=("a", "b"),
    )
    pod = template("web", requests={"cpu": "500m"})
    world.create(workload("Deployment", "web", pod, replicas=6))
    world.create(workload("StatefulSet", "db", replicas=3, podManagementPolicy="Parallel"))
    world.create(workload("DaemonSet", "agent"))
    return world


class Player:
    """Plays steps on a world and remembers what has to be healed."""

    def __init__(self, world: World) -> None:
        self.world, self.now_s, self.number = world, 10.0, 0
        self.active: list[int] = []
        self.deleted: list[int] = []

    def begin(self, kind: str, **parameters: Any) -> None:
        self.number += 1
        self.active.append(self.number)
        self.world.member.begin_fault(self.number, kind, parameters, self.now_s)

    def play(self, step: Step) -> None:
        what, number, wait_s = step
        world, name = self.world, f"m-pool-{number}"
        there = world.store.find(world.key("Node", name)) is not None
        up = world.member.bench.api.up
        match what:
            case "lose":
                self.begin("NodeLoss", nodes=(name,))
            case "lose all":
                self.begin("NodeLoss")
            case "api":
                self.begin("ApiServerDown")
            case "outage":
                self.begin("ClusterOutage")
            case "capacity":
                self.begin("CapacityLoss", share=number / 8)
            case "disk":
                self.begin("FullDisk", disk="nodes", nodes=(name,))
            case "image":
                self.begin("BadImage", image="nginx")
            case "heal" if self.active:
                world.member.end_fault(self.active.pop(number % len(self.active)), self.now_s)
            case "scale" if up:
                world.patch("Deployment", "web", {"spec": {"replicas": number * 3}})
            case "roll" if up:
                spec = template("web", f"httpd:{number}", requests={"cpu": "500m"})["spec"]
                world.patch("Deployment", "web", {"spec": {"template": {"spec": spec}}})
            case "taint" if up and there:
                taint = {"key": "repair", "effect": "NoExecute"}
                world.patch("Node", name, {"spec": {"taints": [taint]}})
            case "cordon" if up and there:
                world.patch("Node", name, {"spec": {"unschedulable": True}})
            case "delete node" if up and there and number > 2:
                world.delete("Node", name)
        self.now_s += wait_s
        world.run(self.now_s)

    def heal(self) -> None:
        while self.active:
            self.world.member.end_fault(self.active.pop(), self.now_s)
        self.now_s += 5
        self.world.run(self.now_s)
        for node in self.world.store.list("v1", "Node"):
            name = node["metadata"]["name"]
            body = {"spec": {"taints": None, "unschedulable": None}}
            self.world.patch("Node", name, body)
        self.now_s += 900
        self.world.run(self.now_s)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 3))
def test_no_pod_is_lost_and_all_is_well_after_healing(steps: list[Step], seed: int) -> None:
    world = build(seed)
    world.run(10)
    player = Player(world)
    for step in steps:
        player.play(step)
        check(world)
    player.heal()
    check(world)
    counts = {
        key.name: (count.desired, count.ready, count.serving)
        for key, count in world.member.service.items()
    }
    assert {wanted == ready == serving for wanted, ready, serving in counts.values()} == {True}
    pods = world.member.pods
    for each in pods.living():
        if each.base_name.startswith("web"):
            continue
        assert pods.count(each, *ACTIVE) == pods.count(each, *READY_STATES)
    assert not len(pods.rows_in(State.TERMINATING, State.BAD_IMAGE, State.RESTARTING))
    nodes = world.store.list("v1", "Node")
    assert [node["spec"].get("taints") for node in nodes] == [None] * len(nodes)
    assert (world.member.nodes.left == 1.0).all()
    # At rest nothing happens any more.
    version = world.store.resource_version
    world.run(player.now_s + 3600)
    assert world.store.resource_version == version


@settings(derandomize=True, max_examples=20, deadline=None)
@given(STEPS)
def test_an_ordinal_never_runs_twice(steps: list[Step]) -> None:
    world = build(1)
    world.run(10)
    assert any(each.naming == "ordinal" for each in world.member.pods.living())
    player = Player(world)
    for step in steps:
        player.play(step)
        pods = world.member.pods
        alive = [
            f"{each.base_name}-{int(pods.serial[row])}"
            for each in pods.living()
            if each.naming == "ordinal"
            for row in pods.rows_of(each)
        ]
        assert len(alive) == len(set(alive))


def test_equal_seeds_give_equal_histories() -> None:
    def history(seed: int) -> list[Any]:
        world = build(seed)
        told: list[Any] = []
        world.store.listen(lambda change: told.append((world.env.now, change.type, change.object)))
        world.member.on_service.append(lambda *count: told.append(count))
        world.run(10)
        player = Player(world)
        for step in [("lose", 1, 61.0), ("outage", 1, 400.0), ("heal", 1, 61.0), ("disk", 2, 61.0)]:
            player.play(step)
        player.heal()
        return told

    assert history(1) == history(1)
    assert history(1) != history(2)


@pytest.mark.parametrize("replicas", [400])
def test_a_table_of_pods_that_grew_evicts_only_pods(replicas: int) -> None:
    pools = (NodePool("pool", 20),)
    world = World({"podCreationRate": 0, "bindRate": 0, "schedulerRate": 0}, pools)
    world.create(workload("Deployment", replicas=replicas))
    world.run(60)
    world.member.begin_fault(1, "NodeLoss", {"nodes": ("m-pool-1", "m-pool-2")}, 60.0)
    world.run(1000)
    pods = world.member.pods
    assert (pods.recount() == pods.totals).all()
    assert int(pods.totals[:, State.AVAILABLE].sum()) == replicas
    assert len(pods.rows_in(State.TERMINATING)) == 40

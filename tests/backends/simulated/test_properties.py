"""Laws that hold at every moment, whatever is done to a member."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lab.backends.simulated.pods.pods import ACTIVE, ON_NODE, READY_STATES, State
from lab.backends.simulated.pods.workload import suffix_of
from lab.core.fleet import NodePool
from lab.core.manifest import Manifest
from lab.store.changes import Change
from tests.backends.simulated.world import World, image, template, workload

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("scale"), st.integers(0, 12)),
        st.tuples(st.just("image"), st.sampled_from(["nginx", "httpd", "x.invalid/web", "crash"])),
        st.tuples(st.just("wait"), st.integers(1, 40)),
        st.tuples(st.just("kill"), st.integers(0, 11)),
        st.tuples(st.just("cordon"), st.integers(1, 3)),
    ),
    min_size=1,
    max_size=8,
)


def check(world: World, wanted: int) -> None:
    pods, nodes = world.member.pods, world.member.nodes
    assert (pods.totals == pods.recount()).all(), "totals differ from a recount"
    assert (nodes.free >= 0).all(), "a node is over-committed"
    held = np.isin(pods.state, ON_NODE)
    count = np.bincount(pods.node[held], minlength=len(nodes))
    offered = nodes.allocatable()
    assert ((offered - nodes.free)[2] == count).all(), "room is booked once per pod"
    active = sum(pods.count(each, *ACTIVE) for each in pods.living())
    ready = sum(pods.count(each, *READY_STATES) for each in pods.living())
    surge = -(-wanted // 4)
    assert active <= wanted + surge, "more pods than replicas and surge allow"
    assert (
        ready
        == sum(each.get("status", {}).get("readyReplicas", 0) for each in world.list("ReplicaSet"))
        or world.env.peek() - world.env.now < 0.05
    ), "a status is stale though nothing is under way"


def ready(pod: Manifest) -> tuple[object, object]:
    status = pod["status"]
    conditions = {each["type"]: each["status"] for each in status.get("conditions", ())}
    return status["phase"], conditions.get("Ready", "False")


def listen(world: World) -> None:
    """Watch pods; what a change says was before must be what was told last."""
    told: dict[str, object] = {}

    def change(each: Change) -> None:
        if each.object["kind"] != "Pod":
            return
        uid = each.object["metadata"]["uid"]
        if each.old is not None and uid in told:
            assert ready(each.old) == told[uid], "an old object that nobody was told of"
        told[uid] = ready(each.object)

    world.store.listen(change)


@settings(derandomize=True, max_examples=25, deadline=None)
@given(STEPS, st.integers(0, 3), st.booleans())
@example([("image", "nginx"), ("image", "httpd"), ("scale", 5)], 0, False)  # a row used again
def test_no_story_breaks_the_books(
    steps: list[tuple[str, object]], seed: int, watched: bool
) -> None:
    timings = {
        "podStart": {"p0": "100ms", "p50": "1s", "p100": "4s"},
        "crashImages": ["crash"],
        "termination": {"p0": "0s", "p100": "3s"},
    }
    pools = (NodePool("pool", 3, cpu="1", memory="2Gi", pods=5),)
    world = World(timings, pools=pools, seed=seed)
    if watched:
        listen(world)
    wanted = 3
    pod = template(requests={"cpu": "250m"})
    world.create(workload("Deployment", replicas=wanted, pod=pod))
    now = 0.0
    most = wanted
    for verb, value in steps:
        if verb == "scale":
            assert isinstance(value, int)
            wanted = value
            most = max(most, wanted)
            world.patch("Deployment", "web", {"spec": {"replicas": wanted}})
        elif verb == "image":
            world.patch("Deployment", "web", image(str(value)))
        elif verb == "kill":
            names = list(world.pods())
            if names:
                assert isinstance(value, int)
                world.delete("Pod", names[value % len(names)])
        elif verb == "cordon":
            name = f"m-pool-{value}"
            now_closed = bool(world.get("Node", name)["spec"].get("unschedulable"))
            world.patch("Node", name, {"spec": {"unschedulable": not now_closed or None}})
        now += float(value) if verb == "wait" else 0.3  # type: ignore[arg-type]
        world.run(now)
        check(world, most)
    for name in ("m-pool-1", "m-pool-2", "m-pool-3"):
        world.patch("Node", name, {"spec": {"unschedulable": None}})
    world.patch("Deployment", "web", image("nginx"))
    world.run(now + 120)
    check(world, most)
    status = world.status("Deployment", "web")
    assert status.get("readyReplicas", 0) == min(wanted, 12)
    surplus = [p for p in world.pods().values() if p not in ("Running", "Pending")]
    assert surplus == []


@settings(derandomize=True, max_examples=50)
@given(st.integers(0, 10_000_000), st.integers(0, 10_000_000), st.text(max_size=12))
def test_no_two_serials_share_a_suffix(first: int, second: int, salt: str) -> None:
    same = suffix_of(salt, first) == suffix_of(salt, second)
    assert same == (first == second)


@settings(derandomize=True, max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), min_size=1, max_size=5))
def test_a_stateful_set_never_runs_an_ordinal_twice(steps: list[tuple[int, int]]) -> None:
    world = World({"termination": "2s"})
    world.create(workload("StatefulSet", "db", replicas=3))
    now, wanted = 0.0, 3
    for replicas, wait in steps:
        wanted = replicas
        world.patch("StatefulSet", "db", {"spec": {"replicas": replicas}})
        now += wait
        world.run(now)
        pods = world.member.pods
        used = pods.state != State.FREE
        ordinals = pods.serial[used]
        assert len(set(ordinals.tolist())) == len(ordinals)
    world.run(now + 60)
    assert sorted(world.pods()) == [f"db-{ordinal}" for ordinal in range(wanted)]

from __future__ import annotations

import random
from typing import Any

import pytest

from lab.backends.simulated.api.reflector import ReflectorBackOff
from lab.core.model import Observed
from tests.backends.simulated.calls import Client, begin, config, end, faulty
from tests.backends.simulated.world import World, workload


class _Least(random.Random):
    def random(self) -> float:
        return 0.0


def changes(world: World) -> None:
    """What happens unseen: one changes twice, one goes, one comes, one comes and goes."""
    world.patch("ConfigMap", "a", {"data": {"key": "2"}})
    world.patch("ConfigMap", "a", {"data": {"key": "3"}})
    world.delete("ConfigMap", "b")
    world.create(config("c", "new"))
    world.create(config("d"))
    world.delete("ConfigMap", "d")


def watched(**spec: Any) -> tuple[World, Client]:
    world = World(latency_s=0.01, **spec)
    world.create(config("a"))
    world.create(config("b"))
    client = Client(world).watch()
    world.member.link.heard_s = 10.0
    world.run(10)
    return world, client


EVERY_ONE = [("a", "2"), ("a", "3"), ("b", None), ("c", "new"), ("d", "1"), ("d", None)]
NET = [("a", "3"), ("c", "new"), ("b", None)]


def seen(world: World) -> list[tuple[str, str | None]]:
    return [
        (e.key.name, e.object["data"]["key"] if e.object else None)
        for _, e in world.events
        if isinstance(e, Observed) and not e.initial and e.key.name in "abcd"
    ]


def test_back_off_is_client_gos() -> None:
    waits = ReflectorBackOff(_Least())
    now_s, found = 0.0, []
    for _ in range(8):
        found.append(waits.wait_s(now_s))
        now_s += found[-1]
    assert found == [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]
    assert waits.wait_s(now_s + 200) == 0.8  # quiet for two minutes: begins anew
    jittered = [ReflectorBackOff(random.Random(seed)).wait_s(0.0) for seed in range(200)]
    assert 0.8 <= min(jittered) < 0.85
    assert 1.55 < max(jittered) < 1.6


@pytest.mark.parametrize(
    ("kind", "parameters", "length_s", "expected"),
    [
        pytest.param("Partition", {}, 5, EVERY_ONE, id="a cut that TCP outlives loses nothing"),
        pytest.param("Partition", {}, 25, EVERY_ONE, id="a watch request that waits resumes"),
        pytest.param("Partition", {}, 100, NET, id="after a long cut it lists"),
        pytest.param("ApiServerDown", {}, 5, NET, id="a new process has no history"),
        pytest.param("ClusterOutage", {}, 5, NET, id="so has a new host"),
        pytest.param("WatchDrop", {}, 5, EVERY_ONE, id="a closed watch resumes"),
        pytest.param("WatchDrop", {"relist": True}, 5, NET, id="unless it is told 410"),
        pytest.param("WatchDrop", {}, 400, NET, id="or was away for longer than the history"),
    ],
)
def test_what_was_missed_is_told_once(
    kind: str, parameters: dict[str, Any], length_s: float, expected: list[object]
) -> None:
    world, client = watched()
    begin(world, kind, **parameters)
    world.run(10.5)
    down = not world.member.link.running
    if not down:
        changes(world)
    world.run(10 + length_s)
    assert seen(world) == []
    end(world)
    if down:  # a dead server takes no writes: they come before the watch is back
        changes(world)
    world.run(600 + length_s)
    assert seen(world) == expected
    assert client.cache()[world.key("ConfigMap", "a")] == world.get("ConfigMap", "a")
    world.create(config("d"))
    world.run(700 + length_s)
    assert seen(world) == [*expected, ("d", "1")]


def test_what_was_before_is_what_the_cache_held() -> None:
    for relist in (False, True):
        world, _ = watched()
        begin(world, "WatchDrop", relist=relist)
        changes(world)
        end(world)
        world.run(60)
        held: dict[object, object] = {}
        compared = 0
        for _, event in world.events:
            if isinstance(event, Observed):
                if not event.initial and event.object is not None:
                    assert event.old == held.get(event.key)
                    compared += event.old is not None
                held[event.key] = event.object
        assert compared


def test_a_closed_watch_is_opened_again_at_once() -> None:
    world, client = watched()
    begin(world, "WatchDrop")
    end(world)
    world.create(config("c"))
    world.run(20)
    assert client.seen("c") == [(10.015, "1")]  # closed, asked for, delivered: half a latency each


def test_a_refused_watch_waits_longer_and_longer() -> None:
    times = []
    for seed in range(20):
        world = World(latency_s=0.01, seed=seed)
        client = Client(world).watch()
        begin(world, "ApiServerDown")
        world.run(60)
        end(world)
        world.create(config("c"))
        world.run(300)
        [(at, _)] = client.seen("c")
        times.append(at - 60)
    assert min(times) > 0.5
    assert max(times) > 20  # a back-off of 30 to 60 s had begun
    assert len(set(times)) == 20
    assert max(times) < 130


def test_the_same_seed_reconnects_at_the_same_time() -> None:
    def played() -> list[object]:
        world, _ = watched(seed=7)
        begin(world, "ApiServerDown")
        world.run(50)
        end(world)
        changes(world)
        world.run(300)
        return [(at, event) for at, event in world.events if isinstance(event, Observed)]

    assert played() == played()


def test_pods_and_nodes_that_changed_unseen_are_told_of() -> None:
    for kind, parameters in (("WatchDrop", {}), ("WatchDrop", {"relist": True}), ("Partition", {})):
        world = World(latency_s=0.01)
        world.create(workload("Deployment", replicas=2))
        world.run(5)
        client = Client(world).watch(("v1", "Pod"), ("v1", "Node"))
        gone = sorted(world.pods())[0]
        begin(world, kind, **parameters)
        world.delete("Pod", gone)
        world.patch("Node", "m-pool-1", {"spec": {"unschedulable": True}})
        world.run(60)
        end(world)
        world.run(400)
        cache = client.cache()
        pods = {key.name: value for key, value in cache.items() if key.kind == "Pod"}
        assert pods == {pod["metadata"]["name"]: pod for pod in world.list("Pod")}
        assert gone not in pods
        assert cache[world.key("Node", "m-pool-1")]["spec"]["unschedulable"] is True


def test_a_kind_whose_api_is_gone_is_asked_for_until_it_is_back() -> None:
    world, client = faulty("RefusedWrites", reason="MissingApi", kinds=("ConfigMap",))
    begin(world, "WatchDrop", 2, relist=True)
    end(world, 2)
    world.create(config("c"))
    world.run(100)
    assert client.seen() == []
    end(world)
    world.run(200)
    assert [value for _, value in client.seen()] == ["1"]


def test_a_second_list_leaves_nothing_behind() -> None:
    world, client = watched()
    begin(world, "WatchDrop")
    world.delete("ConfigMap", "b")
    world.run(20)
    client.watch()
    end(world)
    world.run(100)
    assert world.key("ConfigMap", "b") not in client.cache()


def test_no_watch_stands_while_watches_are_dropped() -> None:
    world, client = watched()
    begin(world, "WatchDrop")
    world.create(config("c"))
    world.run(100)
    assert client.seen() == []
    assert not any(each.live for each in world.member.subscriptions)
    end(world)
    world.run(200)
    assert all(each.live for each in world.member.subscriptions)
    assert [value for _, value in client.seen()] == ["1"]


def test_a_pod_that_a_second_list_showed_and_that_is_gone_is_told_of() -> None:
    world = World(latency_s=0.01)
    client = Client(world).watch(("v1", "Pod"))
    begin(world, "WatchDrop")
    world.create(workload("Deployment", replicas=2))
    world.run(20)
    client.watch(("v1", "Pod"))
    assert len(client.cache()) == 2
    world.patch("Deployment", "web", {"spec": {"replicas": 0}})
    world.run(40)
    end(world)
    world.run(100)
    assert client.cache() == {}


def test_a_gap_in_pods_keeps_their_history_until_it_is_closed() -> None:
    world = World(latency_s=0.01)
    Client(world).watch(("v1", "Pod"))
    begin(world, "WatchDrop")
    [pods] = [each for each in world.store._table.collections() if each.kind.kind == "Pod"]
    assert pods.pins == 1
    end(world)
    world.run(100)
    assert (pods.pins, pods.watchers) == (0, 0)


def test_changes_come_in_the_version_that_was_asked_for() -> None:
    world = World(latency_s=0.01)
    client = Client(world).watch(("autoscaling/v1", "HorizontalPodAutoscaler"))
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "h", "namespace": "default"},
        "spec": {
            "maxReplicas": 3,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        },
    }
    world.create(scaler)
    world.run(5)
    [(key, seen)] = client.cache().items()
    assert (key.api_version, seen["apiVersion"]) == ("autoscaling/v1", "autoscaling/v1")

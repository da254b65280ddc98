from __future__ import annotations

from lab.core.model import Observed, Probe
from tests.backends.simulated.calls import CONFIG, begin, cache_of, config, end, faulty
from tests.backends.simulated.world import World, workload


def write(world: World, count: int, name: str = "c") -> None:
    """Change an object count times, half a second apart."""
    for value in range(count):
        if value == 0:
            world.create(config(name, value))
        else:
            world.patch("ConfigMap", name, {"data": {"key": str(value)}})
        world.run(world.env.now + 0.5)


def stored(world: World) -> dict[str, object]:
    return {each["metadata"]["name"]: each for each in world.store.list(*CONFIG, "default")}


def held(world: World) -> dict[str, object]:
    cache = cache_of(event for _, event in world.events)
    return {key.name: value for key, value in cache.items() if key.namespace == "default"}


def test_stale_reads_lag_and_catch_up_at_their_end() -> None:
    world, client = faulty("StaleReads", lag=7.0)
    write(world, 4)
    world.run(18)
    assert client.seen("c") == [(17.005, "0"), (17.505, "1")]
    end(world)
    world.run(20)
    assert client.seen("c")[2:] == [(18.005, "2"), (18.005, "3")]
    world.patch("ConfigMap", "c", {"data": {"key": "9"}})
    world.run(21)
    assert client.seen("c")[4:] == [(20.005, "9")]


def test_stale_capacity_is_what_it_was_before() -> None:
    world, client = faulty("StaleReads", lag=25.0)
    world.create(workload("Deployment", replicas=4))
    for second in (20, 30, 40, 50):
        world.run(second)
        client.ask(Probe("m"))
    world.run(60)
    pods = [
        (p.facts["resourceSummary"].get("allocated") or {}).get("pods") for _, p in client.probes()
    ]
    assert pods == [None, None, None, "4"]


def test_missed_changes_stay_missed_until_a_later_one() -> None:
    world, client = faulty("MissedEvents", share=0.5)
    write(world, 4)
    world.run(20)
    assert [value for _, value in client.seen("c")] == ["0", "2"]
    assert held(world) != stored(world)
    olds = [e.old and e.old["data"]["key"] for _, e in world.events if isinstance(e, Observed)]
    assert olds[-1] == "0"  # what the cache held, not what was missed
    end(world)  # the server's cache is mended: everybody lists
    world.run(40)
    assert [value for _, value in client.seen("c")] == ["0", "2", "3"]
    assert held(world) == stored(world)


def test_a_missed_deletion_is_shown_by_a_list() -> None:
    world, _ = faulty("MissedEvents", share=1.0)
    begin(world, "WatchDrop", 2, relist=True)  # shown reliably, whatever else is missed
    end(world, 2)
    world.create(config("kept"))
    world.run(20)
    world.create(config("c"))
    world.run(30)
    assert "kept" in held(world)
    assert "c" not in held(world)
    world.delete("ConfigMap", "kept")
    world.run(40)
    assert "kept" in held(world)
    begin(world, "WatchDrop", 2, relist=True)
    end(world, 2)
    world.run(60)
    assert held(world) == stored(world)


def test_duplicates_come_at_once_and_change_nothing() -> None:
    world, client = faulty("DuplicatedDelivery", share=0.5)
    write(world, 4)
    world.run(20)
    assert [value for _, value in client.seen("c")] == ["0", "1", "1", "2", "3", "3"]
    assert held(world) == stored(world)


def test_reordered_objects_overtake_but_never_themselves() -> None:
    world, client = faulty("ReorderedDelivery", window=5.0)
    for name in ("a", "b", "c", "d"):
        world.create(config(name))
        world.patch("ConfigMap", name, {"data": {"key": "2"}})
    world.run(30)
    for name in ("a", "b", "c", "d"):
        assert [value for _, value in client.seen(name)] == ["1", "2"]
        assert all(10 <= at < 15.01 for at, _ in client.seen(name))
    firsts = [client.seen(name)[0][0] for name in ("a", "b", "c", "d")]
    assert firsts != sorted(firsts)
    assert held(world) == stored(world)


def test_faults_of_delivery_compose() -> None:
    world, client = faulty("StaleReads", lag=3.0)
    begin(world, "StaleReads", 2, lag=4.0)
    begin(world, "DuplicatedDelivery", 3, share=1.0)
    write(world, 1)
    world.run(30)
    assert client.seen("c") == [(17.005, "0")] * 2
    end(world, 1)
    end(world, 3)
    write(world, 1, "d")
    world.run(40)
    assert client.seen("d") == [(34.005, "0")]
    end(world, 2)


def test_once_all_is_well_changes_take_the_short_way_again() -> None:
    world, _ = faulty("MissedEvents", share=1.0)
    write(world, 2)
    end(world)
    world.run(60)
    found = list(world.member.subscriptions)
    assert found
    assert all(each.send == world.member._answer for each in found)

from __future__ import annotations

import pytest

from lab.core.errors import ApiError
from lab.core.model import Action, Apply, Create, Delete, Patch, Probe, Update
from tests.backends.simulated.calls import Client, begin, config, end, faulty
from tests.backends.simulated.world import World, workload

FULL = "etcdserver: mvcc: database space exceeded"


def finalized(name: str) -> dict[str, object]:
    manifest = config(name)
    manifest["metadata"]["finalizers"] = ["example.com/hold"]
    return manifest


THERE = World().key("ConfigMap", "there")


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param(Create("m", config("new")), FULL, id="a creation needs room"),
        pytest.param(Update("m", config("there", 2)), FULL, id="so does an update"),
        pytest.param(Update("m", config("there", 1)), "", id="but not one that changes nothing"),
        pytest.param(Patch(THERE, {"data": {"key": "2"}}), FULL, id="and a patch"),
        pytest.param(Patch(THERE, {"data": {"key": "1"}}), "", id="unless it changes nothing"),
        pytest.param(Apply("m", config("new"), "me"), FULL, id="and an apply"),
        pytest.param(Delete(THERE), "", id="a deletion makes room"),
        pytest.param(
            Delete(THERE._replace(name="held")), FULL, id="one that finalizers hold is written down"
        ),
        pytest.param(
            Delete(THERE._replace(name="none")),
            'configmaps "none" not found',
            id="other errors come first",
        ),
        pytest.param(
            Create("m", {**config("x"), "data": 3}),
            "ConfigMap in version",
            id="so does a manifest that makes no sense",
        ),
    ],
)
def test_a_full_disk_refuses_what_takes_room(action: Action, expected: str) -> None:
    world = World()
    world.create(config("there"))
    world.create(finalized("held"))
    client = Client(world)
    begin(world, "FullDisk", disk="etcd")
    number, _ = client.ask(action), client.ask(Probe("m"))
    world.run(5)
    found = client.answer(number)
    assert found is not None
    message = found[1].error.message if found[1].error else ""
    assert expected in message
    assert bool(expected) == bool(message)
    assert [probe.healthy for _, probe in client.probes()] == [True]


def test_nobody_writes_to_a_full_disk() -> None:
    world = World()
    world.create(workload("Deployment", replicas=2))
    world.run(10)
    begin(world, "FullDisk", disk="etcd")
    version = world.store.resource_version
    world.run(400)
    assert world.store.resource_version == version
    end(world)
    world.patch("Deployment", "web", {"spec": {"replicas": 3}})
    world.run(500)
    assert world.status("Deployment", "web")["readyReplicas"] == 3


def test_a_person_meets_a_full_disk_too() -> None:
    world = World()
    world.create(config("there"))
    begin(world, "FullDisk", disk="etcd")
    begin(world, "FullDisk", 2, disk="etcd")
    end(world)
    with pytest.raises(ApiError, match=FULL):
        world.create(config("new"))
    with pytest.raises(ApiError, match=FULL):
        world.patch("Node", "m-pool-1", {"spec": {"unschedulable": True}})
    world.delete("ConfigMap", "there")
    end(world, 2)
    world.create(config("new"))


def test_a_full_disk_of_nodes_is_none_of_etcds() -> None:
    world, client = faulty("FullDisk", disk="nodes")
    created = client.ask(Create("m", config("c")))
    world.run(20)
    found = client.answer(created)
    assert found is not None
    assert found[1].error is None


def test_a_torn_journal_loses_the_last_writes() -> None:
    world = World(latency_s=0.01)
    client = Client(world).watch()
    for second, name in ((10, "old"), (20, "changed"), (30, "deleted")):
        world.run(second)
        client.ask(Create("m", config(name)))
    world.run(97)
    client.ask(Patch(world.key("ConfigMap", "changed"), {"data": {"key": "2"}}))
    client.ask(Delete(world.key("ConfigMap", "deleted")))
    client.ask(Create("m", config("new")))
    world.run(100)
    uid = client.cache()[world.key("ConfigMap", "changed")]["metadata"]["uid"]
    begin(world, "TornJournal", lose=5.0)
    end(world)
    names = {each["metadata"]["name"]: each["data"].get("key") for each in world.list("ConfigMap")}
    assert {name: names.get(name) for name in ("old", "changed", "deleted", "new")} == {
        "old": "1",
        "changed": "1",
        "deleted": "1",
        "new": None,
    }
    assert world.get("ConfigMap", "changed")["metadata"]["uid"] == uid
    world.run(200)
    cached = {
        key.name: value for key, value in client.cache().items() if key.namespace == "default"
    }
    assert cached == {each["metadata"]["name"]: each for each in world.list("ConfigMap")}
    assert world.member.link.boots == 1


def test_what_a_torn_journal_forgot_stops_running() -> None:
    world = World()
    client = Client(world)
    world.run(50)
    client.ask(Create("m", workload("Deployment", "kept", replicas=2)))
    world.run(100)
    client.ask(Create("m", workload("Deployment", "lost", replicas=2)))
    client.ask(Patch(world.key("Deployment", "kept"), {"spec": {"replicas": 4}}))
    world.run(110)
    assert len(world.pods()) == 6
    begin(world, "TornJournal", lose=20.0)
    world.run(120)
    end(world)
    world.run(200)
    assert {name.split("-")[0] for name in world.pods()} == {"kept"}
    assert len(world.pods()) == 2
    assert world.status("Deployment", "kept")["readyReplicas"] == 2


def test_nothing_older_than_the_run_is_lost() -> None:
    world = World()
    before = world.list("ConfigMap")
    world.run(1)
    begin(world, "TornJournal", lose=600.0)
    end(world)
    world.run(5)
    assert world.store.list("v1", "Namespace")
    assert len(before) <= len(world.list("ConfigMap"))


def test_a_wrong_clock_shows_in_what_the_server_writes() -> None:
    world, client = faulty("ClockSkew", offset=3600.0)
    begin(world, "ClockSkew", 2, offset=-60.0)
    client.ask(Create("m", finalized("c")))
    client.ask(Create("m", workload("Deployment", replicas=1)))
    world.run(20)
    client.ask(Delete(world.key("ConfigMap", "c")))
    world.run(30)
    true = world.get("Pod", next(iter(world.pods())))["metadata"]["creationTimestamp"]
    meta = world.get("ConfigMap", "c")["metadata"]
    assert true[11:] == "00:00:10Z"
    assert meta["creationTimestamp"][11:] == "00:59:10Z"
    assert meta["deletionTimestamp"][11:] == "00:59:20Z"
    assert world.status("Deployment", "web")["readyReplicas"] == 1
    end(world, 1)
    end(world, 2)
    client.ask(Create("m", config("right")))
    world.run(40)
    assert world.get("ConfigMap", "right")["metadata"]["creationTimestamp"][11:] == "00:00:30Z"

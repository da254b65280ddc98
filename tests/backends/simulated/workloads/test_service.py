"""The truth of service, and what a cluster's own components do while its API server is down."""

from __future__ import annotations

from typing import Any

import numpy as np

from lab.backends.simulated.pods.pods import READY_STATES
from lab.backends.simulated.workloads.service import ServiceCount
from lab.core.fleet import NodePool
from lab.core.model import Key
from tests.backends.simulated.nodes.test_nodes import lose, pods_on, quiet
from tests.backends.simulated.world import World, template, workload


def heard(world: World) -> list[tuple[float, str, ServiceCount]]:
    told: list[tuple[float, str, ServiceCount]] = []
    world.member.on_service.append(
        lambda time_s, key, count: told.append((time_s, key.name, count))
    )
    return told


def shown(world: World) -> dict[str, tuple[int, int, int]]:
    return {
        f"{key.kind}/{key.name}": (count.desired, count.ready, count.serving)
        for key, count in world.member.service.items()
    }


def recount(world: World) -> dict[Key, int]:
    """Count serving pods from the columns, one by one."""
    pods, nodes, store = world.member.pods, world.member.nodes, world.store
    result: dict[Key, int] = dict.fromkeys(world.member.service, 0)
    for row in np.flatnonzero(np.isin(pods.state, READY_STATES)):
        if not nodes.alive[pods.node[row]]:
            continue
        each = pods.workload_at(int(pods.workload[row]))
        if each.owner is None:
            result[Key("m", "v1", "Pod", each.namespace, each.base_name)] += 1
            continue
        key = Key("m", each.owner.api_version, each.owner.kind, each.namespace, each.owner.name)
        found = store.find(key)
        owners = (found or {}).get("metadata", {}).get("ownerReferences", ())
        for owner in owners:
            key = Key("m", owner["apiVersion"], owner["kind"], each.namespace, owner["name"])
        result[key] = result.get(key, 0) + 1
    return result


def test_counts_of_all_kinds() -> None:
    world = World()
    world.create(workload("Deployment", "web", replicas=4))
    world.create(workload("ReplicaSet", "bare", replicas=2))
    world.create(workload("StatefulSet", "db", replicas=2))
    world.create(workload("DaemonSet", "agent"))
    job = workload("Job", "once", template("once", restartPolicy="Never"), completions=2)
    job["spec"]["template"]["metadata"]["annotations"] = {"fedlab.dev/run-for": "1h"}
    world.create(job)
    pod = template("alone")["spec"]
    world.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "alone", "namespace": "default"},
            "spec": pod,
        }
    )
    assert shown(world)["Deployment/web"] == (4, 0, 0)
    world.run(20)
    assert shown(world) == {
        "DaemonSet/agent": (3, 3, 3),
        "Deployment/web": (4, 4, 4),
        "Job/once": (1, 1, 1),
        "Pod/alone": (1, 1, 1),
        "ReplicaSet/bare": (2, 2, 2),
        "StatefulSet/db": (2, 2, 2),
    }


def test_a_namespace_is_part_of_the_key() -> None:
    world = World()
    other = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}
    world.create(other)
    for namespace, replicas in (("default", 1), ("other", 2)):
        manifest = workload("Deployment", replicas=replicas)
        manifest["metadata"]["namespace"] = namespace
        world.create(manifest)
    world.run(10)
    counts = {key.namespace: count.ready for key, count in world.member.service.items()}
    assert counts == {"default": 1, "other": 2}


def test_listeners_hear_each_change_once_an_instant() -> None:
    world = World()
    told = heard(world)
    world.create(workload("Deployment", replicas=3))
    world.run(10)
    assert told[0] == (0.0, "web", ServiceCount(3, 0, 0))
    assert told[-1][1:] == ("web", ServiceCount(3, 3, 3))
    assert len({(time_s, name) for time_s, name, _ in told}) == len(told)
    told.clear()
    world.patch("Deployment", "web", {"spec": {"replicas": 1}})
    world.run(20)
    assert told[0] == (10.0, "web", ServiceCount(1, 3, 3))
    assert told[-1][1:] == ("web", ServiceCount(1, 1, 1))
    told.clear()
    world.delete("Deployment", "web")
    world.run(30)
    assert told[-1][1:] == ("web", ServiceCount(0, 0, 0))
    assert world.member.service == {}


def test_a_rollout_counts_both_replica_sets() -> None:
    world = World()
    world.create(workload("Deployment", replicas=3))
    world.run(10)
    told = heard(world)
    world.patch(
        "Deployment",
        "web",
        {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "httpd"}]}}}},
    )
    world.run(60)
    assert min(count.serving for _, _, count in told) >= 3
    assert shown(world) == {"Deployment/web": (3, 3, 3)}


def test_a_dead_node_stops_to_serve_at_once_and_is_shown_ready_for_long() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=3))
    world.run(20)
    told = heard(world)
    lose(world, 1, at_s=21.0)
    world.run(22)
    assert told == [(21.0, "web", ServiceCount(3, 3, 2))]
    world.run(400)
    assert [(time_s, c.ready, c.serving) for time_s, _, c in told[1:]] == [
        (70.0, 2, 2),
        (told[-1][0], 3, 3),
    ]
    assert 376 <= told[-1][0] < 377


# ── the API server is down ─────────────────────────────────────────────────────────────────────


def written(world: World) -> list[tuple[float, str, str]]:
    told: list[tuple[float, str, str]] = []

    def hear(change: Any) -> None:
        told.append((world.env.now, change.type, change.object["kind"]))

    world.store.listen(hear)
    return told


def snapshot(world: World) -> list[Any]:
    return [
        {**each, "status": {**each["status"]}} for kind in ("Pod",) for each in world.list(kind)
    ] + [world.get("Deployment", "web"), *world.store.list("v1", "Node")]


def test_nothing_is_written_while_the_api_server_is_down() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=6))
    pod = template("crash", annotations={"fedlab.dev/run-for": "40s", "fedlab.dev/exit-code": "1"})
    world.create(workload("Deployment", "crash", pod, replicas=2))
    world.run(30)
    before = snapshot(world)
    changes, told = written(world), heard(world)
    assert world.member.api_up
    world.member.begin_fault(1, "ApiServerDown", {}, 30.0)
    assert not world.member.api_up
    lose(world, 1, at_s=35.0, fault=2)
    world.run(200)
    assert changes == []
    assert snapshot(world) == before
    # Dead node and crashed containers are felt at once.
    assert told[0][0] == 35.0
    crashes = [count for _, name, count in told if name == "crash"]
    assert {count.ready for count in crashes} == {2}
    assert min(count.serving for count in crashes) == 0
    world.member.end_fault(1, 200.0)
    world.run(202)
    assert changes
    crashed = [p for p in world.list("Pod") if p["metadata"]["labels"]["app"] == "crash"]
    counts = sorted(p["status"]["containerStatuses"][0]["restartCount"] for p in crashed)
    assert counts[-1] >= 2


def test_what_controllers_would_have_done_happens_after() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=2))
    world.run(20)
    world.patch("Deployment", "web", {"spec": {"replicas": 5}})
    world.member.begin_fault(1, "ApiServerDown", {}, 20.0)
    world.run(100)
    assert len(world.pods()) == 2
    world.member.end_fault(1, 100.0)
    world.run(101.9)
    assert len(world.pods()) == 2  # controllers start again after a long outage
    world.run(105)
    assert world.status("Deployment", "web")["readyReplicas"] == 5


def test_after_a_short_outage_controllers_go_on_at_once() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=2))
    world.run(20)
    world.patch("Deployment", "web", {"spec": {"replicas": 3}})
    world.member.begin_fault(1, "ApiServerDown", {}, 20.0)  # before any controller acts
    world.run(25)
    world.member.end_fault(1, 25.0)
    world.run(25.1)
    assert len(world.pods()) == 3


def test_a_node_that_died_under_a_dead_api_server_gets_a_new_grace_period() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=3))
    world.run(20)
    world.member.begin_fault(1, "ApiServerDown", {}, 20.0)
    lose(world, 1, at_s=25.0, fault=2)
    world.run(300)
    world.member.end_fault(1, 300.0)
    world.run(354.9)  # controllers work at 302 s, look at 305 s, and wait 50 s
    assert world.condition("Node", "m-pool-1", "Ready")["status"] == "True"
    world.run(355)
    assert world.condition("Node", "m-pool-1", "Ready")["status"] == "Unknown"


def test_a_restart_of_the_controllers_starts_tolerations_anew() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=3))
    lose(world, 1, at_s=21.0)
    world.run(100)  # tainted at 75 s: eviction would be at 375 s
    world.member.begin_fault(2, "ApiServerDown", {}, 100.0)
    world.run(200)
    world.member.end_fault(2, 200.0)
    world.run(504.9)  # at 205 s the taint is taken off and put on again
    assert "Terminating" not in world.pods().values()
    world.run(505.1)
    assert "Terminating" in world.pods().values()


def test_a_cluster_outage_takes_all_and_brings_all_back_with_one_restart_each() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=4))
    world.create(workload("StatefulSet", "db", replicas=2))
    world.run(20)
    before = dict.fromkeys(world.pods(), 0)
    told, changes = heard(world), written(world)
    world.member.begin_fault(1, "ClusterOutage", {}, 20.0)
    world.run(500)
    assert changes == []
    assert {count.serving for _, _, count in told} == {0}
    assert shown(world) == {"Deployment/web": (4, 4, 0), "StatefulSet/db": (2, 2, 0)}
    world.member.end_fault(1, 500.0)
    world.run(501.5)
    assert {count[1:] for count in shown(world).values()} == {(0, 0)}
    world.run(503)
    assert shown(world) == {"Deployment/web": (4, 4, 4), "StatefulSet/db": (2, 2, 2)}
    restarts = {
        pod["metadata"]["name"]: pod["status"]["containerStatuses"][0]["restartCount"]
        for pod in world.list("Pod")
    }
    assert restarts == dict.fromkeys(before, 1)
    world.run(2000)
    assert all(
        each["status"] == "True"
        for each in [world.condition("Node", f"m-pool-{n}", "Ready") for n in (1, 2, 3)]
    )
    assert set(world.pods()) == set(before)


def test_outages_that_overlap_end_with_the_last() -> None:
    world = quiet()
    world.create(workload("Deployment", replicas=3))
    world.run(20)
    world.member.begin_fault(1, "ClusterOutage", {}, 20.0)
    world.member.begin_fault(2, "ApiServerDown", {}, 20.0)
    world.run(100)
    world.member.end_fault(1, 100.0)
    world.run(150)
    # The machines are there, but kubelets have nothing to go by.
    assert shown(world) == {"Deployment/web": (3, 3, 0)}
    world.member.end_fault(2, 150.0)
    world.run(155)
    assert shown(world) == {"Deployment/web": (3, 3, 3)}
    assert len(pods_on(world, 1)) == 1


def test_counts_equal_a_recount_after_everything() -> None:
    world = World(pools=(NodePool("pool", 4),))
    for name in ("a", "b", "c"):
        world.create(workload("Deployment", name, replicas=5))
    world.create(workload("StatefulSet", "db", replicas=3))
    for step in range(1, 12):
        now_s = step * 30.0
        world.run(now_s)
        if step % 3 == 1:
            names = (f"m-pool-{1 + step % 4}",)
            world.member.begin_fault(step, "NodeLoss", {"nodes": names}, now_s)
        if step % 3 == 0:
            world.member.end_fault(step - 2, now_s)
        serving = {key: count.serving for key, count in world.member.service.items()}
        assert serving == recount(world)

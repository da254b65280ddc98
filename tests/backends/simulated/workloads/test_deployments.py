from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.backends.simulated.workloads.rolling import int_or_percent, proportional
from lab.core.fleet import NodePool
from tests.backends.simulated.world import World, image, template, workload


def counters(world: World, name: str = "web") -> tuple[int, int, int, int]:
    status = world.status("Deployment", name)
    names = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    return tuple(status.get(each, 0) for each in names)  # type: ignore[return-value]


def started(**spec: Any) -> World:
    world = World()
    world.create(workload("Deployment", **{"replicas": 4, **spec}))
    return world.run(5)


def test_a_new_deployment_becomes_available() -> None:
    world = World()
    world.create(workload("Deployment", replicas=3))
    world.run(0.5)
    assert counters(world) == (3, 3, 0, 0)
    assert world.condition("Deployment", "web", "Available")["status"] == "False"
    progress = world.condition("Deployment", "web", "Progressing")
    assert progress["reason"] == "ReplicaSetUpdated"
    world.run(3)
    assert counters(world) == (3, 3, 3, 3)
    assert "unavailableReplicas" not in world.status("Deployment", "web")
    available = world.condition("Deployment", "web", "Available")
    assert (available["reason"], available["status"]) == ("MinimumReplicasAvailable", "True")
    progress = world.condition("Deployment", "web", "Progressing")
    assert progress["reason"] == "NewReplicaSetAvailable"
    [replica_set] = world.list("ReplicaSet")
    name = replica_set["metadata"]["name"]
    assert progress["message"] == f'ReplicaSet "{name}" has successfully progressed.'
    hash_ = replica_set["metadata"]["labels"]["pod-template-hash"]
    assert name == f"web-{hash_}"
    assert replica_set["spec"]["selector"]["matchLabels"]["pod-template-hash"] == hash_
    for pod in world.list("Pod"):
        assert pod["metadata"]["labels"] == {"app": "web", "pod-template-hash": hash_}
        assert pod["metadata"]["name"].startswith(f"{name}-")
        assert pod["metadata"]["ownerReferences"][0]["name"] == name
    annotations = world.get("Deployment", "web")["metadata"]["annotations"]
    assert annotations["deployment.kubernetes.io/revision"] == "1"


ROLLING = {
    "25 percent of 4: one more, one less": ({}, 5, 3),
    "surge only": ({"maxSurge": 2, "maxUnavailable": 0}, 6, 4),
    "no surge": ({"maxSurge": 0, "maxUnavailable": 2}, 4, 2),
    "both zero moves one": ({"maxSurge": "0%", "maxUnavailable": 0}, 4, 3),
}


@pytest.mark.parametrize(("rolling", "most", "least"), ROLLING.values(), ids=ROLLING.keys())
def test_a_rolling_update_keeps_its_bounds(rolling: Any, most: int, least: int) -> None:
    world = started(strategy={"type": "RollingUpdate", "rollingUpdate": rolling})
    world.patch("Deployment", "web", image("httpd"))
    seen_most, seen_least = 0, 99
    for tenth in range(50, 200):
        world.run(tenth / 10)
        wanted = sum(each["spec"]["replicas"] for each in world.list("ReplicaSet"))
        ready = counters(world)[2]
        seen_most, seen_least = max(seen_most, wanted), min(seen_least, ready)
    assert (seen_most, seen_least) == (most, least)
    assert counters(world) == (4, 4, 4, 4)
    sizes = {
        each["spec"]["template"]["spec"]["containers"][0]["image"]: each["spec"]["replicas"]
        for each in world.list("ReplicaSet")
    }
    assert sizes == {"nginx": 0, "httpd": 4}


def test_a_bad_image_stops_the_rollout_with_old_pods_alive() -> None:
    world = started(progressDeadlineSeconds=60)
    world.patch("Deployment", "web", image("registry.invalid/web:2"))
    world.run(30)
    assert sorted(world.pods().values()) == ["ImagePullBackOff"] * 2 + ["Running"] * 3
    assert counters(world) == (5, 2, 3, 3)
    assert world.status("Deployment", "web")["unavailableReplicas"] == 2
    assert world.condition("Deployment", "web", "Available")["status"] == "True"
    world.run(120)
    progress = world.condition("Deployment", "web", "Progressing")
    assert (progress["status"], progress["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert progress["message"].endswith("has timed out progressing.")
    world.patch("Deployment", "web", image("nginx"))
    world.run(140)
    assert counters(world) == (4, 4, 4, 4)
    progress = world.condition("Deployment", "web", "Progressing")
    assert (progress["status"], progress["reason"]) == ("True", "NewReplicaSetAvailable")
    revisions = {
        each["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
        for each in world.list("ReplicaSet")
    }
    assert revisions == {"2", "3"}


def test_recreate_waits_for_the_last_old_pod() -> None:
    world = started(strategy={"type": "Recreate"})
    world.patch("Deployment", "web", image("httpd"))
    world.run(5.3)
    assert set(world.pods().values()) == {"Terminating"}
    world.run(9)
    assert counters(world) == (4, 4, 4, 4)
    assert set(world.pods().values()) == {"Running"}


def test_scaling_down_takes_pods_that_are_not_ready_then_the_youngest() -> None:
    world = World(pools=(NodePool("pool", 12),))  # a node each: doubled-up pods would go first
    world.create(workload("Deployment", replicas=2))
    old = set(world.run(3).pods())
    world.patch("Deployment", "web", {"spec": {"replicas": 4}})
    young = set(world.run(6).pods()) - old
    world.patch("Deployment", "web", {"spec": {"replicas": 6}})
    unready = set(world.run(6.5).pods()) - old - young
    assert (len(old), len(young), len(unready)) == (2, 2, 2)
    world.patch("Deployment", "web", {"spec": {"replicas": 4}})
    world.run(6.6)
    assert {name for name, phase in world.pods().items() if phase != "Terminating"} == old | young
    world.patch("Deployment", "web", {"spec": {"replicas": 2}})
    assert set(world.run(9).pods()) == old


def test_paused_deployments_scale_but_do_not_roll() -> None:
    world = started(replicas=2)
    world.patch("Deployment", "web", {"spec": {"paused": True}})
    world.run(6)
    world.patch("Deployment", "web", image("httpd"))
    world.patch("Deployment", "web", {"spec": {"replicas": 3}})
    world.run(9)
    assert len(world.list("ReplicaSet")) == 1
    assert counters(world) == (3, 0, 3, 3)
    assert world.condition("Deployment", "web", "Progressing")["reason"] == "DeploymentPaused"
    world.patch("Deployment", "web", {"spec": {"paused": False}})
    world.run(20)
    assert counters(world) == (3, 3, 3, 3)


def test_min_ready_seconds_delays_available() -> None:
    world = World()
    world.create(workload("Deployment", replicas=2, minReadySeconds=10))
    world.run(5)
    assert counters(world) == (2, 2, 2, 0)
    world.run(12)
    assert counters(world) == (2, 2, 2, 2)


def test_history_limit_keeps_the_newest_empty_replica_sets() -> None:
    world = World()
    world.create(workload("Deployment", replicas=1, revisionHistoryLimit=1))
    for number in range(4):
        world.run(10 + 10 * number)
        world.patch("Deployment", "web", image(f"nginx:{number}"))
    world.run(60)
    images = {
        each["spec"]["template"]["spec"]["containers"][0]["image"]
        for each in world.list("ReplicaSet")
    }
    assert images == {"nginx:2", "nginx:3"}


def test_scaling_during_a_rollout_is_proportional() -> None:
    world = started(replicas=10, strategy={"rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}})
    world.patch("Deployment", "web", image("registry.invalid/x"))
    world.run(10)
    before = {r["metadata"]["name"]: r["spec"]["replicas"] for r in world.list("ReplicaSet")}
    assert sorted(before.values()) == [5, 8]
    world.patch("Deployment", "web", {"spec": {"replicas": 15}})
    world.run(20)
    after = {r["metadata"]["name"]: r["spec"]["replicas"] for r in world.list("ReplicaSet")}
    assert sorted(after.values()) == [7, 11]
    # The example of the Kubernetes documentation: 8 old and 5 new become 11 and 7.


def test_deletion_takes_replica_sets_and_pods_along() -> None:
    world = started()
    world.delete("Deployment", "web")
    world.run(5.2)
    assert world.list("ReplicaSet") == []
    assert set(world.pods().values()) == {"Terminating"}
    world.run(7)
    assert world.pods() == {}
    assert not world.member.pods.totals.any()


def test_a_deployment_made_again_gets_new_pods() -> None:
    world = started(replicas=1)
    [before] = world.list("Pod")
    world.delete("Deployment", "web")
    world.create(workload("Deployment", replicas=1))
    world.run(9)
    [after] = world.list("Pod")
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert counters(world) == (1, 1, 1, 1)


def test_a_deleted_pod_is_replaced() -> None:
    world = started(replicas=2)
    victim = next(iter(world.pods()))
    world.delete("Pod", victim)
    world.run(5.1)
    assert world.pods()[victim] == "Terminating"
    assert counters(world)[2] == 1
    world.run(8)
    assert victim not in world.pods()
    assert counters(world) == (2, 2, 2, 2)


def test_a_crashing_container_backs_off_to_five_minutes() -> None:
    world = World({"crashImages": ["broken"], "crashAfter": "2s"})
    world.create(workload("Deployment", replicas=1, pod=template(image="broken:1")))
    restarts = []
    for second in range(10, 1400, 10):
        world.run(second)
        statuses = [pod["status"]["containerStatuses"][0] for pod in world.list("Pod")[:1]]
        restarts += [status["restartCount"] for status in statuses]
    # Restarts at 3, 5, 17, 39, 81, 163, 325, 627, 929, 1231 s (10 s doubling, at most 300 s).
    assert restarts[-1] == 10
    assert "CrashLoopBackOff" in world.pods().values()
    assert counters(world)[2] == 0


PERCENTS = {
    "surge rounds up": ("25%", 10, True, 3),
    "unavailable rounds down": ("25%", 10, False, 2),
    "a number": (7, 3, True, 7),
    "absent": (None, 4, True, 1),
}


@pytest.mark.parametrize(("value", "total", "up", "want"), PERCENTS.values(), ids=PERCENTS.keys())
def test_int_or_percent(value: Any, total: int, *, up: bool, want: int) -> None:
    assert int_or_percent(value, total, round_up=up) == want


@settings(derandomize=True, max_examples=60)
@given(st.lists(st.integers(1, 50), min_size=2, max_size=5), st.integers(0, 200))
def test_proportional_scaling_loses_nothing(sizes: list[int], allowed: int) -> None:
    result = proportional(sizes, [sum(sizes)] * len(sizes), allowed)
    assert sum(result) == allowed
    assert min(result) >= 0

from __future__ import annotations

from typing import Any

from tests.backends.simulated.world import World, template, workload


def quota(**hard: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "team", "namespace": "default"},
        "spec": {"hard": {name.replace("_", "."): text for name, text in hard.items()}},
    }


def limited(**hard: str) -> World:
    world = World()
    world.create(quota(**hard))
    world.run(1)
    pod = template(requests={"cpu": "500m", "memory": "256Mi"})
    world.create(workload("Deployment", replicas=4, pod=pod))
    return world.run(5)


def test_pods_beyond_the_quota_are_refused_and_said_so() -> None:
    world = limited(requests_cpu="1", pods="10")
    assert len(world.pods()) == 2
    status = world.status("ResourceQuota", "team")
    assert status["used"] == {"requests.cpu": "1", "pods": "2"}
    [replica_set] = world.list("ReplicaSet")
    [failure] = replica_set["status"]["conditions"]
    name = replica_set["metadata"]["name"]
    assert failure["reason"] == "FailedCreate"
    assert failure["message"] == (
        f'pods "{name}-" is forbidden: exceeded quota: team, '
        "requested: requests.cpu=500m, used: requests.cpu=1, limited: requests.cpu=1"
    )
    assert world.condition("Deployment", "web", "ReplicaFailure")["status"] == "True"


def test_a_raised_quota_lets_the_rest_in() -> None:
    world = limited(pods="3")
    assert len(world.pods()) == 3
    world.patch("ResourceQuota", "team", {"spec": {"hard": {"pods": "9"}}})
    world.run(10)
    assert world.status("Deployment", "web")["availableReplicas"] == 4
    assert world.condition("Deployment", "web", "ReplicaFailure") is None
    assert world.status("ResourceQuota", "team")["used"] == {"pods": "4"}


def test_room_made_by_others_is_used() -> None:
    world = limited(pods="5")
    world.create(workload("Deployment", "late", replicas=3))
    world.run(10)
    assert world.status("Deployment", "late")["replicas"] == 1
    world.delete("Deployment", "web")
    world.run(20)
    assert world.status("Deployment", "late")["availableReplicas"] == 3


def test_objects_are_counted() -> None:
    world = World()
    world.create(quota(services="5", configmaps="9"))
    world.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "a", "namespace": "default"},
            "spec": {"ports": [{"port": 80}]},
        }
    )
    world.patch("ResourceQuota", "team", {"metadata": {"labels": {"look": "again"}}})
    world.run(1)
    assert world.status("ResourceQuota", "team")["used"] == {"services": "1", "configmaps": "1"}

from __future__ import annotations

from tests.backends.simulated.world import World, image, template, workload

CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def revisions(world: World) -> dict[str, str]:
    return {
        pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"] for pod in world.list("Pod")
    }


def test_pods_start_one_after_another() -> None:
    world = World()
    world.create(workload("StatefulSet", "db", replicas=3, volumeClaimTemplates=[CLAIM]))
    assert list(world.run(0.9).pods()) == ["db-0"]
    assert list(world.run(1.9).pods()) == ["db-0", "db-1"]
    world.run(5)
    assert world.pods() == {"db-0": "Running", "db-1": "Running", "db-2": "Running"}
    claims = {
        claim["metadata"]["name"]: claim["status"]["phase"]
        for claim in world.list("PersistentVolumeClaim")
    }
    assert claims == {"data-db-0": "Bound", "data-db-1": "Bound", "data-db-2": "Bound"}
    status = world.status("StatefulSet", "db")
    assert (status["replicas"], status["readyReplicas"], status["currentReplicas"]) == (3, 3, 3)
    assert status["currentRevision"] == status["updateRevision"]
    labels = world.get("Pod", "db-1")["metadata"]["labels"]
    assert labels["statefulset.kubernetes.io/pod-name"] == "db-1"
    assert labels["apps.kubernetes.io/pod-index"] == "1"
    assert labels["controller-revision-hash"] == status["updateRevision"]


def test_parallel_starts_all_at_once() -> None:
    world = World()
    world.create(workload("StatefulSet", "db", replicas=3, podManagementPolicy="Parallel"))
    assert len(world.run(0.9).pods()) == 3


def test_scaling_down_goes_from_the_highest_one_at_a_time_and_keeps_claims() -> None:
    world = World()
    world.create(workload("StatefulSet", "db", replicas=4, volumeClaimTemplates=[CLAIM]))
    world.run(10)
    world.patch("StatefulSet", "db", {"spec": {"replicas": 2}})
    world.run(10.2)
    assert world.pods()["db-3"] == "Terminating"
    assert world.pods()["db-2"] == "Running"
    world.run(10.7)
    assert "db-3" not in world.pods()
    assert world.pods()["db-2"] == "Terminating"
    world.run(13)
    assert list(world.pods()) == ["db-0", "db-1"]
    assert len(world.list("PersistentVolumeClaim")) == 4


def test_updates_go_in_reverse_and_stop_at_a_pod_that_is_not_ready() -> None:
    world = World()
    world.create(workload("StatefulSet", "db", replicas=3))
    world.run(10)
    world.patch("StatefulSet", "db", image("httpd"))
    world.run(12)
    assert revisions(world) == {"db-0": "nginx", "db-1": "nginx", "db-2": "httpd"}
    world.run(20)
    assert set(revisions(world).values()) == {"httpd"}
    world.patch("StatefulSet", "db", image("registry.invalid/db"))
    world.run(60)
    assert revisions(world) == {"db-0": "httpd", "db-1": "httpd", "db-2": "registry.invalid/db"}
    status = world.status("StatefulSet", "db")
    assert (status["readyReplicas"], status["updatedReplicas"]) == (2, 1)
    assert status["currentRevision"] != status["updateRevision"]


def test_a_partition_keeps_lower_ordinals_old_also_when_they_are_made_again() -> None:
    world = World()
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    world.create(workload("StatefulSet", "db", replicas=3, updateStrategy=rolling))
    world.run(10)
    world.patch("StatefulSet", "db", image("httpd"))
    world.run(20)
    world.delete("Pod", "db-0")
    world.run(30)
    assert revisions(world) == {"db-0": "nginx", "db-1": "nginx", "db-2": "httpd"}


def test_on_delete_replaces_nothing_by_itself() -> None:
    world = World()
    world.create(workload("StatefulSet", "db", replicas=2, updateStrategy={"type": "OnDelete"}))
    world.run(10)
    world.patch("StatefulSet", "db", image("httpd"))
    world.run(20)
    assert set(revisions(world).values()) == {"nginx"}
    world.delete("Pod", "db-0")
    world.run(30)
    assert revisions(world) == {"db-0": "httpd", "db-1": "nginx"}


def test_a_bad_first_pod_holds_back_the_rest() -> None:
    world = World()
    world.create(workload("StatefulSet", "db", replicas=3, pod=template("db", "x.invalid/db")))
    world.run(60)
    assert world.pods() == {"db-0": "ImagePullBackOff"}

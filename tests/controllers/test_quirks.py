"""Known failures of failover, each in both positions, where no other test shows it.

Shown elsewhere (tests/controllers/test_failover.py): lastCopyDeleted, surplusAfterRecovery,
purgeModeIgnored, toleratedForeverQueued, tasksOutliveRecovery.
"""

from __future__ import annotations

from typing import Any

import pytest

from lab.controllers.graceful_eviction import GracefulEvictionController
from lab.controllers.lineage import BINDING
from lab.core.manifest import spec_of, timestamp
from lab.core.model import HUB, Key, Patch
from lab.core.settings import KarmadaSettings, karmada_settings
from tests.controllers.failing import (
    DIVIDED,
    ONE,
    kill,
    never_ready,
    started,
    switched_on,
    taint,
    tasks,
)
from tests.controllers.fakes import obj, queues, view_for
from tests.controllers.harness import Plane

WEB = Key(HUB, "work.karmada.io/v1alpha2", "ResourceBinding", "default", "web-deployment")


def quirk(**switches: bool) -> KarmadaSettings:
    return karmada_settings({"quirks": switches})


# ── gracePeriodLeaks (PR 7201), evictionTaskLost (PR 7306): the controller's own plan ──────────


def leaving(*told: dict[str, Any]) -> dict[str, Any]:
    made = [
        {
            "purgeMode": "Gracefully",
            "reason": "R",
            "producer": "P",
            "creationTimestamp": timestamp(0.0),
            **each,
        }
        for each in told
    ]
    spec = {"replicas": 2, "clusters": [{"name": "north", "replicas": 2}]}
    binding = obj(
        *BINDING, "web-deployment", "default", spec={**spec, "gracefulEvictionTasks": made}
    )
    binding["spec"]["resource"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return binding


def patch_of(settings: KarmadaSettings, binding: dict[str, Any], now_s: float) -> Patch:
    loop = GracefulEvictionController(BINDING, settings, queues)
    plan = loop.reconcile(view_for(loop, binding), WEB, now_s)
    (patch,) = plan.actions
    assert isinstance(patch, Patch)
    return patch


@pytest.mark.parametrize(("leaks", "kept"), [(False, ["south"]), (True, None)])
def test_a_grace_period_leaks(leaks: bool, kept: list[str] | None) -> None:
    binding = leaving({"fromCluster": "west", "gracePeriodSeconds": 30}, {"fromCluster": "south"})
    patch = patch_of(quirk(gracePeriodLeaks=leaks), binding, 40.0)
    left = patch.body["spec"]["gracefulEvictionTasks"]
    assert (left and [task["fromCluster"] for task in left]) == kept


@pytest.mark.parametrize("lost", [False, True])
def test_a_list_of_tasks_is_written_with_or_without_a_look_at_the_version(lost: bool) -> None:
    patch = patch_of(quirk(evictionTaskLost=lost), leaving({"fromCluster": "west"}), 700.0)
    assert ("metadata" in patch.body) == (not lost)


@pytest.mark.parametrize(("lost", "names"), [(False, ["member2", "member3"]), (True, ["member2"])])
def test_a_task_of_another_writer_is_lost(lost: bool, names: list[str]) -> None:
    """While the first task is being stamped, a person adds a second one."""
    plane = started(
        switched_on(quirks={"evictionTaskLost": lost}),
        {"replicaScheduling": DIVIDED},
        members=("member1", "member2", "member3"),
        replicas=3,
    )
    never_ready(plane, "member1")
    plane.patch(WEB, {"spec": {"suspension": {"scheduling": True}}})  # nobody else writes now
    plane.run(5.0)
    first = {"fromCluster": "member2", "reason": "R", "producer": "P"}
    second = {"fromCluster": "member3", "reason": "R", "producer": "P"}
    plane.patch(WEB, {"spec": {"gracefulEvictionTasks": [first], "clusters": None}})
    plane.engine.run_due(plane.now_s)  # the controller has read its binding and sent its patch
    plane.patch(WEB, {"spec": {"gracefulEvictionTasks": [first, second]}})
    plane.run(5.0)
    assert [task["fromCluster"] for task in tasks(plane)] == names


# ── pingPong (#4480), unknownResetsTimer (#4208): application failover ─────────────────────────


def application(settings: KarmadaSettings) -> Plane:
    behaviour = {
        "decisionConditions": {"tolerationSeconds": 20},
        "purgeMode": "Gracefully",
        "gracePeriodSeconds": 100,
    }
    plane = started(
        settings,
        {"replicaScheduling": DIVIDED, **ONE},
        propagateDeps=True,
        failover={"application": behaviour},
    )
    for name in ("member1", "member2"):
        never_ready(plane, name)
    (here,) = plane.targets() or {}
    key = Key(here, "apps/v1", "Deployment", "default", "web")
    body = {"status": {"readyReplicas": 0, "availableReplicas": 0}}
    plane.members[here].store.patch(key, body, "merge", plane.now_s, subresource="status")
    return plane


@pytest.mark.parametrize(("goes_round", "leaving_now"), [(True, 2), (False, 1)])
def test_an_application_that_fails_everywhere(goes_round: bool, leaving_now: int) -> None:
    plane = application(quirk(pingPong=goes_round))
    plane.run(60.0)
    assert len(tasks(plane)) == leaving_now
    scheduled = plane.condition("ResourceBinding", "web-deployment", "Scheduled")
    assert scheduled is not None
    assert scheduled[1] == ("NoClusterFit" if goes_round else "Success")


@pytest.mark.parametrize(("resets", "moved_after_s"), [(True, None), (False, 20.0)])
def test_health_unknown_in_between(resets: bool, moved_after_s: float | None) -> None:
    """Every 8 s the member's Work says Unknown for a moment."""
    plane = application(quirk(unknownResetsTimer=resets))
    (here,) = plane.targets() or {}
    began_s = plane.now_s
    moved_s = None
    while plane.now_s < began_s + 60.0 and moved_s is None:
        plane.run(8.0)
        if tasks(plane):
            moved_s = plane.now_s
            break
        set_health(plane, here, "Unknown")
        plane.run(0.5)
        set_health(plane, here, "Unhealthy")
    if moved_after_s is None:
        assert moved_s is None
    else:
        assert moved_s is not None
        assert moved_after_s <= moved_s - began_s <= moved_after_s + 10.0


def set_health(plane: Plane, cluster: str, health: str) -> None:
    works = plane.store.list("work.karmada.io/v1alpha1", "Work", f"karmada-es-{cluster}")
    (work,) = [w for w in works if spec_of(w)["workload"]["manifests"][0]["kind"] == "Deployment"]
    (entry,) = work["status"]["manifestStatuses"]
    status = {**work["status"], "manifestStatuses": [{**entry, "health": health}]}
    plane.engine.acting("user", plane.now_s)
    plane.store.update({**work, "status": status}, plane.now_s, subresource="status")


# ── all of them at once ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", ["faithful", "sane"])
def test_a_plain_failover_is_the_same_either_way(words: str) -> None:
    plane = started(switched_on(quirks=words), {"replicaScheduling": DIVIDED})
    kill(plane)
    plane.run(60.0)
    assert plane.targets() == {"member2": 2}
    plane.members["member1"].restore()
    plane.run(240.0)
    assert plane.targets() == {"member2": 2}
    assert plane.member("member1", "Deployment", "web") is None
    taint(plane, "member2")
    plane.run(60.0)
    assert plane.targets() == {"member1": 2}

"""An application that stays unhealthy in a member moves on, on a whole control plane."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lab.core.errors import ApiError
from lab.core.model import Key, Update
from lab.core.settings import KarmadaSettings
from tests.controllers.harness import Plane
from tests.controllers.test_plane import policy, to, web

ONE = {
    **to("member1", "member2"),
    "spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}],
}


def started(settings: KarmadaSettings | None = None, **application: Any) -> Plane:
    plane = Plane("member1", "member2", settings=settings)
    behaviour = {"decisionConditions": {"tolerationSeconds": 10}, **application}
    plane.write(
        web(2),
        policy(placement=ONE, propagateDeps=True, failover={"application": behaviour}),
    )
    plane.run(10.0)
    assert plane.targets() == {"member1": 2}
    return plane


def fail(plane: Plane, cluster: str = "member1", **status: Any) -> None:
    """No replica is ready any more, and nothing mends that."""
    member = plane.members[cluster]
    setattr(member, "_ready", lambda key: None)  # noqa: B010 — the fake has no switch for it
    key = Key(cluster, "apps/v1", "Deployment", "default", "web")
    body = {"status": {"readyReplicas": 0, "availableReplicas": 0, **status}}
    member.store.patch(key, body, "merge", plane.now_s, subresource="status")


def tasks(plane: Plane) -> list[dict[str, Any]]:
    binding = plane.get("ResourceBinding", "web-deployment")
    assert binding is not None
    found: list[dict[str, Any]] = binding["spec"].get("gracefulEvictionTasks") or []
    return found


def decisions(plane: Plane) -> list[Any]:
    return [
        record.detail
        for record in plane.trace.records
        if record.type == "decision" and record.detail["kind"] == "application-failover"
    ]


def test_it_moves_when_its_time_is_over() -> None:
    plane = started(purgeMode="Directly")
    fail(plane)
    plane.run(9.9)
    assert plane.targets() == {"member1": 2}
    assert tasks(plane) == []
    plane.run(1.0)
    assert plane.targets() == {"member2": 2}
    assert plane.member("member1", "Deployment", "web") is None
    last = next(each for each in decisions(plane) if each["summary"].endswith("evicted"))
    first = decisions(plane)[decisions(plane).index(last) - 1]
    (entry,) = first["explanation"]["clusters"]
    assert entry["deadline"] == pytest.approx(entry["unhealthySince"] + 10.0)
    assert first["summary"] == "member1 is unhealthy, tolerated for 10 s"
    assert last["summary"] == "member1 was unhealthy for 10 s: evicted"
    assert last["explanation"]["clusters"][0]["evicted"] is True


def test_health_in_between_puts_the_clock_back() -> None:
    plane = started(purgeMode="Directly")
    fail(plane)
    plane.run(8.0)
    fail(plane, readyReplicas=2, availableReplicas=2)
    plane.run(1.0)
    fail(plane)
    plane.run(9.0)
    assert plane.targets() == {"member1": 2}
    plane.run(2.0)
    assert plane.targets() == {"member2": 2}


def test_gracefully_the_old_copy_stays_for_its_grace_period() -> None:
    plane = started(purgeMode="Gracefully", gracePeriodSeconds=30)
    setattr(plane.members["member2"], "_ready", lambda key: None)  # noqa: B010 — as above
    fail(plane)
    plane.run(15.0)
    assert plane.targets() == {"member2": 2}
    (task,) = tasks(plane)
    assert task["fromCluster"] == "member1"
    assert task["reason"] == "ApplicationFailure"
    assert task["producer"] == "resource-binding-application-failover-controller"
    assert task["gracePeriodSeconds"] == 30
    assert plane.member("member1", "Deployment", "web") is not None


def test_never_keeps_the_old_copy() -> None:
    plane = started(purgeMode="Never")
    fail(plane)
    plane.run(60.0)
    (task,) = tasks(plane)
    assert task["suppressDeletion"] is True
    assert plane.targets() == {"member2": 2}
    assert plane.member("member1", "Deployment", "web") is not None


def test_state_goes_along_as_labels() -> None:
    settings = KarmadaSettings().with_gates(StatefulFailoverInjection=True)
    rules = [{"aliasLabelName": "state/updated", "jsonPath": "{.updatedReplicas}"}]
    plane = started(settings, purgeMode="Directly", statePreservation={"rules": rules})
    fail(plane)
    plane.run(10.1)
    (task,) = tasks(plane)
    assert task["preservedLabelState"] == {"state/updated": "2"}
    assert task["clustersBeforeFailover"] == ["member1"]
    moved = None
    while moved is None and plane.now_s < 60.0:
        plane.run(0.05)
        moved = plane.member("member2", "Deployment", "web")
    assert moved is not None
    assert moved["metadata"]["labels"]["state/updated"] == "2"


def test_state_that_was_never_reported_holds_the_move_up() -> None:
    settings = KarmadaSettings().with_gates(StatefulFailoverInjection=True)
    rules = [{"aliasLabelName": "state/job", "jsonPath": "{.jobID}"}]
    plane = started(settings, purgeMode="Directly", statePreservation={"rules": rules})
    fail(plane)
    plane.run(60.0)
    assert plane.targets() == {"member1": 2}
    errors = {record.detail["message"] for record in plane.trace.records if record.type == "error"}
    assert 'failed to execute jsonpath "{.jobID}": jobID is not found' in errors


def test_a_policy_without_it_moves_nothing() -> None:
    plane = Plane("member1", "member2")
    plane.write(web(2), policy(placement=ONE, propagateDeps=True))
    plane.run(10.0)
    fail(plane)
    plane.run(400.0)
    assert plane.targets() == {"member1": 2}
    assert decisions(plane) == []


def test_an_eviction_that_was_refused_is_told_and_comes_again() -> None:
    plane = started(purgeMode="Directly")
    fail(plane)
    plane.run(9.99)
    refuse = {"left": 1}
    execute = plane.hub.store.execute

    def once(action: Any, now_s: float) -> Any:
        evicting = isinstance(action, Update) and action.object["kind"] == "ResourceBinding"
        if evicting and not action.subresource and refuse["left"]:
            refuse["left"] -= 1
            raise ApiError(500, "InternalError", "etcd is slow")
        return execute(action, now_s)

    plane.hub.store = SimpleNamespace(execute=once, kinds=plane.hub.store.kinds)  # type: ignore[assignment]
    plane.run(1.0)
    assert refuse["left"] == 0
    assert plane.targets() == {"member2": 2}
    told = [
        (record.key.kind, record.detail["message"])
        for record in plane.trace.records
        if record.type == "note"
        and record.key is not None
        and record.detail["reason"] == "EvictWorkloadFromClusterFailed"
    ]
    text = "Evict from cluster member1 failed."
    assert told == [("ResourceBinding", text), ("Deployment", text)]

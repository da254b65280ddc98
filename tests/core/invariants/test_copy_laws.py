"""S2 and S5: surplus and second copies that are planted are found; a healthy failover is silent."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.invariants import Bounds
from lab.core.model import key_of
from tests.core.invariants.scenes import (
    BINDING,
    SCHEDULER,
    TEMPLATE,
    Play,
    binding,
    cluster,
    member,
    stamped,
    task,
    template,
    work,
)

AT_M1 = TEMPLATE._replace(cluster="m1")


def two_members(law: str, bounds: Bounds | None = None) -> Play:
    """A Deployment with two replicas in each of m1 and m2."""
    play = Play(law, bounds=bounds)
    for name in ("m1", "m2", "m3"):
        play.put(cluster(name), actor="boot")
    play.put(template(4))
    play.put(binding({"m1": 2, "m2": 2}), actor=SCHEDULER)
    for name in ("m1", "m2"):
        play.put(work(name))
        play.put(member(name, replicas=2, readyReplicas=2), name)
        play.served(name, 2)
    return play


# ── S2: pods ───────────────────────────────────────────────────────────────────────────────────


def test_more_pods_than_desired_and_surge() -> None:
    play = two_members("S2")
    play.put(member("m1", replicas=4), "m1")  # desired 2, surge 1
    play.wait(59.0)
    assert play.told() == []
    play.wait(2.0)
    assert play.told() == [f"S2 {AT_M1}: 4 pods run or start, 2 desired and 1 of surge, for 1m0s"]


def test_surplus_that_nobody_heard_of_in_time_is_found_when_it_ends() -> None:
    play = two_members("S2")
    play.put(member("m1", replicas=4), "m1")
    play.now_s += 90.0
    play.put(member("m1", replicas=2), "m1")
    assert [each.message[:4] for each in play.violations] == ["4 po"]


HELD_PODS: dict[str, Any] = {
    "a rolling update within its surge": member("m1", replicas=3),
    "fewer than desired": member("m1", replicas=1),
    "none counted yet": member("m1"),
}


@pytest.mark.parametrize("held", HELD_PODS.values(), ids=HELD_PODS.keys())
def test_pods_that_may_be(held: dict[str, Any]) -> None:
    play = two_members("S2")
    play.put(held, "m1")
    play.wait(300.0)
    assert play.told() == []


def test_scaling_down_takes_its_time() -> None:
    play = two_members("S2")
    play.put(member("m1", 1, replicas=3), "m1")
    play.wait(20.0)
    play.put(member("m1", 1, replicas=1), "m1")
    play.wait(300.0)
    assert play.told() == []


def test_a_member_that_keeps_more_than_its_work_says() -> None:
    play = two_members("S2")
    play.put(member("m1", 5, replicas=5), "m1")  # nobody writes it back
    play.wait(61.0)
    assert "5 pods run or start, 2 desired by its Work" in play.told()[0]


@pytest.mark.parametrize("why", ["suspended", "kept in the member", "not to be reached"])
def test_a_member_whose_replicas_are_its_own(why: str) -> None:
    play = two_members("S2")
    grown = member("m1", 5, replicas=5)
    if why == "suspended":
        play.put(work("m1", suspendDispatching=True))
    elif why == "not to be reached":
        play.put(cluster("m1", ready=False))
    else:
        grown["metadata"]["labels"]["resourcetemplate.karmada.io/retain-replicas"] = "true"
    play.put(grown, "m1")
    play.wait(300.0)
    assert play.told() == []


def test_a_job_with_too_many_pods() -> None:
    play = Play("S2")
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "j", "namespace": "default", "generation": 1},
        "spec": {"parallelism": 2},
        "status": {"active": 3},
    }
    play.put(job, "m1")
    play.wait(61.0)
    assert "3 pods run or start, 2 desired" in play.told()[0]


# ── S2: copies ─────────────────────────────────────────────────────────────────────────────────


def moved(play: Play, **spec: Any) -> None:
    """The scheduler has moved all to m2."""
    play.put(binding({"m2": 4}, generation=2, **spec), actor=SCHEDULER)


def test_a_copy_that_nobody_wants_any_more() -> None:
    play = two_members("S2")
    moved(play)
    play.wait(299.0)
    assert play.told() == []
    play.wait(2.0)
    assert play.told() == [
        f"S2 {AT_M1}: stands in m1 for 5m0s (2 pods): {BINDING} neither places nor evicts it there"
    ]


def test_a_copy_that_is_removed_in_time() -> None:
    play = two_members("S2")
    moved(play)
    play.wait(1.0)
    play.remove(AT_M1)
    play.remove(key_of(work("m1")))
    play.wait(600.0)
    assert play.told() == []


def test_a_copy_under_an_open_eviction() -> None:
    play = two_members("S2")
    moved(play, tasks=[stamped("m1", play.now_s)])
    play.wait(500.0)
    moved(play, tasks=[])
    play.remove(AT_M1)
    play.remove(key_of(work("m1")))
    play.wait(600.0)
    assert play.told() == []


def test_a_copy_that_cannot_be_removed_is_counted_from_when_it_can() -> None:
    play = two_members("S2")
    play.put(cluster("m1", ready=False))
    moved(play)
    play.wait(3600.0)
    assert play.told() == []
    play.put(cluster("m1"))
    play.wait(200.0)
    assert play.told() == []
    play.wait(200.0)
    assert len(play.told()) == 1
    assert "stands in m1 for 5m0s" in play.told()[0]
    play.wait(100.0)
    play.remove(AT_M1)
    play.remove(key_of(work("m1")))
    (found,) = play.violations
    assert (found.time_s, found.last_s, found.count) == (3900.0, 4100.0, 2)


def test_the_bound_is_the_scenarios() -> None:
    play = two_members("S2", Bounds(leftover_s=10.0))
    moved(play)
    play.wait(11.0)
    assert len(play.told()) == 1


def test_an_eviction_that_outlasts_its_grace() -> None:
    for more, wait_s, broken in (
        ({}, 610.0, False),
        ({}, 620.0, True),
        ({"gracePeriodSeconds": 30}, 50.0, True),
        ({"suppressDeletion": True}, 5000.0, False),
    ):
        play = two_members("S2")
        moved(play, tasks=[stamped("m1", play.now_s, **more)])
        play.wait(wait_s)
        assert bool(play.told()) is broken, (more, wait_s, play.told())


# ── S5 ─────────────────────────────────────────────────────────────────────────────────────────


def evicted(play: Play, mode: str = "Directly") -> None:
    """m1 was evicted, and m3 chosen in its place a second later."""
    tasks = [task("m1", purgeMode=mode)]
    play.put(binding({"m2": 2}, tasks=tasks, generation=2, observed=1), actor="taint-manager")
    play.wait(1.0)
    play.put(binding({"m2": 2, "m3": 2}, tasks=tasks, generation=3), actor=SCHEDULER)


def test_a_second_copy_beside_the_first() -> None:
    play = two_members("S5")
    evicted(play)
    play.put(work("m3"))
    assert play.told() == [
        f"S5 {BINDING}: its Work in m3 is made while the copy in m1, evicted Directly, "
        "still serves with 2 pods"
    ]


def test_a_copy_that_grows_beside_the_first() -> None:
    play = two_members("S5")
    evicted(play)
    play.put(work("m2", 4))
    assert "its Work in m2 is raised from 2 to 4" in play.told()[0]


@pytest.mark.parametrize("how", ["gone", "fenced", "Gracefully", "suspended", "decided before"])
def test_a_copy_that_may_start(how: str) -> None:
    play = two_members("S5")
    evicted(play, "Gracefully" if how == "Gracefully" else "Directly")
    if how == "gone":
        play.remove(AT_M1)
    if how == "fenced":
        play.served("m1", 0)
    if how == "decided before":
        play.put(work("m2", 2))
    else:
        play.put(work("m3", suspendDispatching=how == "suspended"))
    assert play.told() == []


def test_it_holds_on_after_the_task_has_timed_out() -> None:
    play = two_members("S5")
    evicted(play)
    play.wait(600.0)
    play.put(binding({"m2": 2, "m3": 2}, generation=4), actor="graceful-eviction")
    play.put(work("m3"))
    assert len(play.told()) == 1


def test_a_binding_that_is_back_where_it_was() -> None:
    play = two_members("S5")
    evicted(play)
    play.put(binding({"m1": 2, "m2": 2}, generation=4), actor=SCHEDULER)
    play.put(work("m2", 4))
    assert play.told() == []

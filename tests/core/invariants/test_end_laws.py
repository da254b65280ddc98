"""Q laws: an end that is not as it should be is found, and only where it is quiet."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.invariants import Bounds, end_state
from lab.core.invariants.q1_converges import Converges
from lab.core.invariants.q6_replayable import first_divergence
from lab.core.labels import POLICY_ID
from lab.core.manifest import timestamp
from lab.core.model import key_of
from lab.core.settings import KarmadaSettings
from tests.core.invariants.scenes import (
    BINDING,
    SCHEDULER,
    TEMPLATE,
    Play,
    binding,
    cluster,
    member,
    pod,
    stamped,
    task,
    template,
    work,
)

STATUS = {"replicas": 2, "readyReplicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
          "observedGeneration": 1}  # fmt: skip
REPORTED = {"generation": 1, "resourceTemplateGeneration": 1, **STATUS}


def item(name: str, **more: Any) -> dict[str, Any]:
    return {"clusterName": name, "applied": True, "health": "Healthy", "status": REPORTED, **more}


SUM = {name: 2 * value for name, value in STATUS.items() if name != "observedGeneration"}


def healthy(*laws: str, items: Any = None, bounds: Bounds | None = None) -> Play:
    """A Deployment with two replicas in each of two members, all reported."""
    play = Play(*laws, bounds=bounds)
    for name in ("m1", "m2"):
        play.put(cluster(name), actor="boot")
    play.put(template(4, **SUM, observedGeneration=1))
    items = [item("m1"), item("m2")] if items is None else items
    play.put(binding({"m1": 2, "m2": 2}, items=items), actor=SCHEDULER)
    for name in ("m1", "m2"):
        play.put(work(name))
        play.put(member(name, **STATUS), name)
    return play


def test_a_healthy_end_breaks_nothing() -> None:
    play = healthy()
    play.end()
    assert play.told() == []
    assert play.remarks() == []


# ── when the end is judged ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("why", ["a fault is in force", "something has just changed"])
def test_an_end_that_is_not_quiet_is_not_judged(why: str) -> None:
    play = healthy("Q3")
    play.remove(TEMPLATE)
    if why == "a fault is in force":
        play.fault("begin")
        play.end()
    else:
        play.monitor.finish(play.now_s + 10.0)
    assert play.told() == []
    assert any("not judged" in each for each in play.monitor.notes)


def test_a_fault_that_is_over_leaves_quiet() -> None:
    play = healthy("Q3")
    play.remove(TEMPLATE)
    play.fault("begin")
    play.fault("heal", over=True)
    play.end()
    assert len(play.told()) == 1


# ── Q1 ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_controller_that_never_comes_to_rest() -> None:
    play = healthy("Q1", bounds=Bounds(converge_s=100.0))
    play.record("step", "grow")
    play.action("detector", BINDING)
    for number in range(5):
        play.wait(50.0)
        play.put(binding({"m1": 2, "m2": 2}, generation=number + 2))
    play.end()
    assert len(play.told()) == 1
    assert "written 3 times by detector after it had 1m40s to come to rest" in play.told()[0]


@pytest.mark.parametrize("how", ["statuses only", "by a person", "before T", "no time for T"])
def test_writes_that_are_no_thrashing(how: str) -> None:
    play = healthy("Q1", bounds=Bounds(converge_s=400.0 if how == "no time for T" else 100.0))
    play.action("detector", BINDING)
    play.record("step", "grow")
    play.wait(50.0 if how == "before T" else 200.0)
    actor = "user" if how == "by a person" else "detector"
    generation = 1 if how == "statuses only" else 2
    play.put(binding({"m1": 2, "m2": 2}, generation=generation), actor=actor)
    play.end()
    play.wait(100.0)
    assert play.told() == []
    assert ("not judged" in "".join(play.monitor.notes)) is (how == "no time for T")


def test_the_time_to_rest_grows_with_what_policies_allow() -> None:
    play = healthy("Q1")
    (law,) = (each for each in play.monitor._laws if isinstance(each, Converges))
    base_s = law.bound_s()
    settings = KarmadaSettings()
    assert base_s == (
        settings.cluster_failure_threshold_s + settings.cluster_success_threshold_s
        + settings.graceful_eviction_timeout_s + 1 / settings.resource_eviction_rate + 300 + 1000
    )  # fmt: skip
    placement = {"clusterTolerations": [{"operator": "Exists", "tolerationSeconds": 70}]}
    play.put(binding({"m1": 4}, placement=placement))
    assert law.bound_s() == base_s + 70


# ── Q2 ─────────────────────────────────────────────────────────────────────────────────────────


def compared(change: Any) -> Play:
    """The end of a run with a fault, against that of a healthy one."""
    play, other = healthy("Q2"), healthy("Q2")
    play.monitor.scene.reference = lambda: end_state(other)
    play.fault("begin")
    play.fault("heal", over=True)
    change(play)
    play.end()
    return play


DIFFERENT = {
    "a binding is gone": (lambda p: p.remove(BINDING), "is not there, without the faults it is"),
    "it waits": (
        lambda p: p.put(binding({}, scheduled="False")),
        "waits to be scheduled, without the faults it does not",
    ),
    "it asks for less": (
        lambda p: p.put(binding({"m1": 1, "m2": 1}, replicas=2)),
        "asks for 2 replicas, 4 without the faults",
    ),
    "fewer pods are ready": (
        lambda p: p.put(member("m1", readyReplicas=1), "m1"),
        "3 pods are ready, 4 without the faults",
    ),
    "a cluster is not Ready": (
        lambda p: p.put(cluster("m1", ready=False)),
        "is not Ready, without the faults it is",
    ),
    "its object differs": (
        lambda p: p.put({**member("m1", **STATUS), "spec": {"replicas": 2, "paused": True}}, "m1"),
        "its object in m1 is not what it is without the faults",
    ),
}


@pytest.mark.parametrize(("change", "message"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_an_end_that_the_faults_have_changed(change: Any, message: str) -> None:
    play = compared(change)
    assert [each for each in play.told() if message in each], play.told()


@pytest.mark.parametrize("tainted", [True, False])
def test_fewer_copies_are_allowed_where_a_taint_keeps_them_out(tainted: bool) -> None:
    everywhere = {"clusterAffinity": {"clusterNames": ["m1", "m2"]}}

    def both(play: Play) -> None:
        play.put(binding({"m1": 2, "m2": 2}, replicas=2, placement=everywhere), actor=SCHEDULER)

    def fewer(play: Play) -> None:
        both(play)
        if tainted:
            play.put(cluster("m2", taints=[{"key": "work", "effect": "NoSchedule"}]))
        play.put(binding({"m1": 2}, replicas=2, placement=everywhere), actor=SCHEDULER)

    play, other = healthy("Q2"), healthy("Q2")
    both(other)
    play.monitor.scene.reference = lambda: end_state(other)
    play.fault("begin")
    play.fault("heal", over=True)
    fewer(play)
    play.end()
    assert any("is on m1: 2, without" in each for each in play.told()) is not tainted
    assert any("the others are tainted" in each for each in play.remarks()) is tainted


def test_other_targets_are_allowed() -> None:
    def moved(play: Play) -> None:
        play.put(binding({"m2": 4}), actor=SCHEDULER)
        play.put(member("m2", 4, readyReplicas=4), "m2")

    play = compared(moved)
    assert play.told() == []
    assert (
        "is on m2: 4, without the faults on m1: 2, m2: 2: its policy allows both"
        in (play.remarks()[0])
    )


@pytest.mark.parametrize("amid", [True, False], ids=["amid a fault", "after it"])
def test_what_people_do_amid_a_fault_may_end_otherwise(amid: bool) -> None:
    play, other = healthy("Q2"), healthy("Q2")
    play.monitor.scene.reference = lambda: end_state(other)
    play.fault("begin")
    if not amid:
        play.fault("heal", over=True)
    play.record("step", "user")
    play.put(binding({}, scheduled="False"), actor="user")
    if amid:
        play.fault("heal", over=True)
    play.end()
    assert bool(play.told()) != amid
    assert bool(play.remarks()) == amid


def test_a_run_without_faults_is_compared_with_nothing() -> None:
    play = healthy("Q2")
    play.monitor.scene.reference = lambda: pytest.fail("it was played twice")
    play.end()
    assert play.told() == []


# ── Q3 ─────────────────────────────────────────────────────────────────────────────────────────

DELETED = {"deletionTimestamp": timestamp(0.0)}


def orphan_pod(play: Play) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "gone", "uid": "u"}
    play.put(pod("p", ownerReferences=[{**owner, "controller": True}]), "m1")


ORPHANS = {
    "a binding without its template": (lambda p: p.remove(TEMPLATE), "its template Deployment"),
    "a work without its binding": (
        lambda p: p.remove(BINDING),
        f"its {BINDING} does not exist",
    ),
    "a work where its binding is not": (
        lambda p: p.put(binding({"m2": 4}), actor=SCHEDULER),
        "neither places nor evicts its object in m1",
    ),
    "a target without its work": (
        lambda p: p.remove(key_of(work("m1"))),
        "placed on m1, and has no Work there",
    ),
    "a member object without its work": (
        lambda p: p.remove(key_of(work("m1"))),
        "Karmada manages it, and its Work does not exist",
    ),
    "a pod without its owner": (orphan_pod, "its ReplicaSet gone does not exist"),
}


@pytest.mark.parametrize(("plant", "message"), ORPHANS.values(), ids=ORPHANS.keys())
def test_orphans(plant: Any, message: str) -> None:
    play = healthy("Q3")
    plant(play)
    play.end()
    assert [each for each in play.told() if message in each], play.told()


@pytest.mark.parametrize(("wait_s", "broken"), [(100.0, False), (400.0, True)])
def test_a_deletion_that_does_not_end(wait_s: float, broken: bool) -> None:
    play = healthy("Q3")
    found = work("m1")
    found["metadata"] |= DELETED
    play.put(found)
    play.wait(wait_s)
    play.end()
    assert any("being deleted for" in each for each in play.told()) is broken


def test_a_deletion_that_waits_for_a_lost_cluster_is_a_remark() -> None:
    play = healthy("Q3")
    found = work("m1")
    found["metadata"] |= DELETED
    play.put(found)
    play.put(cluster("m1", ready=False))
    play.wait(1000.0)
    play.end()
    assert play.told() == []
    assert "waits for m1, which cannot be reached" in play.remarks()[0]


def test_a_label_that_a_member_copied_makes_no_orphan() -> None:
    play = healthy("Q3")
    labels = {"karmada.io/managed": "true"}
    slice_ = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"}
    play.put({**slice_, "metadata": {"name": "s", "namespace": "default", "labels": labels}}, "m1")
    play.end()
    assert play.told() == []


# ── Q4 ─────────────────────────────────────────────────────────────────────────────────────────


def to_and_fro(play: Play, back_s: float, away_s: float, **asked: Any) -> None:
    """Evict from m1, place there again, evict again."""
    play.put(binding({"m1": 4}), actor=SCHEDULER)
    play.put(binding({"m2": 4}, tasks=[task("m1")]), actor="taint-manager")
    play.wait(back_s)
    play.put(binding({"m1": 4}, **asked), actor=SCHEDULER)
    play.wait(away_s)
    play.put(binding({"m2": 4}, tasks=[stamped("m1", play.now_s)], **asked), actor="taint-manager")


@pytest.mark.parametrize(
    ("back_s", "away_s", "asked", "broken"),
    [
        (100.0, 100.0, {}, True),
        (0.1, 0.3, {}, False),
        (500.0, 500.0, {}, False),
        (100.0, 100.0, {"rescheduleTriggeredAt": timestamp(9.0)}, False),
        (100.0, 100.0, {"replicas": 5}, False),
    ],
    ids=["ping-pong", "a race of the scheduler", "cooled down", "somebody asked", "scaled"],
)
def test_ping_pong(back_s: float, away_s: float, asked: Any, broken: bool) -> None:
    play = Play("Q4")
    to_and_fro(play, back_s, away_s, **asked)
    assert bool(play.told()) is broken, play.told()


def test_too_many_moves() -> None:
    play = Play("Q4", bounds=Bounds(moves_per_hour=2))
    play.put(binding({"m1": 4}), actor=SCHEDULER)
    for number, name in enumerate(("a", "b", "c")):
        assert play.told() == []
        play.put(binding({"m2": 4}, tasks=[task(name)], generation=number), actor="taint-manager")
        play.wait(1200.0)
    assert "evicted 3 times within an hour, at most 2 allowed" in play.told()[0]


# ── Q5 ─────────────────────────────────────────────────────────────────────────────────────────

WRONG_ITEMS = {
    "a stale status": (
        [item("m1", status={**REPORTED, "readyReplicas": 1}), item("m2")],
        "the status of m1 differs from a recount: readyReplicas is 1, counted 2",
    ),
    "a wrong health": (
        [item("m1", health="Unhealthy"), item("m2")],
        "says m1 is Unhealthy, a look says Healthy",
    ),
    "a silence": ([item("m1")], "says nothing about m2, where it is placed"),
    "a sum that is wrong": ([item("m1")], "its status is not the sum of its members'"),
}


@pytest.mark.parametrize(("items", "message"), WRONG_ITEMS.values(), ids=WRONG_ITEMS.keys())
def test_a_status_that_a_recount_does_not_give(items: Any, message: str) -> None:
    play = healthy("Q5", items=items)
    play.end()
    assert [each for each in play.violations if message in each.message], play.told()


def test_an_object_that_is_said_to_be_there() -> None:
    play = healthy("Q5")
    play.remove(TEMPLATE._replace(cluster="m1"))
    play.end()
    assert "says it is applied in m1, where Deployment web does not exist" in play.told()[0]


def test_what_cannot_be_asked_is_a_remark() -> None:
    play = healthy("Q5", items=[item("m1", status={**REPORTED, "readyReplicas": 1}), item("m2")])
    play.put(template(4, **{**SUM, "readyReplicas": 3}, observedGeneration=1))
    play.put(cluster("m1", ready=False))
    play.end()
    assert play.told() == []
    assert len(play.remarks()) == 1


@pytest.mark.parametrize(("later_s", "remark"), [(60.0, True), (1100.0, False)])
def test_what_is_due_to_be_tried_again_is_a_remark(later_s: float, remark: bool) -> None:
    play = healthy("Q5", items=[item("m1", status={**REPORTED, "readyReplicas": 1}), item("m2")])
    play.put(template(4, **{**SUM, "readyReplicas": 3}, observedGeneration=1))
    play.record("refusal", "hub", BINDING)
    play.wait(later_s)
    play.end()
    assert (len(play.remarks()), len(play.told())) == ((1, 0) if remark else (0, 1))


def test_what_has_been_written_since_a_refusal_is_due_no_more() -> None:
    play = healthy("Q5")
    play.record("refusal", "hub", BINDING)
    wrong = [item("m1", status={**REPORTED, "readyReplicas": 1}), item("m2")]
    play.put(binding({"m1": 2, "m2": 2}, items=wrong), actor=SCHEDULER)
    play.end()
    assert any("differs from a recount" in each for each in play.told())


def test_what_was_never_scheduled_has_no_sum() -> None:
    play = healthy("Q5", items=[])
    never = binding({}, items=[])
    never["status"].pop("lastScheduledTime", None)
    play.put(never)
    play.put(template(4))
    play.end()
    assert play.told() == []


def test_what_was_scheduled_to_nowhere_has_no_sum() -> None:
    play = healthy("Q5", items=[])
    play.put(binding({}, items=[]))
    play.put(template(0))
    play.end()
    assert play.told() == []


def test_what_is_unjoined_takes_no_works() -> None:
    play = healthy("Q3", "Q5", items=[item("m1")])
    leaving = cluster("m2")
    leaving["metadata"] = {**leaving["metadata"], "deletionTimestamp": timestamp(0.0)}
    play.put(leaving)
    play.remove(key_of(work("m2")))
    play.remove(TEMPLATE._replace(cluster="m2"))
    play.put(template(4, **STATUS))
    play.wait(1000.0)
    play.end()
    assert play.told() == [
        f"Q3 Cluster m2: being deleted for 17m40s, while {BINDING} is still placed there"
    ]


def test_a_condition_of_an_older_generation() -> None:
    play = healthy("Q5")
    stale = binding({"m1": 2, "m2": 2}, items=[item("m1"), item("m2")], generation=3, observed=2)
    stale["metadata"]["labels"] = {POLICY_ID: "some-policy"}
    play.put(stale)
    play.end()
    assert play.told() == [
        f"Q5 {BINDING}: Scheduled is True for generation 2, the present one is 3"
    ]


def test_a_binding_whose_policy_is_gone_is_not_looked_at_again() -> None:
    play = healthy("Q5")
    left = binding({"m1": 2, "m2": 2}, items=[item("m1"), item("m2")], generation=3, observed=2)
    left["metadata"]["labels"] = {}
    play.put(left)
    play.end()
    assert play.told() == []


# ── Q6 ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("played", "number"),
    [(["a", "b", "c"], None), (["a", "x", "c"], 2), (["a", "b"], 3), (["a", "b", "c", "d"], 4)],
    ids=["equal", "another line", "it ends early", "it goes on"],
)
def test_where_traces_diverge(played: list[str], number: int | None) -> None:
    found = first_divergence(["a", "b", "c"], played)
    assert (None if found is None else found.number) == number

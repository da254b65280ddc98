"""S6, S7 and S8: over-commit, versions and writes to the lost, planted and found."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.model import HUB, Key, key_of
from lab.core.settings import KarmadaSettings
from tests.core.invariants.scenes import (
    BINDING,
    SCHEDULER,
    TEMPLATE,
    Play,
    binding,
    cluster,
    member,
    node,
    pod,
    template,
    work,
)

NODE = Key("m1", "v1", "Node", "", "n1")

# ── S6 ─────────────────────────────────────────────────────────────────────────────────────────


def on_node(*pods: Any, **size: str) -> Play:
    play = Play("S6")
    play.put(node("n1", **size), "m1")
    for each in pods:
        play.put(each, "m1")
    return play


def test_more_requests_than_a_node_has() -> None:
    play = on_node(pod("a", "n1"), pod("b", "n1"), pod("c", "n1"))
    assert play.told() == [f"S6 {NODE}: 3 cpu given out with pod default/c, 2 allocatable"]


def test_more_pods_than_a_node_takes() -> None:
    play = on_node(pod("a", "n1", "1m"), pod("b", "n1", "1m"), pods="1")
    assert "2 pods given out" in play.told()[0]


def test_pods_that_fit() -> None:
    play = on_node(pod("a", "n1"), pod("b"), pod("c"), pod("done", "n1", phase="Succeeded"))
    play.put(pod("b", "n1"), "m1")
    play.put(pod("a", "n1", phase="Failed"), "m1")
    play.put(pod("c", "n1"), "m1")
    play.remove(Key("m1", "v1", "Pod", "default", "b"))
    play.put(pod("d", "n1"), "m1")
    assert play.told() == []


def test_a_pod_that_terminates_still_holds_its_room() -> None:
    play = on_node(pod("a", "n1"), pod("b", "n1"))
    play.put(pod("a", "n1", deletionTimestamp="2026-01-01T00:00:00Z"), "m1")
    play.put(pod("c", "n1"), "m1")
    assert len(play.told()) == 1


def test_a_node_that_shrinks_is_the_faults_doing() -> None:
    play = on_node(pod("a", "n1"), pod("b", "n1"))
    play.put(node("n1", "1"), "m1")
    play.put(pod("a", "n1", phase="Running", labels={"x": "y"}), "m1")
    assert play.told() == []
    play.put(pod("c", "n1"), "m1")
    assert len(play.told()) == 1


def quota(used: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "q", "namespace": "default"},
        "status": {"hard": {"pods": "2"}, "used": {"pods": used}},
    }


def test_a_quota_that_is_exceeded() -> None:
    play = Play("S6")
    play.put(quota("2"), "m1")
    assert play.told() == []
    play.put(quota("3"), "m1")
    assert "3 pods used, at most 2 allowed" in play.told()[0]


@pytest.mark.parametrize("on", [False, True])
def test_a_federated_quota_counts_only_where_it_is_enforced(on: bool) -> None:
    settings = KarmadaSettings(feature_gates={"FederatedQuotaEnforcement": on})
    play = Play("S6", settings=settings)
    given = {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "FederatedResourceQuota",
        "metadata": {"name": "q", "namespace": "default"},
        "spec": {"overall": {"cpu": "4"}},
        "status": {"overall": {"cpu": "4"}, "overallUsed": {"cpu": "5"}},
    }
    play.put(given)
    assert bool(play.told()) is on


# ── S7 ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_version_that_was_given_out_before() -> None:
    play = Play("S7")
    play.put(template(), version=10)
    play.put(cluster("m1"), version=10)
    assert "written with resourceVersion 10 after 10 was given out" in play.told()[0]


def test_servers_count_for_themselves() -> None:
    play = Play("S7")
    play.put(template(), version=10)
    play.put(member("m1"), "m1", version=3)
    play.put(member("m2"), "m2", version=3)
    assert play.told() == []


def test_a_change_of_something_that_was_not_the_last() -> None:
    play = Play("S7")
    play.put(template(4))
    old = play.stored[TEMPLATE]
    play.put(template(5))
    play.stored[TEMPLATE] = old
    play.put(template(6))
    assert "changed from resourceVersion 1, while 2 was the last one" in play.told()[0]


def with_status(**status: Any) -> dict[str, Any]:
    generation = status.pop("generation", 3)
    found = template(4, **status)
    return {**found, "metadata": {**found["metadata"], "generation": generation}}


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (with_status(observedGeneration=2), "status.observedGeneration went back from 3 to 2"),
        (
            with_status(observedGeneration=4),
            "status.observedGeneration is 4, the generation only 3",
        ),
        (with_status(generation=2), "generation went back from 3 to 2"),
    ],
    ids=["observed goes back", "observed runs ahead", "generation goes back"],
)
def test_generations_only_grow(second: dict[str, Any], message: str) -> None:
    play = Play("S7")
    play.put(with_status(observedGeneration=3))
    play.put(second)
    assert message in play.told()[0]


def test_a_new_object_of_the_name_begins_anew() -> None:
    play = Play("S7")
    play.put(with_status(observedGeneration=3))
    play.remove(TEMPLATE)
    play.put(with_status(generation=1, observedGeneration=1))
    assert play.told() == []


@pytest.mark.parametrize(("based", "broken"), [("1", True), ("2", False)])
def test_a_write_on_a_stale_version(based: str, broken: bool) -> None:
    play = Play("S7")
    play.put(template(4))
    play.put(template(5))
    number = play.action("detector", TEMPLATE, basedOn=based)
    play.put(template(6), cause=number)
    assert bool(play.told()) is broken


def test_a_torn_journal_begins_anew() -> None:
    play = Play("S7")
    play.put(member("m1"), "m1", version=9)
    play.fault("begin", kind="TornJournal", clusters=["m1"])
    play.put(member("m1", 3), "m1", version=5)
    assert play.told() == []


@pytest.mark.parametrize("torn", [True, False])
def test_generations_go_back_only_as_a_journal_is_torn(torn: bool) -> None:
    play = Play("S7")

    def put(generation: int) -> None:
        each = member("m1")
        each["metadata"]["generation"] = generation
        play.put(each, "m1")

    put(4)
    if torn:
        play.fault("begin", kind="TornJournal", clusters=["m1"])
    put(3)
    assert bool(play.told()) is not torn
    put(2)
    assert [each for each in play.told() if "generation went back from" in each]


# ── S8 ─────────────────────────────────────────────────────────────────────────────────────────

AT_M1 = TEMPLATE._replace(cluster="m1")


def lost(**spec: Any) -> Play:
    play = Play("S8")
    play.put(cluster("m1", **spec))
    play.put(cluster("m1", ready=False, **spec))
    return play


@pytest.mark.parametrize(("wait_s", "broken"), [(1.0, False), (60.0, True)])
def test_a_write_to_a_lost_cluster(wait_s: float, broken: bool) -> None:
    play = lost()
    play.wait(wait_s)
    number = play.action("execution-controller", AT_M1, "update")
    assert bool(play.told()) is broken
    if broken:
        (found,) = play.violations
        assert (found.key, found.record) == (AT_M1, number)
        assert "sends update to m1, not Ready for 1m0s" in found.message


def test_a_cluster_that_is_back() -> None:
    play = lost()
    play.wait(60.0)
    play.put(cluster("m1"))
    play.action("execution-controller", AT_M1)
    assert play.told() == []


def test_an_agent_writes_to_its_own_cluster() -> None:
    play = lost(syncMode="Pull")
    play.wait(60.0)
    play.action("agent", AT_M1)
    assert play.told() == []


def test_writes_that_a_fault_makes_late() -> None:
    play = lost()
    play.fault("begin", kind="StaleReads", parameters={"lag": 120.0}, hub=True)
    play.wait(60.0)
    play.action("execution-controller", AT_M1)
    assert play.told() == []


@pytest.mark.parametrize(
    ("verb", "suspended", "broken"),
    [("update", True, True), ("delete", True, False), ("update", False, False)],
)
def test_a_write_of_what_is_suspended(verb: str, suspended: bool, broken: bool) -> None:
    play = Play("S8")
    play.put(cluster("m1"))
    play.put(binding({"m1": 4}), actor=SCHEDULER)
    play.put(work("m1"))
    play.put(work("m1", suspendDispatching=True))
    if not suspended:
        play.put(work("m1"))
    play.wait(10.0)
    play.action("execution-controller", AT_M1, verb)
    assert bool(play.told()) is broken


def test_the_hub_is_no_member() -> None:
    play = lost()
    play.wait(60.0)
    play.action("detector", BINDING)
    play.action("detector", key_of(template(), HUB))
    assert play.told() == []

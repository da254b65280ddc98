import pytest

from lab.core.policy import placement_of
from lab.core.scheduling.triggers import (
    affected_bindings,
    binding_event_counts,
    is_mine,
    needs_scheduling,
    placement_changed,
)
from lab.core.settings import KarmadaSettings
from tests.core.scheduling.build import DUPLICATED, DYNAMIC, Json, binding, cluster

SETTINGS = KarmadaSettings()
EAST = {"clusterAffinity": {"labelSelector": {"matchLabels": {"side": "east"}}}}
WITH = {**EAST, "replicaScheduling": DYNAMIC}
TERMS = [
    {"affinityName": "one", "clusterNames": ["a"]},
    {"affinityName": "two", "clusterNames": ["b"]},
]
SCHEDULED = {"lastScheduledTime": "2026-01-01T00:00:00Z"}

CASES = {
    "first time": (binding(WITH, 3), "placement"),
    "placement edited": (binding(WITH, 3, clusters={"a": 3}, applied={}), "placement"),
    "applied text unreadable": (binding(WITH, 3, clusters={"a": 3}, applied="{"), "none"),
    "scaled": (binding(WITH, 4, clusters={"a": 3}, applied=WITH), "replicas"),
    "as applied": (binding(WITH, 3, clusters={"a": 3}, applied=WITH), "none"),
    "rescheduled": (
        binding(
            WITH,
            3,
            clusters={"a": 3},
            applied=WITH,
            status=SCHEDULED,
            rescheduleTriggeredAt="2026-01-01T00:00:01Z",
        ),
        "rescheduled",
    ),
    "rescheduled before the last turn": (
        binding(
            WITH,
            3,
            clusters={"a": 3},
            applied=WITH,
            status=SCHEDULED,
            rescheduleTriggeredAt="2026-01-01T00:00:00Z",
        ),
        "none",
    ),
    "rescheduled, never scheduled": (
        binding(
            WITH,
            3,
            clusters={"a": 3},
            applied=WITH,
            rescheduleTriggeredAt="2026-01-01T00:00:01Z",
        ),
        "none",
    ),
    "duplicated": (
        binding(
            {"replicaScheduling": DUPLICATED},
            3,
            clusters={"a": 3},
            applied={"replicaScheduling": DUPLICATED},
        ),
        "always",
    ),
    "duplicated, one cluster short": (
        binding(
            {"replicaScheduling": DUPLICATED},
            3,
            clusters={"a": 3, "b": 2},
            applied={"replicaScheduling": DUPLICATED},
        ),
        "replicas",
    ),
    "no strategy compares no replicas": (
        binding({}, 3, clusters={"a": 2}, applied={}),
        "always",
    ),
    "not a workload": (binding(WITH, clusters={"a": 0}, applied=WITH), "always"),
    "target being deleted": (
        binding(WITH, 3, clusters={"leaving": 3}, applied=WITH),
        "cluster-deleting",
    ),
    "no placement": (binding(None, 3), "no-placement"),
}


@pytest.mark.parametrize(("request_", "want"), CASES.values(), ids=CASES)
def test_why_a_turn_schedules(request_: Json, want: str) -> None:
    fleet = [cluster("a"), cluster("leaving", deleting=True)]
    trigger = needs_scheduling(request_, fleet, SETTINGS)
    assert trigger.name == want
    assert trigger.schedules is (want not in {"none", "no-placement"})


def test_components_without_any_cluster_count_as_changed_with_the_gate() -> None:
    request = binding(WITH, components=[{"name": "x", "replicas": 1}], applied=WITH)
    gate_on = SETTINGS.with_gates(MultiplePodTemplatesScheduling=True)
    assert needs_scheduling(request, [], gate_on).name == "replicas"
    assert needs_scheduling(request, [], SETTINGS).name == "none"


def test_a_binding_being_deleted_is_skipped() -> None:
    request = binding(WITH, 3)
    request["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert needs_scheduling(request, [], SETTINGS).name == "deleting"


TWO = {"clusterAffinities": TERMS}
CHANGES = {
    "order of labels and empty lists are none": (
        {"clusterAffinity": {"labelSelector": {"matchLabels": {"a": "1", "b": "2"}}}},
        {
            "clusterAffinity": {
                "labelSelector": {"matchLabels": {"b": "2", "a": "1"}},
                "exclude": [],
            }
        },
        "",
        False,
    ),
    "an empty selector is not an absent one": (
        {"clusterAffinity": {"labelSelector": {}}},
        {"clusterAffinity": {}},
        "",
        True,
    ),
    "the group in force": (
        TWO,
        {"clusterAffinities": [{**TERMS[0], "exclude": ["x"]}, TERMS[1]]},
        "one",
        True,
    ),
    "another group": (
        TWO,
        {"clusterAffinities": [{**TERMS[0], "exclude": ["x"]}, TERMS[1]]},
        "two",
        False,
    ),
    "no group in force yet": (TWO, {"clusterAffinities": TERMS[:1]}, "", True),
    "the group in force is gone": (TWO, {"clusterAffinities": TERMS[:1]}, "two", True),
    "workload affinity beside groups": (
        {**TWO, "workloadAffinity": {"affinity": {"groupByLabelKey": "x"}}},
        TWO,
        "one",
        False,
    ),
    "workload affinity alone": (
        {"workloadAffinity": {"affinity": {"groupByLabelKey": "x"}}},
        {},
        "",
        True,
    ),
}


@pytest.mark.parametrize(("now", "then", "observed", "want"), CHANGES.values(), ids=CHANGES)
def test_placement_changed(now: Json, then: Json, observed: str, want: bool) -> None:
    assert placement_changed(placement_of(now), placement_of(then).text, observed) is want


def other(manifest: Json, **metadata: object) -> Json:
    return {**manifest, "metadata": {**manifest["metadata"], **metadata}}


def test_cluster_events_enqueue_by_the_old_or_the_new_object() -> None:
    east, west = cluster("a", labels={"side": "east"}), cluster("a", labels={"side": "west"})
    meant, unmeant = binding(EAST, 1), binding({"clusterAffinity": {"clusterNames": ["x"]}}, 1)
    everyone = binding({}, 1)
    bindings = [meant, unmeant, everyone]
    assert affected_bindings(bindings, east, west, SETTINGS) == [meant, everyone]
    assert affected_bindings(bindings, west, east, SETTINGS) == [meant, everyone]
    assert affected_bindings(bindings, east, east, SETTINGS) == []
    assert affected_bindings(bindings, None, east, SETTINGS) == []
    assert affected_bindings(bindings, east, None, SETTINGS) == []
    tainted = other(east, generation=2)
    assert affected_bindings(bindings, east, tainted, SETTINGS) == [meant, everyone]
    leaving = other(west, deletionTimestamp="2026-01-01T00:00:00Z")
    assert affected_bindings(bindings, east, leaving, SETTINGS) == [everyone]


def test_cluster_events_look_at_the_group_in_force() -> None:
    done = {"schedulerObservedGeneration": 1, "schedulerObservingAffinityName": "two"}
    settled, waiting = binding(TWO, 1, status=done), binding(TWO, 1)
    a, b = cluster("a"), cluster("b")
    assert affected_bindings([settled, waiting], a, other(a, generation=2), SETTINGS) == [waiting]
    assert affected_bindings([settled], b, other(b, generation=2), SETTINGS) == [settled]


def test_whose_events_reach_the_scheduler() -> None:
    assert is_mine(binding({}), SETTINGS)
    assert is_mine(binding({}, labels={"binding.karmada.io/managed-by": "x"}), SETTINGS)
    assert not is_mine(binding({}, labels={}), SETTINGS)
    assert not is_mine(binding({}, schedulerName="mine"), SETTINGS)
    assert is_mine(binding({}, schedulerName="default-scheduler"), SETTINGS)
    assert not is_mine(binding({}, suspension={"scheduling": True}), SETTINGS)
    assert is_mine(binding({}, suspension={"dispatching": True}), SETTINGS)


def test_only_a_new_generation_of_a_binding_counts() -> None:
    request = binding({})
    assert binding_event_counts(None, request)
    assert binding_event_counts(request, other(request, generation=2))
    assert not binding_event_counts(request, other(request, labels={"x": "y"}))
    assert not binding_event_counts(request, None)

"""Whole turns: branches the recorded cases do not show."""

from typing import Any

import pytest

from lab.core.scheduling import schedule
from lab.core.settings import KarmadaSettings
from tests.core.scheduling.build import (
    AGGREGATED,
    DUPLICATED,
    DYNAMIC,
    STATIC,
    binding,
    cluster,
    shares,
)

SETTINGS = KarmadaSettings()
ONE_CLUSTER = [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]
Json = dict[str, Any]


def two_groups(scheduling: Json) -> Json:
    return {
        "clusterAffinities": [
            {"affinityName": "first", "clusterNames": ["a"]},
            {"affinityName": "second", "clusterNames": ["b"]},
        ],
        "replicaScheduling": scheduling,
    }


def test_affinity_groups_fall_through_when_the_first_is_full() -> None:
    outcome = schedule(binding(two_groups(DYNAMIC), 15), [cluster("a"), cluster("b", 20)], SETTINGS)
    assert shares(outcome.clusters) == {"b": 15}
    assert outcome.observed_affinity == "second"
    assert outcome.group_errors == (
        "failed to schedule ResourceBinding(default/web-deployment) with clusterAffiliates "
        "index(0): failed to assign replicas: failed to scale up: Clusters available replicas 10 "
        "are not enough to schedule.",
    )


def test_static_weights_never_fall_through_for_room() -> None:
    outcome = schedule(binding(two_groups(STATIC), 15), [cluster("a"), cluster("b", 20)], SETTINGS)
    assert shares(outcome.clusters) == {"a": 15}
    assert outcome.observed_affinity == "first"


@pytest.mark.parametrize(
    ("present", "reason", "kept"),
    [(["a", "b"], "Unschedulable", True), (["b"], "NoClusterFit", False)],
    ids=["first error is room: targets stay", "first error is fit: targets are cleared"],
)
def test_the_first_error_decides_when_all_groups_fail(
    present: list[str], reason: str, kept: bool
) -> None:
    request = binding(two_groups(DYNAMIC), 99, clusters={"b": 3})
    outcome = schedule(request, [cluster(name) for name in present], SETTINGS)
    assert outcome.reason == reason
    assert shares(outcome.clusters) == ({"b": 3} if kept else {})
    assert outcome.retried is kept
    assert (outcome.applied_placement is None) is kept
    assert len(outcome.group_errors) == 2


def test_groups_start_from_the_one_last_used_and_never_go_back() -> None:
    status = {"schedulerObservingAffinityName": "second"}
    request = binding(two_groups(DUPLICATED), 2, status=status)
    outcome = schedule(request, [cluster("a")], SETTINGS)
    assert (outcome.reason, outcome.clusters) == ("NoClusterFit", [])
    assert outcome.observed_affinity == "second"


def test_a_reschedule_begins_with_the_first_group() -> None:
    status = {
        "schedulerObservingAffinityName": "second",
        "lastScheduledTime": "2026-01-01T00:00:00Z",
    }
    request = binding(
        two_groups(DUPLICATED), 2, status=status, rescheduleTriggeredAt="2026-01-01T00:01:00Z"
    )
    outcome = schedule(request, [cluster("a"), cluster("b")], SETTINGS)
    assert outcome.observed_affinity == "first"


OVERFLOW = {
    "clusterAffinities": [
        {
            "affinityName": "main",
            "clusterNames": ["a"],
            "overflowAffinities": [{"affinityName": "cloud", "clusterNames": ["b"]}],
        }
    ]
}


@pytest.mark.parametrize(
    ("replicas", "want"),
    [(8, {"a": 8}), (10, {"a": 10}), (14, {"a": 10, "b": 4})],
    ids=["fits the main group", "fills the main group", "the rest overflows"],
)
def test_overflow(replicas: int, want: dict[str, int]) -> None:
    placement = {**OVERFLOW, "replicaScheduling": DYNAMIC}
    outcome = schedule(binding(placement, replicas), [cluster("a"), cluster("b")], SETTINGS)
    assert shares(outcome.clusters) == want


def test_present_replicas_count_as_room_of_their_overflow_group() -> None:
    placement = {**OVERFLOW, "replicaScheduling": AGGREGATED}
    request = binding(placement, 12, clusters={"a": 5, "b": 3})
    outcome = schedule(request, [cluster("a", 2), cluster("b", 9)], SETTINGS)
    assert shares(outcome.clusters) == {"a": 7, "b": 5}


def test_what_needs_no_room_stays_in_the_main_group() -> None:
    placement = {**OVERFLOW, "replicaScheduling": DYNAMIC}
    outcome = schedule(binding(placement), [cluster("a"), cluster("b")], SETTINGS)
    assert shares(outcome.clusters) == {"a": 0}


def test_a_second_group_with_overflow_is_reached_with_its_own_tiers() -> None:
    second = {**OVERFLOW["clusterAffinities"][0], "affinityName": "later"}
    first = {"affinityName": "none", "clusterNames": ["nowhere"]}
    placement = {"clusterAffinities": [first, second], "replicaScheduling": AGGREGATED}
    outcome = schedule(binding(placement, 13), [cluster("a"), cluster("b")], SETTINGS)
    assert shares(outcome.clusters) == {"a": 10, "b": 3}
    assert outcome.observed_affinity == "later"


@pytest.mark.parametrize(
    ("requirements", "flag", "want"),
    [
        ({}, False, {}),
        ({}, True, {"a": 0, "b": 0}),
        (None, False, {"a": 0, "b": 0}),
    ],
    ids=["with requests: removed", "with requests and the flag: kept", "without: like a config"],
)
@pytest.mark.parametrize("scheduling", [DUPLICATED, STATIC, DYNAMIC, AGGREGATED])
def test_no_replicas(
    scheduling: Json, requirements: Json | None, flag: bool, want: dict[str, int]
) -> None:
    settings = KarmadaSettings(enable_empty_workload_propagation=flag)
    more = {} if requirements is None else {"replicaRequirements": requirements}
    request = binding({"replicaScheduling": scheduling}, **more)
    outcome = schedule(request, [cluster("a"), cluster("b")], settings)
    assert outcome.reason == "Success"
    assert shares(outcome.clusters) == want


def test_fresh_with_no_replicas_wraps_round_as_32_bits_do() -> None:
    status = {"lastScheduledTime": "2026-01-01T00:00:00Z"}
    request = binding(
        {"replicaScheduling": DYNAMIC},
        replicaRequirements={},
        status=status,
        rescheduleTriggeredAt="2026-01-01T00:01:00Z",
    )
    outcome = schedule(request, [cluster("a"), cluster("b")], SETTINGS)
    assert outcome.error == (
        "failed to assign replicas: failed to do fresh scale: "
        "Clusters available replicas -2 are not enough to schedule."
    )


COMPONENTS = [
    {
        "name": "jobmanager",
        "replicas": 1,
        "replicaRequirements": {"resourceRequest": {"cpu": "1"}},
    },
    {
        "name": "taskmanager",
        "replicas": 2,
        "replicaRequirements": {"resourceRequest": {"cpu": "1500m"}},
    },
]
SMALL = {"allocatable": {"pods": "100", "cpu": "3"}}
LARGE = {"allocatable": {"pods": "100", "cpu": "4"}}
SETS = KarmadaSettings().with_gates(MultiplePodTemplatesScheduling=True)


def test_components_go_whole_into_one_cluster_with_room() -> None:
    placement = {"spreadConstraints": ONE_CLUSTER, "replicaScheduling": DYNAMIC}
    fleet = [cluster("a", summary=SMALL), cluster("b", summary=LARGE)]
    outcome = schedule(binding(placement, components=COMPONENTS), fleet, SETS)
    parts = [{"name": "jobmanager", "replicas": 1}, {"name": "taskmanager", "replicas": 2}]
    assert outcome.clusters == [{"name": "b", "components": parts}]


def test_components_without_room_for_one_set() -> None:
    placement = {"spreadConstraints": ONE_CLUSTER, "replicaScheduling": DYNAMIC}
    fleet = [cluster("a", summary=SMALL)]
    outcome = schedule(binding(placement, components=COMPONENTS), fleet, SETS)
    assert (
        outcome.error == "failed to select clusters: no enough resource when selecting 1 clusters"
    )


@pytest.mark.parametrize(
    ("placement", "settings", "want"),
    [
        ({"replicaScheduling": DYNAMIC}, SETS, ["a", "b"]),
        ({"spreadConstraints": ONE_CLUSTER}, SETTINGS, ["a"]),
    ],
    ids=["not bound to one cluster", "gate off"],
)
def test_components_are_not_recorded(
    placement: Json, settings: KarmadaSettings, want: list[str]
) -> None:
    request = binding(placement, components=COMPONENTS)
    outcome = schedule(request, [cluster("a"), cluster("b")], settings)
    assert outcome.clusters == [{"name": name} for name in want]


def group_of(name: str, clusters: list[str], **groups: str) -> Json:
    other = binding({}, 1, clusters=dict.fromkeys(clusters, 1), workloadAffinityGroups=groups)
    return {**other, "metadata": {**other["metadata"], "name": name}}


GROUPED = KarmadaSettings().with_gates(WorkloadAffinity=True)


@pytest.mark.parametrize(
    ("groups", "others", "settings", "want"),
    [
        ({"affinityGroup": "g=1"}, [("api", ["b"])], GROUPED, ["b"]),
        ({"affinityGroup": "g=1"}, [("api", [])], GROUPED, ["a", "b"]),
        ({"antiAffinityGroup": "g=1"}, [("api", ["b"])], GROUPED, ["a"]),
        ({"antiAffinityGroup": "g=1"}, [("web-deployment", ["b"])], GROUPED, ["a", "b"]),
        ({"affinityGroup": "g=1"}, [("api", ["b"])], SETTINGS, ["a", "b"]),
    ],
    ids=["together", "nobody placed yet", "apart", "itself does not count", "gate off"],
)
def test_workload_affinity(
    groups: Json, others: list[tuple[str, list[str]]], settings: KarmadaSettings, want: list[str]
) -> None:
    company = [group_of(name, clusters, **groups) for name, clusters in others]
    request = binding({"replicaScheduling": DUPLICATED}, 1, workloadAffinityGroups=groups)
    outcome = schedule(request, [cluster("a"), cluster("b")], settings, others=company)
    assert list(shares(outcome.clusters)) == want


def test_workload_affinity_error_text() -> None:
    groups = {"affinityGroup": "g=1"}
    company = [group_of("api", ["gone"], **groups)]
    request = binding({"replicaScheduling": DUPLICATED}, 1, workloadAffinityGroups=groups)
    outcome = schedule(request, [cluster("a")], GROUPED, others=company)
    assert outcome.error == (
        "0/1 clusters are available: 1 ResourceBinding with the same affinity group does not "
        "target this cluster."
    )


def test_clusters_being_deleted_count_but_are_not_looked_at() -> None:
    outcome = schedule(binding({}, 1), [cluster("a", deleting=True)], SETTINGS)
    assert outcome.error == "0/1 clusters are available: no cluster exists."
    assert (outcome.reason, outcome.retried) == ("NoClusterFit", False)


def test_spread_by_label_alone_is_an_error_of_the_scheduler() -> None:
    placement = {"spreadConstraints": [{"spreadByLabel": "zone", "minGroups": 1}]}
    outcome = schedule(binding(placement, 1), [cluster("a")], SETTINGS)
    assert outcome.error == (
        "failed to select clusters: just support cluster and region spread constraint"
    )


def test_static_weights_with_an_empty_preference_do_obey_spread_constraints() -> None:
    placement = {
        "spreadConstraints": ONE_CLUSTER,
        "replicaScheduling": {**STATIC, "weightPreference": {}},
    }
    outcome = schedule(binding(placement, 3), [cluster("a"), cluster("b")], SETTINGS)
    assert shares(outcome.clusters) == {"a": 3}


def test_an_unknown_strategy_is_an_error() -> None:
    placement = {"replicaScheduling": {"replicaSchedulingType": "Divided"}}
    outcome = schedule(binding(placement, 1), [cluster("a")], SETTINGS)
    assert outcome.error == (
        "failed to assign replicas: unsupported replica scheduling strategy, "
        "replicaSchedulingType: Divided, replicaDivisionPreference: , please try another "
        "scheduling strategy"
    )


def test_a_binding_without_placement_is_an_error_that_is_retried() -> None:
    outcome = schedule(binding(None, 1), [cluster("a")], SETTINGS)
    assert outcome.error == "failed to get placement from resourceBinding(default/web-deployment)"
    assert (outcome.retried, outcome.noop) == (True, False)


def test_nothing_new_leaves_everything() -> None:
    placement = {"replicaScheduling": DYNAMIC}
    request = binding(placement, 3, clusters={"gone": 3}, applied=placement)
    outcome = schedule(request, [cluster("a")], SETTINGS)
    assert outcome.noop
    assert shares(outcome.clusters) == {"gone": 3}


def test_further_estimators_bound_the_room() -> None:
    request = binding({"replicaScheduling": DYNAMIC}, 6)
    fleet = [cluster("a"), cluster("b")]
    accurate = {"accurate": {"a": 2, "b": -1}}
    outcome = schedule(request, fleet, SETTINGS, replace_estimates=accurate)
    assert shares(outcome.clusters) == {"a": 1, "b": 5}
    instead = {"general-estimator": {"a": 9, "b": 0}}
    outcome = schedule(request, fleet, SETTINGS, replace_estimates=instead)
    assert shares(outcome.clusters) == {"a": 6}


def test_a_broken_selector_matches_nothing() -> None:
    placement = {"clusterAffinity": {"labelSelector": {"matchLabels": {"tier": "no good!"}}}}
    outcome = schedule(binding(placement, 1), [cluster("a", labels={"tier": "x"})], SETTINGS)
    assert outcome.reason == "NoClusterFit"

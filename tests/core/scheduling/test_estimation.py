"""Estimates: values of Karmada's own unit tables, and how the answer is bounded."""

from typing import Any

import pytest

from lab.core.capacity import capacity_of
from lab.core.cluster import cluster_of
from lab.core.scheduling.component_sets import component_sets
from lab.core.scheduling.estimation import Estimator, replicas_by_summary
from lab.core.scheduling.framework import Component
from lab.core.scheduling.overcommit import less_assumed
from lab.core.scheduling.request import components_of, read_binding
from lab.core.scheduling.resource_models import VirtualNodes, is_counted, replicas_by_models
from lab.core.settings import KarmadaSettings
from tests.core.scheduling.build import DYNAMIC, binding, cluster

Json = dict[str, Any]


def grades(*least: Json, counts: list[int]) -> Any:
    models = [
        {"grade": i, "ranges": [{"name": n, "min": v} for n, v in entry.items()]}
        for i, entry in enumerate(least)
    ]
    reported = [{"grade": i, "count": n} for i, n in enumerate(counts)]
    capacity = capacity_of({"allocatableModelings": reported}, models)
    assert capacity is not None
    return capacity.grades


THREE = ({"cpu": "0"}, {"cpu": "1"}, {"cpu": "2"})
BOTH = ({"cpu": "0", "memory": "0"}, {"cpu": "1", "memory": "1Gi"}, {"cpu": "2", "memory": "2Gi"})
MODELS = {
    "partly compliant grades": (THREE, [1, 1, 1], {"cpu": "1.5"}, 1),
    "no compliant grade": (THREE, [1, 1, 1], {"cpu": "3"}, 0),
    "the scarcer resource decides": (BOTH, [1, 1, 1], {"cpu": "1", "memory": "1.5Gi"}, 1),
    "beyond the highest grade": (BOTH, [1, 1, 1], {"cpu": "1", "memory": "2.5Gi"}, 0),
    "no request: 110 pods a node": (THREE, [2, 0, 1], {}, 330),
    "a resource nobody counts is free": (THREE, [0, 0, 1], {"cpu": "1", "widgets": "9"}, 2),
    "an extended resource is not": (THREE, [0, 0, 1], {"cpu": "1", "v.io/gpu": "1"}, 0),
}


@pytest.mark.parametrize(("least", "counts", "request_", "want"), MODELS.values(), ids=MODELS)
def test_models(least: Any, counts: list[int], request_: Json, want: int) -> None:
    found = grades(*least, counts=counts)
    assert replicas_by_models(found, request_, ()).replicas == want
    placed = VirtualNodes(found).place_sets([Component("replica", 1, request_)], 10**6)
    assert placed == want


def parts(*entries: tuple[int, Json]) -> list[Component]:
    return [Component(f"c{i}", replicas, needs) for i, (replicas, needs) in enumerate(entries)]


GPU = (
    {"cpu": "1", "memory": "2Gi", "nvidia.com/gpu": "0"},
    {"cpu": "2", "memory": "4Gi", "nvidia.com/gpu": "1"},
    {"cpu": "4", "memory": "8Gi", "nvidia.com/gpu": "2"},
)
TASKS = ({"cpu": "1", "memory": "2Gi"}, {"cpu": "3", "memory": "10Gi"})
MORE = (
    {"cpu": "1", "memory": "2Gi"},
    {"cpu": "2", "memory": "4Gi"},
    {"cpu": "3", "memory": "6Gi"},
    {"cpu": "8", "memory": "12Gi"},
)
SETS = {
    "no request at all": (
        ({"cpu": "500m"}, {"cpu": "1"}, {"cpu": "2"}),
        [5, 0, 10],
        parts((1, {})),
        100,
    ),
    "only the highest grade fits": (
        ({"cpu": "500m"}, {"cpu": "1"}, {"cpu": "2"}),
        [5, 0, 10],
        parts((1, {"cpu": "1500m"})),
        10,
    ),
    "several resources": (
        GPU,
        [4, 3, 2],
        parts((2, {"cpu": "2", "memory": "4Gi", "nvidia.com/gpu": "1"})),
        3,
    ),
    "job and task managers": (
        (*TASKS, {"cpu": "4", "memory": "12Gi"}),
        [2, 6, 3],
        parts((1, TASKS[0]), (3, TASKS[1])),
        3,
    ),
    "three components": (
        MORE,
        [2, 3, 2, 6],
        parts((1, TASKS[0]), (3, TASKS[1]), (1, {"cpu": "500m", "memory": "1Gi"})),
        2,
    ),
}


@pytest.mark.parametrize(("least", "counts", "components", "want"), SETS.values(), ids=SETS)
def test_sets_on_virtual_nodes(
    least: Any, counts: list[int], components: list[Component], want: int
) -> None:
    assert VirtualNodes(grades(*least, counts=counts)).place_sets(components, 100) == want


TEN = {
    "allocatable": {"pods": "100", "cpu": "10", "memory": "8Gi"},
    "allocated": {"pods": "20", "cpu": "0", "memory": "2Gi"},
}
SUMS = {
    "full": ({"allocatable": {"pods": "10"}, "allocated": {"pods": "10"}}, [], 0),
    "no component: pods": ({"allocatable": {"pods": "10"}}, [], 10),
    "by cpu": (TEN, parts((1, {"cpu": "1"}), (2, {"cpu": "1.5"})), 2),
    "by memory": (
        TEN,
        parts((1, {"cpu": "1", "memory": "2Gi"}), (2, {"cpu": "2000m", "memory": "2Gi"})),
        1,
    ),
    "by pods": (
        {"allocatable": {"pods": "3", "cpu": "100", "memory": "1Ti"}},
        parts((3, {"cpu": "10m", "memory": "1Mi"})),
        1,
    ),
    "by devices": (
        {
            "allocatable": {"pods": "20", "cpu": "40", "memory": "64Gi", "nvidia.com/gpu": "8"},
            "allocated": {"pods": "0", "cpu": "0", "memory": "0Gi", "nvidia.com/gpu": "0"},
        },
        parts((2, {"cpu": "4", "memory": "8Gi", "nvidia.com/gpu": "1"})),
        4,
    ),
    "not listed": (TEN, parts((1, {"v.io/gpu": "1"})), 0),
    "decimal memory counts in thousandths": (TEN, parts((1, {"memory": "1M"})), 6),
}


@pytest.mark.parametrize(("summary", "components", "want"), SUMS.values(), ids=SUMS)
def test_sets_by_sums(summary: Json, components: list[Component], want: int) -> None:
    capacity = capacity_of(summary, None)
    assert capacity is not None
    assert component_sets(capacity, components, True, ()).replicas == want


SUMMARY = {
    "cpu in milli": ({"cpu": "250m"}, 40, "cpu"),
    "memory": ({"memory": "1Gi"}, 6, "memory"),
    "no request": ({}, 80, "pods"),
    "a request of nothing is none": ({"cpu": "0", "v.io/gpu": "0"}, 80, "pods"),
    "not listed": ({"v.io/gpu": "1"}, 0, "v.io/gpu"),
}


@pytest.mark.parametrize(("request_", "want", "bound"), SUMMARY.values(), ids=SUMMARY)
def test_summary(request_: Json, want: int, bound: str) -> None:
    capacity = capacity_of(TEN, None)
    assert capacity is not None
    estimate = replicas_by_summary(capacity, request_)
    assert (estimate.replicas, estimate.bound_by) == (want, bound)


def room(summary: Json | None, settings: KarmadaSettings, **more: Any) -> tuple[int, str]:
    request = read_binding(
        binding(
            {"replicaScheduling": DYNAMIC},
            7,
            replicaRequirements={"resourceRequest": {"cpu": "1"}},
        )
    )
    assumed = more.pop("assumed", None)
    target = cluster_of(cluster("a", None, summary=summary, **more))
    found = Estimator(request, settings, None, assumed).room(target)
    return found.replicas, found.general.basis if found.general else ""


MODELLED = {**TEN, "allocatableModelings": [{"grade": 1, "count": 3}]}
ONE_CPU = [{"grade": 1, "ranges": [{"name": "cpu", "min": "1"}, {"name": "memory", "min": "1Gi"}]}]


def test_models_stand_in_for_the_summary() -> None:
    gate_off = KarmadaSettings().with_gates(CustomizedClusterResourceModeling=False)
    assert room(MODELLED, KarmadaSettings(), resourceModels=ONE_CPU) == (3, "models")
    assert room(MODELLED, gate_off, resourceModels=ONE_CPU) == (10, "summary")
    assert room(MODELLED, KarmadaSettings()) == (10, "summary")  # nothing says what a grade is
    assert room(None, KarmadaSettings()) == (0, "none")


def test_what_was_just_placed_takes_room_with_its_gate() -> None:
    placed = components_of(
        {
            "components": [
                {
                    "name": "main",
                    "replicas": 4,
                    "replicaRequirements": {"resourceRequest": {"cpu": "2"}},
                }
            ]
        }
    )
    gate_on = KarmadaSettings().with_gates(SchedulingOvercommitProtection=True)
    assert room(TEN, gate_on, assumed={"a": [placed]}) == (2, "summary")
    assert room(TEN, KarmadaSettings(), assumed={"a": [placed]}) == (10, "summary")
    capacity = capacity_of(TEN, None)
    assert capacity is not None
    assert less_assumed(capacity, [placed]).pods == 76


@pytest.mark.parametrize(
    ("name", "counted"),
    {
        "cpu": True,
        "hugepages-2Mi": True,
        "attachable-volumes-x": True,
        "kubernetes.io/batch": True,
        "nvidia.com/gpu": True,
        "widgets": False,
        "requests.nvidia.com/gpu": False,
    }.items(),
)
def test_resources_that_nodes_are_asked_for(name: str, counted: bool) -> None:
    assert is_counted(name) is counted


def test_models_bound_the_sets_that_sums_would_allow() -> None:
    summary = {"allocatable": {"pods": "100", "cpu": "8", "memory": "32Gi"}}
    four = [{"grade": 0, "ranges": [{"name": "cpu", "min": "2", "max": str(2**63 - 1)}]}]
    counted = {**summary, "allocatableModelings": [{"grade": 0, "count": 4}]}
    capacity = capacity_of(counted, four)
    assert capacity is not None
    assert capacity.grades is not None
    asked = parts((1, {"cpu": "1.5"}))
    assert component_sets(capacity, asked, False, ()).replicas == 5
    by_models = component_sets(capacity, asked, True, ())
    assert (by_models.replicas, by_models.bound_by, by_models.basis) == (4, "nodes", "models")
    assert component_sets(capacity, asked, True, [asked]).replicas == 3, "one was just given away"

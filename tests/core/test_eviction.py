"""Evictions: what a task holds, and when it is over."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.eviction import (
    Eviction,
    assess_tasks,
    cancellable,
    evicted,
    next_check_s,
    reinstated,
    waits_for,
)
from lab.core.manifest import timestamp


def binding(
    clusters: dict[str, int] | None = None,
    tasks: list[Any] | None = None,
    health: dict[str, str] | None = None,
    *,
    scheduled: bool = True,
    placement: Any = None,
    replicas: int = 4,
) -> dict[str, Any]:
    spec: dict[str, Any] = {"replicas": replicas, "placement": placement or {}}
    if clusters:
        spec["clusters"] = [{"name": n, "replicas": r} for n, r in clusters.items()]
    if tasks:
        spec["gracefulEvictionTasks"] = tasks
    status: dict[str, Any] = {"schedulerObservedGeneration": 7 if scheduled else 6}
    if health:
        status["aggregatedStatus"] = [{"clusterName": n, "health": h} for n, h in health.items()]
    return {"metadata": {"name": "web", "generation": 7}, "spec": spec, "status": status}


EVICTION = Eviction("west", "TaintUntolerated", "TaintManager", purge_mode="Gracefully")
TASK = {
    "fromCluster": "west",
    "purgeMode": "Gracefully",
    "replicas": 3,
    "reason": "TaintUntolerated",
    "producer": "TaintManager",
}


def test_a_target_becomes_a_task() -> None:
    after = evicted(binding({"east": 1, "west": 3}), EVICTION)
    assert after["spec"]["clusters"] == [{"name": "east", "replicas": 1}]
    assert after["spec"]["gracefulEvictionTasks"] == [TASK]


def test_the_last_target_leaves_no_list() -> None:
    assert "clusters" not in evicted(binding({"west": 3}), EVICTION)["spec"]


def test_no_target_no_task() -> None:
    subject = binding({"east": 1})
    assert evicted(subject, EVICTION) is subject


def test_a_second_eviction_makes_no_second_task() -> None:
    after = evicted(binding({"west": 1}, [TASK]), EVICTION)
    assert after["spec"]["gracefulEvictionTasks"] == [TASK]
    assert "clusters" not in after["spec"]


def test_a_task_carries_what_it_is_given() -> None:
    full = Eviction(
        "west",
        "ApplicationFailure",
        "me",
        purge_mode="Never",
        message="why",
        suppress_deletion=True,
        preserved_labels={"state/x": "1"},
        clusters_before=["west"],
    )
    (task,) = evicted(binding({"west": 0}), full)["spec"]["gracefulEvictionTasks"]
    assert task == {
        "fromCluster": "west",
        "purgeMode": "Never",
        "reason": "ApplicationFailure",
        "message": "why",
        "producer": "me",
        "suppressDeletion": True,
        "preservedLabelState": {"state/x": "1"},
        "clustersBeforeFailover": ["west"],
    }


# ── the end of a task ──────────────────────────────────────────────────────────────────────────


def task(created_s: float | None = 0.0, **fields: Any) -> dict[str, Any]:
    made = {**TASK, **fields}
    return made if created_s is None else {**made, "creationTimestamp": timestamp(created_s)}


HEALTHY = {"east": "Healthy"}
ENDS: dict[str, tuple[dict[str, Any], float, str]] = {
    "a new task is stamped": (binding({"east": 4}, [task(None)], HEALTHY), 50.0, "stamped"),
    "a stamp that cannot be read is made anew": (
        binding({"east": 4}, [{**task(None), "creationTimestamp": "soon"}], HEALTHY),
        50.0,
        "stamped",
    ),
    "the replacement is healthy": (binding({"east": 4}, [task()], HEALTHY), 50.0, "healthy"),
    "health of the evicted cluster does not count": (
        binding({"east": 4}, [task()], {**HEALTHY, "west": "Unhealthy"}),
        50.0,
        "healthy",
    ),
    "not scheduled since": (
        binding({"east": 4}, [task()], HEALTHY, scheduled=False),
        50.0,
        "waiting",
    ),
    "the replacement is not healthy": (
        binding({"east": 4}, [task()], {"east": "Unhealthy"}),
        50.0,
        "waiting",
    ),
    "the replacement says nothing": (binding({"east": 4}, [task()]), 50.0, "waiting"),
    "one of two is not healthy": (
        binding({"east": 2, "north": 2}, [task()], {**HEALTHY, "north": "Unknown"}),
        50.0,
        "waiting",
    ),
    "time is not over": (binding({"east": 4}, [task()]), 599.9, "waiting"),
    "time is over": (binding({"east": 4}, [task()]), 600.0, "timeout"),
    "its own time is over": (binding({"east": 4}, [task(gracePeriodSeconds=30)]), 30.0, "timeout"),
    "its own time is longer": (
        binding({"east": 4}, [task(gracePeriodSeconds=900)]),
        700.0,
        "waiting",
    ),
    "a person keeps it": (
        binding({"east": 4}, [task(suppressDeletion=True)], HEALTHY),
        9999.0,
        "suppressed",
    ),
    "a person lets it go": (
        binding({"east": 4}, [task(suppressDeletion=False)]),
        1.0,
        "confirmed",
    ),
    "nowhere to go, not scheduled": (binding({}, [task()], scheduled=False), 50.0, "waiting"),
    "nowhere to go, time is over": (binding({}, [task()], scheduled=False), 600.0, "timeout"),
    "scheduled to nowhere lacks nothing": (binding({}, [task()]), 50.0, "healthy"),
}


@pytest.mark.parametrize(("subject", "now_s", "verdict"), ENDS.values(), ids=ENDS)
def test_assess(subject: dict[str, Any], now_s: float, verdict: str) -> None:
    (found,) = assess_tasks(subject, now_s, 600.0)
    assert found.verdict == verdict
    assert found.kept == (verdict in {"stamped", "waiting", "suppressed"})


def test_a_stamp_is_the_moment() -> None:
    (found,) = assess_tasks(binding({"east": 4}, [task(None)]), 50.4, 600.0)
    assert found.task["creationTimestamp"] == timestamp(50.4)
    assert found.until_s == 650.0


MIXED = [task(0.0, gracePeriodSeconds=30), task(0.0, fromCluster="south")]


@pytest.mark.parametrize(("leaks", "verdict"), [(False, "waiting"), (True, "timeout")])
def test_a_grace_period_leaks_to_the_next_task(leaks: bool, verdict: str) -> None:
    first, second = assess_tasks(binding({"east": 4}, MIXED), 40.0, 600.0, leaks=leaks)
    assert first.verdict == "timeout"
    assert second.verdict == verdict


@pytest.mark.parametrize(("keeps", "verdict"), [(False, "timeout"), (True, "waiting")])
def test_the_last_copy_is_kept(keeps: bool, verdict: str) -> None:
    subject = binding({}, [task()], scheduled=False)
    (found,) = assess_tasks(subject, 700.0, 600.0, keeps_last=keeps)
    assert found.verdict == verdict
    assert (found.until_s is None) == keeps


def test_the_next_look_is_when_the_first_task_runs_out() -> None:
    found = assess_tasks(binding({"east": 4}, MIXED), 10.0, 600.0)
    assert next_check_s(found, 10.0) == 20.0
    kept = [task(suppressDeletion=True)]
    assert next_check_s(assess_tasks(binding({"east": 4}, kept), 10.0, 600.0), 10.0) is None


def test_what_is_waited_for_in_words() -> None:
    assert waits_for(binding({"east": 4}, health={"east": "Unhealthy"})) == "east is Unhealthy"
    assert waits_for(binding({"east": 4})) == "east has reported nothing"


@settings(derandomize=True, max_examples=60)
@given(
    st.integers(0, 1200),
    st.sampled_from(["Healthy", "Unhealthy", "Unknown"]),
    st.one_of(st.none(), st.integers(1, 900)),
)
def test_no_task_outlives_its_time(now: int, health: str, grace: int | None) -> None:
    fields = {} if grace is None else {"gracePeriodSeconds": grace}
    subject = binding({"east": 4}, [task(**fields)], {"east": health})
    (found,) = assess_tasks(subject, float(now), 600.0)
    assert found.kept == (now < (600 if grace is None else grace) and health != "Healthy")


# ── cancelling ─────────────────────────────────────────────────────────────────────────────────

DIVIDED = {"replicaScheduling": {"replicaSchedulingType": "Divided"}}
CANCELS: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "its replicas are placed nowhere": (binding({"east": 1}, placement=DIVIDED), {}, True),
    "its replicas are placed elsewhere": (binding({"east": 4}, placement=DIVIDED), {}, False),
    "Duplicated never counts": (binding({"east": 4}), {}, True),
    "the old copy was told to go": (binding({"east": 1}), {"purgeMode": "Directly"}, False),
    "another's task": (binding({"east": 1}), {"producer": "someone"}, False),
}


@pytest.mark.parametrize(("subject", "fields", "want"), CANCELS.values(), ids=CANCELS)
def test_cancellable(subject: dict[str, Any], fields: dict[str, Any], want: bool) -> None:
    assert cancellable(subject, task(**fields)) is want


def test_a_cancelled_task_gives_the_cluster_back() -> None:
    after = reinstated(binding({"east": 1}, [task(), task(fromCluster="south")]), "west")
    assert after["spec"]["clusters"] == [
        {"name": "east", "replicas": 1},
        {"name": "west", "replicas": 3},
    ]
    assert [each["fromCluster"] for each in after["spec"]["gracefulEvictionTasks"]] == ["south"]

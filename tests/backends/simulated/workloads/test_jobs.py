from __future__ import annotations

import itertools
from typing import Any

import pytest

from lab.backends.simulated.workloads.jobs import ranges
from tests.backends.simulated.world import World, template, workload


def job(seconds: int = 3, code: int = 0, policy: str = "Never", **spec: Any) -> dict[str, Any]:
    notes = {"fedlab.dev/run-for": f"{seconds}s", "fedlab.dev/exit-code": str(code)}
    pod = template("job", annotations=notes, restartPolicy=policy)
    return workload("Job", "job", pod=pod, **spec)


def kinds(world: World) -> list[str]:
    return [each["type"] for each in world.status("Job", "job").get("conditions", ())]


def test_completions_run_as_many_at_a_time_as_parallelism() -> None:
    world = World()
    world.create(job(completions=5, parallelism=2))
    most = 0
    for tenth in range(200):
        world.run(tenth / 10)
        most = max(most, world.status("Job", "job").get("active", 0))
    assert most == 2
    status = world.status("Job", "job")
    assert status["succeeded"] == 5
    assert "active" not in status
    assert kinds(world) == ["SuccessCriteriaMet", "Complete"]
    assert status["conditions"][1]["reason"] == "CompletionsReached"
    assert status["startTime"] == "2026-01-01T00:00:00Z"
    # Three rounds of a second to start and three to run, and the controllers' own time.
    assert status["completionTime"] == "2026-01-01T00:00:12Z"
    assert set(world.pods().values()) == {"Succeeded"}


def test_a_default_job_runs_one_pod_as_long_as_the_timing_says() -> None:
    world = World({"jobDuration": "20s"})
    world.create(workload("Job", "job", pod=template("job", restartPolicy="Never")))
    world.run(20)
    assert world.status("Job", "job")["active"] == 1
    assert world.status("Job", "job")["ready"] == 1
    world.run(22)
    assert kinds(world) == ["SuccessCriteriaMet", "Complete"]


def test_pods_carry_the_labels_of_their_job() -> None:
    world = World()
    made = world.create(job())
    world.run(2)
    uid = made["metadata"]["uid"]
    assert made["spec"]["selector"]["matchLabels"] == {"batch.kubernetes.io/controller-uid": uid}
    [pod] = world.list("Pod")
    assert pod["metadata"]["labels"]["job-name"] == "job"
    assert pod["metadata"]["labels"]["controller-uid"] == uid


def test_indexed_jobs_run_every_index_once() -> None:
    world = World()
    world.create(job(completions=4, parallelism=4, completionMode="Indexed"))
    world.run(20)
    assert world.status("Job", "job")["completedIndexes"] == "0-3"
    indexes = sorted(
        pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"]
        for pod in world.list("Pod")
    )
    assert indexes == ["0", "1", "2", "3"]
    assert all(name.split("-")[1] in "0123" for name in world.pods())


def test_failing_pods_are_replaced_with_back_off_until_the_limit() -> None:
    world = World()
    world.create(job(seconds=1, code=2, backoffLimit=2))
    world.run(5)
    assert world.status("Job", "job")["failed"] == 1
    # Failures at 2 s; 10 s later +2 s; 20 s later +2 s.
    world.run(35.9)
    assert world.status("Job", "job")["failed"] == 2
    world.run(60)
    status = world.status("Job", "job")
    assert status["failed"] == 3
    assert kinds(world) == ["FailureTarget", "Failed"]
    assert status["conditions"][1]["reason"] == "BackoffLimitExceeded"
    assert "completionTime" not in status


def test_restarts_in_place_count_against_the_limit() -> None:
    world = World()
    world.create(job(seconds=1, code=1, policy="OnFailure", backoffLimit=1))
    world.run(60)
    assert kinds(world) == ["FailureTarget", "Failed"]
    assert world.pods() == {}


def test_a_deadline_stops_a_job() -> None:
    world = World()
    world.create(job(seconds=100, activeDeadlineSeconds=10))
    world.run(9.5)
    assert world.status("Job", "job")["active"] == 1
    world.run(12)
    assert world.status("Job", "job")["conditions"][1]["reason"] == "DeadlineExceeded"
    assert world.pods() == {}


def test_suspending_stops_pods_and_resuming_starts_them() -> None:
    world = World()
    world.create(job(seconds=60, suspend=True))
    world.run(5)
    assert world.pods() == {}
    assert world.condition("Job", "job", "Suspended")["status"] == "True"
    assert "startTime" not in world.status("Job", "job")
    world.patch("Job", "job", {"spec": {"suspend": False}})
    world.run(10)
    assert len(world.pods()) == 1
    assert world.condition("Job", "job", "Suspended")["status"] == "False"
    assert world.status("Job", "job")["startTime"] == "2026-01-01T00:00:05Z"


def test_finished_jobs_go_after_their_time_to_live() -> None:
    world = World()
    world.create(job(ttlSecondsAfterFinished=30))
    world.run(33)
    assert len(world.list("Job")) == 1
    world.run(36)
    assert world.list("Job") == []
    world.run(40)
    assert world.pods() == {}


def cron(schedule: str = "* * * * *", seconds: int = 3, code: int = 0, **spec: Any) -> Any:
    body = {
        "schedule": schedule,
        "jobTemplate": {"spec": {**job(seconds, code)["spec"], "backoffLimit": 0}},
        **spec,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "tick", "namespace": "default"},
        "spec": body,
    }


def starts(world: World) -> list[str]:
    note = "batch.kubernetes.io/cronjob-scheduled-timestamp"
    return [each["metadata"]["annotations"][note][11:16] for each in world.list("Job")]


def test_a_cron_job_starts_jobs_by_the_clock() -> None:
    world = World()
    world.create(cron("*/2 * * * *"))
    world.run(59)
    assert starts(world) == []
    world.run(10 * 60 + 30)
    assert starts(world) == ["00:06", "00:08", "00:10"]  # three successful ones are kept
    status = world.status("CronJob", "tick")
    assert status["lastScheduleTime"] == "2026-01-01T00:10:00Z"
    assert status["lastSuccessfulTime"] == "2026-01-01T00:10:04Z"
    [name] = [each["metadata"]["name"] for each in world.list("Job")][-1:]
    assert name == "tick-29453770"  # minutes since 1970


POLICIES = {
    "Allow runs them side by side": ("Allow", 3, ["00:01", "00:02", "00:03"]),
    "Forbid skips": ("Forbid", 1, ["00:01"]),
    "Replace stops the old one": ("Replace", 1, ["00:03"]),
}


@pytest.mark.parametrize(("policy", "active", "want"), POLICIES.values(), ids=POLICIES.keys())
def test_concurrency(policy: str, active: int, want: list[str]) -> None:
    world = World()
    world.create(cron(seconds=600, concurrencyPolicy=policy))
    world.run(3 * 60 + 30)
    assert starts(world) == want
    assert len(world.status("CronJob", "tick")["active"]) == active


def test_forbid_runs_a_missed_time_late_unless_the_deadline_says_no() -> None:
    late = World()
    late.create(cron(seconds=90, concurrencyPolicy="Forbid"))
    late.run(170)
    assert starts(late) == ["00:01", "00:02"]
    strict = World()
    strict.create(cron(seconds=90, concurrencyPolicy="Forbid", startingDeadlineSeconds=10))
    strict.run(170)
    assert starts(strict) == ["00:01"]


def test_suspended_and_failing_cron_jobs() -> None:
    world = World()
    world.create(cron(suspend=True))
    world.run(300)
    assert world.list("Job") == []
    world.patch("CronJob", "tick", {"spec": {"suspend": False}})
    world.run(301)
    assert len(world.list("Job")) == 1  # the last missed time only
    failing = World()
    failing.create(cron(code=1))
    failing.run(270)
    assert len(failing.list("Job")) == 1  # one failed one is kept


def test_time_zones() -> None:
    world = World()
    world.create(cron("30 1 * * *", timeZone="Europe/Berlin"))
    world.run(3600)
    assert starts(world) == ["00:30"]


RANGES = {
    "none": ([], ""),
    "one": ([4], "4"),
    "two in a row": ([4, 5], "4,5"),
    "mixed": ([0, 1, 2, 5, 7, 8, 9], "0-2,5,7-9"),
}


@pytest.mark.parametrize(("indexes", "want"), RANGES.values(), ids=RANGES.keys())
def test_ranges(indexes: list[int], want: str) -> None:
    assert ranges(indexes) == want


def test_a_watcher_of_pods_sees_each_turn_of_a_pod_that_finishes_or_starts_again() -> None:
    world = World()
    seen: list[tuple[Any, Any]] = []

    def ready(pod: Any) -> Any:
        return next(
            (each["status"] for each in pod["status"]["conditions"] if each["type"] == "Ready"),
            None,
        )

    def told(change: Any) -> None:
        if change.object["kind"] == "Pod" and change.old is not None:
            seen.append((ready(change.old), ready(change.object)))

    world.store.listen(told)
    world.create(job(policy="OnFailure", code=1, backoffLimit=1))
    world.run(60)
    assert ("False", "True") in seen  # started
    assert ("True", "False") in seen  # ended by itself, and started again later
    assert all(was == became for (_, was), (became, _) in itertools.pairwise(seen))

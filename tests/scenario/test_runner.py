"""Steps play in order, checks are decided at the right moment, and nothing here moves time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from lab.core.errors import ApiError
from lab.core.manifest import Manifest, set_in
from lab.core.model import Action, Apply, Delete, Key, Patch
from lab.scenario.judge import after_text
from lab.scenario.load import parse_scenario
from lab.scenario.model import Scenario
from lab.scenario.runner import Advance, StepResult, Verdict, play, run_scenario
from lab.scenario.world import CommandError

WEB = Key("", "apps/v1", "Deployment", "default", "web")


class FakeWorld:
    """A hub and two members in which ready replicas appear when a script says so."""

    watch = None

    def __init__(self, script: Mapping[float, int] | None = None) -> None:
        self.now_s = 0.0
        self.changes = 0
        self.script = dict(script or {})
        self.objects: dict[Key, Manifest] = {}
        self.log: list[tuple[float, str]] = []

    def next_event_s(self) -> float:
        return min((at for at in self.script if at > self.now_s), default=float("inf"))

    def run_until(self, until_s: float) -> None:
        for at in sorted(self.script):
            if self.now_s < at <= until_s:
                self.set_ready(self.script[at])
        self.now_s = until_s

    def set_ready(self, ready: int) -> None:
        key = WEB._replace(cluster="member1")
        self.objects[key] = {"kind": "Deployment", "status": {"readyReplicas": ready}}
        self.changes += 1

    def step_begins(self, name: str, detail: Mapping[str, Any]) -> None:
        self.log.append((self.now_s, name))

    def execute(self, action: Action) -> Manifest | None:
        self.changes += 1
        if isinstance(action, Apply):
            if action.key.name == "forbidden":
                raise ApiError(403, "Forbidden", "the webhook denied the request: not this one")
            self.objects[action.key] = action.object
            return action.object
        if isinstance(action, Delete):
            if action.key not in self.objects:
                raise ApiError(404, "NotFound", f"{action.key} not found")
            return self.objects.pop(action.key)
        assert isinstance(action, Patch)
        self.objects[action.key] = set_in(self.objects[action.key], ("patched",), action.body)
        return self.objects[action.key]

    def run(self, line: str, cluster: str = "") -> str:
        if "fail" in line:
            raise CommandError(f"{line}: exit code 1")
        return f"ran {line}\n"

    def find(self, key: Key) -> Manifest | None:
        return self.objects.get(key)

    def list(
        self, cluster: str, api_version: str, kind: str, namespace: str | None = None
    ) -> Sequence[Manifest]:
        return []

    def clusters(self) -> Sequence[str]:
        return ["member1", "member2"]


def scenario(more: str) -> Scenario:
    head = """apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: test}
spec:
  horizon: 100s
  fleet: {clusters: [{name: member1}, {name: member2}]}
"""
    return parse_scenario(head + more, "s.yaml")


CONFIG = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"
READY = "cel: ready('deployment/web') == 2"
CHECKS: dict[str, tuple[str, dict[float, int], bool, float]] = {
    "within, in time": (f"within: 20s, {READY}", {15: 2}, True, 15),
    "within, at the last moment": (f"within: 15s, {READY}", {15: 2}, True, 15),
    "within, too late": (f"within: 10s, {READY}", {15: 2}, False, 10),
    "within, only for a moment": (f"within: 20s, {READY}", {5: 2, 6: 0}, True, 5),
    "at, just then": (f"at: 15s, {READY}", {15: 2, 15.5: 0}, True, 15),
    "at, no longer": (f"at: 16s, {READY}", {15: 2, 15.5: 0}, False, 16),
    "never, and it did not": (f"never: true, {READY}", {15: 1}, True, 100),
    "never, but it did for a moment": (f"never: true, {READY}", {15: 2, 15.001: 0}, False, 15),
    "never, but only after the window": (f"never: 10s, {READY}", {15: 2}, True, 10),
    "never, from later on": (f"never: true, from: 20s, {READY}", {15: 2, 16: 0}, True, 100),
    "throughout": (f"throughout: true, from: 20s, {READY}", {15: 2}, True, 100),
    "throughout, with a gap": (f"throughout: true, from: 20s, {READY}", {15: 2, 50: 1}, False, 50),
    "throughout, not yet": (f"throughout: 30s, {READY}", {15: 2}, False, 0),
    "at the end": (READY, {15: 0, 99: 2}, True, 100),
    "at the end, not": (READY, {15: 2, 99: 0}, False, 100),
    "by the clock alone": ("within: 30s, cel: now() >= 0.0", {}, True, 0),
    "an expression that fails": ("cel: status('deployment/web').x.y == 1", {}, False, 100),
    "an expression that is no answer": ("cel: ready('deployment/web')", {}, False, 100),
    "an object": (
        "cluster: member1, object: {apiVersion: apps/v1, kind: Deployment, metadata: {name: web},"
        " status: {readyReplicas: 2}}", {1: 2}, False, 100,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("check", "script", "passed", "decided_s"), CHECKS.values(), ids=CHECKS.keys()
)
def test_check(check: str, script: dict[float, int], passed: bool, decided_s: float) -> None:
    verdict = run_scenario(scenario(f"  expect: [{{name: it, {check}}}]\n"), FakeWorld(script))
    (result,) = verdict.checks
    assert (result.passed, result.time_s, verdict.passed) == (passed, decided_s, passed)
    assert result.message


def test_a_failed_check_says_what_was_found() -> None:
    verdict = run_scenario(
        scenario(f"  expect: [{{name: it, within: 5s, {READY}}}]\n"), FakeWorld({1: 1})
    )
    assert verdict.checks[0].message == (
        "expected ready('deployment/web') == 2; found: never: ready('deployment/web') is 1"
    )


STEPS = f"""  manifests: [{CONFIG}]
  steps:
  - {{name: first, at: 10s, run: [one, two]}}
  - {{name: second, after: first, delay: 5s, delete: {{apiVersion: v1, kind: ConfigMap, name: a}}}}
  - {{name: third, waitUntil: "ready('deployment/web') == 2", run: three}}
  - {{name: fourth, apply: {CONFIG.replace("a}", "b}")}}}
  - {{name: fifth, cluster: member2, patch: {{target: {{apiVersion: apps/v1, kind: Deployment,
      name: web}}, body: {{spec: {{}}}}}}}}
"""


def test_steps_play_in_order_and_at_their_times() -> None:
    world = FakeWorld({30: 2})
    world.objects[WEB._replace(cluster="member2")] = {"kind": "Deployment"}
    verdict = run_scenario(scenario(STEPS), world)
    assert verdict.passed
    assert world.log == [
        (0, "manifests"), (10, "first"), (15, "second"),
        (30, "third"), (30, "fourth"), (30, "fifth"),
    ]  # fmt: skip
    assert [step.output for step in verdict.steps] == [
        "configmap/a created", "ran one\nran two", "configmap/a deleted", "ran three",
        "configmap/b created", "deployment.apps/ patched",
    ]  # fmt: skip
    assert world.objects[WEB._replace(cluster="member2")]["patched"] == {"spec": {}}
    assert verdict.ended_s == 100


FAILING: dict[str, tuple[str, str]] = {
    "a command": ("  steps: [{at: 1s, run: fail}]\n", "fail: exit code 1"),
    "a refusal": (
        f"  manifests: [{CONFIG.replace('name: a', 'name: forbidden')}]\n", "not this one",
    ),
    "a wait in vain": (
        "  steps: [{waitUntil: \"ready('deployment/web') == 9\", timeout: 5s}]\n",
        "not within 5s: ready('deployment/web') is 0",
    ),
    "after the end": (
        "  steps: [{name: a, at: 90s, run: x}, {after: a, delay: 20s, run: z}]\n", "the run ended",
    ),
    "an expected refusal that does not come": (
        f"  steps: [{{at: 1s, apply: {CONFIG}, refused: denied}}]\n", "but it was accepted",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("more", "error"), FAILING.values(), ids=FAILING.keys())
def test_a_failing_step_fails_the_run(more: str, error: str) -> None:
    verdict = run_scenario(scenario(more), FakeWorld())
    assert not verdict.passed
    assert error in next(step.error for step in verdict.steps if not step.ok)


def test_an_expected_refusal_is_fine() -> None:
    forbidden = CONFIG.replace("name: a", "name: forbidden")
    verdict = run_scenario(
        scenario(f"  steps: [{{at: 1s, apply: {forbidden}, refused: denied the request}}]\n"),
        FakeWorld(),
    )
    assert verdict.passed


def test_times_count_from_a_step() -> None:
    more = "  steps: [{name: go, at: 40s, run: x}]\n"
    more += f"  expect: [{{name: it, within: 10s, after: go, {READY}}}]\n"
    (early,) = run_scenario(scenario(more), FakeWorld({20: 2, 30: 0})).checks
    (late,) = run_scenario(scenario(more), FakeWorld({45: 2})).checks
    assert (early.passed, early.time_s) == (False, 50)
    assert (late.passed, late.time_s) == (True, 45)


def test_a_check_after_a_step_that_never_came_fails() -> None:
    more = "  steps: [{name: go, waitUntil: 'false', timeout: 5s}]\n"
    more += "  expect: [{name: it, never: true, after: go, cel: 'false'}]\n"
    (check,) = run_scenario(scenario(more), FakeWorld()).checks
    assert not check.passed
    assert 'step "go" was never carried out' in check.message


def drive_in_slices(playing: Any, world: FakeWorld, slice_s: float) -> Verdict:
    while True:
        try:
            item = next(playing)
        except StopIteration as end:
            verdict: Verdict = end.value
            return verdict
        if isinstance(item, Advance):
            world.run_until(min(item.until_s, world.now_s + slice_s))


def test_time_may_pass_in_slices() -> None:
    more = STEPS + f"  expect: [{{name: it, within: 40s, {READY}}}]\n"

    def outcome(slice_s: float) -> list[Any]:
        world = FakeWorld({30: 2})
        world.objects[WEB._replace(cluster="member2")] = {"kind": "Deployment"}
        verdict = drive_in_slices(play(scenario(more), world), world, slice_s)
        return [(each.step.name, each.time_s) for each in verdict.steps] + [
            (each.expectation.name, each.passed, each.time_s) for each in verdict.checks
        ]

    assert outcome(1e9) == outcome(0.7)


def test_progress_is_told_before_time_passes() -> None:
    told: list[Any] = []
    run_scenario(scenario("  steps: [{name: go, at: 5s, run: x}]\n"), FakeWorld(), told.append)
    assert [type(item) for item in told] == [Advance, StepResult, Advance]


TOOK = {
    "the order of events alone": (1e-06, "at once"),
    "half a second": (0.5, "after 500ms"),
    "more than is of interest": (2.0000004, "after 2s"),
    "minutes": (79.25, "after 1m19.25s"),
}


@pytest.mark.parametrize(("took_s", "text"), TOOK.values(), ids=TOOK.keys())
def test_how_long_it_took_is_told_as_a_duration(took_s: float, text: str) -> None:
    assert after_text(took_s) == text

"""Faults of a scenario on a real (simulated) federation: begin, heal, abort, and what is after."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.core.errors import InputError
from lab.scenario.load import parse_scenario
from lab.scenario.runner import Verdict
from lab.session import Session, check_step_line

HEAD = """apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: test}
spec:
  horizon: 15m
  fleet:
    clusters:
    - {name: member1, region: east, nodePools: [{name: p, nodes: 2}]}
    - {name: member2, region: west, nodePools: [{name: p, nodes: 2}]}
"""
READY = (
    "{apiVersion: cluster.karmada.io/v1alpha1, kind: Cluster, metadata: {name: member1}, "
    'status: {conditions: [{type: Ready, status: "%s"}]}}'
)


def session(text: str) -> Session:
    return Session.open(parse_scenario(HEAD + text, "s.yaml", check_line=check_step_line))


def play(text: str) -> tuple[Verdict, Session]:
    with session(text) as opened:
        return opened.play(), opened


def failures(verdict: Verdict) -> list[str]:
    return [
        *(f"{each.step.name}: {each.error}" for each in verdict.steps if not each.ok),
        *(f"{each.expectation.name}: {each.message}" for each in verdict.checks if not each.passed),
    ]


def test_an_outage_is_noticed_and_its_end_as_well() -> None:
    verdict, opened = play(f"""  steps:
  - {{name: outage, at: 1m, fault: {{kind: RegionOutage, target: {{region: east}}, for: 5m}}}}
  - {{name: look, after: outage/healed, delay: 5s, run: fedlab faults}}
  expect:
  - {{name: down, within: 3m, after: outage, object: {READY % "False"}}}
  - {{name: up until then, throughout: 1m, object: {READY % "True"}}}
  - {{name: back, within: 3m, after: outage/healed, object: {READY % "True"}}}
  - {{name: it stays, throughout: true, from: 3m, after: outage/healed, object: {READY % "True"}}}
""")
    assert failures(verdict) == []
    assert [each.time_s for each in verdict.steps] == [60.0, 365.0]
    assert "region-outage" not in verdict.steps[1].output
    assert "outage   RegionOutage   over" in verdict.steps[1].output
    back = next(each for each in verdict.checks if each.expectation.name == "back")
    assert 360.0 < back.time_s < 480.0
    chain = [record for record in opened.federation.trace.records if record.type == "fault"]
    assert [each.time_s for each in chain] == [60.0, 360.0]


def test_a_heal_step_ends_a_fault_before_its_time() -> None:
    verdict, opened = play("""  steps:
  - {name: outage, at: 1m, fault: {kind: ClusterOutage, target: {cluster: member1}, for: 10m}}
  - {name: other, fault: {kind: ApiServerDown, target: {cluster: member2}}}
  - {at: 2m, heal: outage}
  - {at: 3m, heal: all}
  - {at: 4m, heal: all}
  expect:
  - {name: exactly then, at: 0s, after: outage/healed, cel: now() == 120.0}
  - {name: and the other, at: 10s, after: other/healed, cel: now() == 190.0}
""")
    assert failures(verdict) == []
    assert [each.output for each in verdict.steps[2:]] == [
        "outage healed",
        "other healed",
        "no fault is active",
    ]
    assert opened.federation.injector.active() == []


def test_a_heal_of_a_fault_that_is_over_is_told() -> None:
    verdict, _ = play("""  steps:
  - {name: outage, at: 1m, fault: {kind: ClusterOutage, target: {cluster: member1}, for: 1m}}
  - {at: 5m, heal: outage}
""")
    assert failures(verdict) == ['heal outage: fault "outage" is over since 2m0s']


def test_what_waits_for_a_heal_that_never_comes_fails() -> None:
    verdict, _ = play("""  steps:
  - {name: outage, at: 1m, fault: {kind: ApiServerDown, target: {cluster: member1}}}
  - {after: outage/healed, run: fedlab faults}
  expect: [{name: back, within: 1m, after: outage/healed, cel: now() > 0.0}]
""")
    assert [each.split(":")[0] for each in failures(verdict)] == ["fedlab faults", "back"]
    assert 'fault "outage" was never healed' in failures(verdict)[1]


ABORT = """  steps:
  - name: outage
    at: 1m
    fault:
      kind: ApiServerDown
      target: {cluster: member1}
      abortIf: &down >-
        status('cluster/member1').conditions.exists(c, c.type == 'Ready' && c.status == 'False')
  expect:
  - {name: aborted, within: 3m, after: outage, cel: *down}
  - {name: after that, at: 1s, after: outage/healed, cel: now() > 61.0}
"""


def test_a_condition_ends_a_fault_and_the_record_says_so() -> None:
    verdict, opened = play(ABORT)
    assert failures(verdict) == []
    heal = next(
        each
        for each in opened.federation.trace.records
        if each.type == "fault" and each.detail["phase"] == "heal"
    )
    assert heal.detail["by"] == "abort"
    assert "c.type == 'Ready'" in heal.detail["abortIf"]
    assert "status('cluster/member1').conditions is" in heal.detail["found"]
    assert heal.time_s == opened.federation.injector.healed_s("outage")


def test_how_a_run_is_driven_makes_no_difference() -> None:
    def digest(slice_s: float) -> str:
        with session(ABORT) as opened:

            def pace(until_s: float) -> None:
                while opened.now_s < until_s:
                    opened.run_until(min(until_s, opened.now_s + slice_s))

            opened.play(pace)
            return opened.digest()

    assert digest(1e9) == digest(0.77)


def test_a_condition_about_nothing_never_comes_true() -> None:
    with session("") as opened:
        line = (
            "inject ClusterOutage -C member1 --abort-if \"object('deploy/web').spec.replicas > 1\""
        )
        assert opened.command(line).exit_code == 0
        opened.run_until(60.0)
        assert [each.name for each in opened.federation.injector.active()] == ["cluster-outage"]


def test_a_condition_is_watched_in_a_live_session() -> None:
    with session("") as opened:
        opened.run_until(10.0)
        opened.command("inject ApiServerDown -C member1 --abort-if 'now() > 100.0'")
        opened.run_until(300.0)
        healed_s = opened.federation.injector.healed_s("api-server-down")
        assert healed_s is not None
        assert 100.0 < healed_s < 120.0


LINES = {
    "an unknown kind": ("fedlab inject RegionOutge --region east", 'did you mean "RegionOutage"'),
    "a region that is not there": ("inject RegionOutage --region easst", 'did you mean "east"'),
    "a cluster that is not there": ("inject ClusterOutage -C member3", "member3"),
    "a kind nobody plays": ("inject BackupStoreDown -C member1", "no backup store"),
    "a heal of nothing": ("fedlab heal outage", 'no fault is named "outage"'),
    "a parameter that is none": ("inject SlowApi -C member1 -p fctor=3", 'did you mean "factor"'),
    "a parameter without a value": ("inject SlowApi -C member1 -p factor", "needs name=value"),
    "a condition that is none": (
        "inject ClusterOutage -C member1 --abort-if 'reedy() > 1'", "unknown function reedy()",
    ),
    "the line of another program": ("kubectl inject ClusterOutage -C member1", "unknown command"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "message"), LINES.values(), ids=LINES.keys())
def test_a_wrong_line_is_told_before_anything_runs(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(f"{HEAD}  steps:\n  - run: {line!r}\n")
    with pytest.raises(InputError) as caught:
        Session.open(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}:11:")


def test_lines_and_steps_know_of_one_another(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(f"""{HEAD}  steps:
  - {{at: 1m, run: fedlab inject ClusterOutage -C member1 --for 1m --name one}}
  - {{name: two, fault: {{kind: ApiServerDown, target: {{cluster: member2}}}}}}
  - {{heal: one}}
  - {{run: fedlab heal two}}
""")
    with Session.open(path) as opened:
        assert failures(opened.play()) == []
    path.write_text(f"""{HEAD}  steps:
  - {{at: 1m, run: fedlab inject ClusterOutage -C member1 --name two}}
  - {{name: two, fault: {{kind: ApiServerDown, target: {{cluster: member2}}}}}}
  - {{heal: three}}
""")
    with pytest.raises(InputError) as caught:
        Session.open(path)
    told = [str(caught.value), *map(str, caught.value.problems)]
    assert [each.split(": ", 1)[1] for each in told] == [
        'a fault is named "two" already, needs another name',
        'no fault is named "three" (active: two)',
    ]


WITHIN: dict[str, tuple[str, str, bool, str]] = {
    "true at first, and never again in time": (
        "60s", f"object: {READY % 'True'}", True, "all the time"),
    "what ceases must come back": ("2m", f"object: {READY % 'True'}", False, "never: "),
    "and may come back": ("9m", f"object: {READY % 'True'}", True, "after 5m"),
    "what was not so": ("2m", f"object: {READY % 'False'}", True, "after 1m19"),
}  # fmt: skip


@pytest.mark.parametrize(("time", "what", "passes", "says"), WITHIN.values(), ids=WITHIN.keys())
def test_within_after_a_fault_means_again_or_all_the_time(
    time: str, what: str, passes: bool, says: str
) -> None:
    verdict, _ = play(f"""  steps:
  - {{name: outage, at: 1m, fault: {{kind: ClusterOutage, target: {{cluster: member1}}, for: 5m}}}}
  expect:
  - {{name: it, within: {time}, after: outage, {what}}}
""")
    (check,) = verdict.checks
    assert check.passed is passes
    assert says in check.message


def test_within_after_another_step_may_be_so_at_once() -> None:
    verdict, _ = play(f"""  steps:
  - {{name: a step, at: 1m, run: kubectl create namespace x}}
  expect:
  - {{name: it, within: 1m, after: a step, object: {READY % "True"}}}
""")
    (check,) = verdict.checks
    assert check.passed
    assert check.time_s == 60.0
    assert check.message.startswith("already when it began")


def test_a_fault_that_cannot_be_read_is_one_error() -> None:
    with pytest.raises(InputError) as caught:
        play("""  steps:
  - {name: outage, at: 1m, fault: {kind: ClusterOutage, target: {cluster: membre1}, for: 5m}}
  expect:
  - {name: it, within: 1m, after: outage/healed, cel: exists('cluster/member1')}
""")
    assert "membre1" in caught.value.message
    assert not caught.value.problems, "what counts from it is no second error"

"""A run with a fault, end to end: applications and broken laws in text, JSON, JUnit, run file."""

import json
import sqlite3
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.cli.front import run_program
from lab.commands.recorded import open_run
from lab.commands.reporting.facts import report_of
from lab.commands.reporting.junit import junit
from lab.session import Session

Shell = Callable[..., tuple[int, str, str]]
SCENARIO = """\
apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: outage}
spec:
  horizon: 20m
  settings:
    karmada:
      featureGates: {Failover: true}
      enableNoExecuteTaintEviction: true
      allowNoExecuteTaintPolicy: true
  fleet:
    clusters:
    - {name: member1, nodePools: [{name: a, nodes: 2, cpu: "4", memory: 8Gi}]}
    - {name: member2, nodePools: [{name: a, nodes: 2, cpu: "4", memory: 8Gi}]}
  manifests: [objects.yaml]
  steps:
  - {name: outage, at: 1m, fault: {kind: ClusterOutage, target: {clusters: [member1]}, for: 5m}}
"""
OBJECTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
---
apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {name: web}
spec:
  resourceSelectors: [{apiVersion: apps/v1, kind: Deployment, name: web}]
  placement:
    replicaScheduling:
      replicaSchedulingType: Divided
      replicaDivisionPreference: Weighted
---
apiVersion: policy.karmada.io/v1alpha1
kind: ClusterTaintPolicy
metadata: {name: not-ready}
spec:
  targetClusters: {}
  addOnConditions: [{conditionType: Ready, operator: NotIn, statusValues: ["True"]}]
  removeOnConditions: [{conditionType: Ready, operator: In, statusValues: ["True"]}]
  taints: [{key: not-ready, effect: NoExecute}]
"""
STRICT = "  invariants: {leftover: 1s}\n"
"""Karmada's retries are late when a cluster is back: a known failure, if one is strict."""


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    Path("objects.yaml").write_text(OBJECTS)

    def run(more: str, *words: str) -> tuple[int, str, str]:
        Path("s.yaml").write_text(SCENARIO + more)
        code = run_program(["run", "s.yaml", *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_a_healthy_failover_breaks_no_law(shell: Shell) -> None:
    code, out, _ = shell("")
    assert code == 0
    table = out[out.index("Applications") : out.index("Checks")]
    for part in (
        "APPLICATION", "BELOW TARGET", "RTO", "LOST", "VERDICT",
        "deployment/web   all", "met", "12 of 13 held; Q1 not judged (-v says why)",
        "NOTE  Q2 same-end-state  ResourceBinding default/web-deployment: is on member2: 4, "
        "without the faults on member1: 2, member2: 2: its policy allows both",
    ):  # fmt: skip
        assert part in table
    assert "FAIL" not in table


def test_a_broken_law_fails_the_run_with_its_causes(shell: Shell) -> None:
    code, out, _ = shell(STRICT)
    assert code == 1
    lines = out.split("\n")
    at = next(index for index, line in enumerate(lines) if "FAIL" in line)
    assert "S2 no-surplus  member1/Deployment default/web: stands in member1 for" in lines[at]
    chain = "\n".join(lines[at + 1 : at + 12])
    assert "step: outage" in chain
    assert "ClusterOutage strikes member1" in chain
    assert "binding-controller deletes Work karmada-es-member1/web" in chain
    assert "FAILED: 0 of 0 checks held, 1 violation of invariants" in out


def test_what_is_known_to_break_is_expected(shell: Shell) -> None:
    code, out, _ = shell(STRICT + "  expect: [{violates: S2}]\n")
    assert code == 0
    assert "KNOWN" in out
    assert "PASS  violates S2" in out


def test_an_expected_violation_that_does_not_come_fails(shell: Shell) -> None:
    code, out, _ = shell("  expect: [{violates: S2}]\n")
    assert code == 1
    assert "expected a violation of S2 no-surplus; found: no violation of it" in out


@pytest.mark.parametrize("more", ["  invariants: {except: [S2], leftover: 1s}\n",
                                  "  invariants: none\n"])  # fmt: skip
def test_what_is_switched_off_is_not_checked(shell: Shell, more: str) -> None:
    code, out, _ = shell(more)
    assert code == 0
    assert ("none are on" in out) is ("none" in more)


def test_a_switched_off_law_cannot_be_expected(shell: Shell) -> None:
    code, out, _ = shell("  invariants: {except: [S2]}\n  expect: [{violates: S2}]\n")
    assert code == 1
    assert "found: that invariant is switched off" in out


def test_a_missed_target_fails_the_run(shell: Shell) -> None:
    code, out, _ = shell("  targets: [{app: deployment/web, rto: 10s}]\n")
    assert code == 1
    assert "breached: below target for" in out
    assert "1 target missed" in out
    code, out, _ = shell("  targets: [{app: deployment/web, ready: 50%, rto: 10s}]\n")
    assert code == 0
    assert "50%, back in 10s" in out


def test_expectations_ask_for_outcomes(shell: Shell) -> None:
    code, out, _ = shell(
        "  expect:\n"
        "  - {name: half of it is gone, within: 1s, after: outage,"
        " cel: \"serving('deployment/web') == 2 && serving('deployment/web', 'member1') == 0\"}\n"
        "  - {name: never for long, throughout: true, cel: \"rto('deployment/web') < 100.0\"}\n"
        "  - {name: in all, cel: \"minutes_below('deployment/web') > 0.5"
        " && minutes_below('deployment/web') * 60.0 == rto('deployment/web')\"}\n"
        "  - {name: two were lost, cel: \"lost('deployment/web') == 2\"}\n"
    )
    assert code == 0, out


def test_json_has_all_of_it(shell: Shell) -> None:
    _, out, _ = shell(STRICT, "-o", "json")
    data = json.loads(out)
    (outcome,) = data["outcomes"]
    assert outcome["application"] == "deployment/web"
    assert (outcome["lost"], outcome["verdict"]) == (2, "met")
    assert [each["fault"] for each in outcome["faults"]] == ["outage"]
    assert outcome["faults"][0]["rtoS"] == outcome["rtoS"] == outcome["longestS"] > 30
    laws = data["invariants"]
    (violation,) = laws["violations"]
    assert (violation["law"], violation["object"][0]) == ("S2", "member1")
    assert violation["chain"][-1] == violation["record"]
    assert laws["laws"] == 13
    assert laws["expectedViolations"] == []
    assert [each["law"] for each in laws["remarks"]] == ["Q2"]


def test_junit_has_a_case_for_each_broken_law_and_target(shell: Shell) -> None:
    shell(STRICT + "  targets: [{app: deployment/web, rto: 5m}]\n", "--junit", "j.xml")
    suite = ElementTree.parse("j.xml").getroot()[0]
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert set(cases) == {"invariant S2 no-surplus", "target of deployment/web"}
    failure = cases["invariant S2 no-surplus"].find("failure")
    assert failure is not None
    assert "ClusterOutage strikes member1" in (failure.text or "")
    assert cases["target of deployment/web"].find("failure") is None
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


def test_a_report_calls_its_cases_as_the_run_does(shell: Shell, tmp_path: Path) -> None:
    shell(STRICT + "  targets: [{app: deployment/web, rto: 5m}]\n",
          "--junit", "j.xml", "--out", "a.run")  # fmt: skip
    world = open_run(tmp_path / "a.run")
    reported = junit(report_of(world))
    world.reader.close()
    names = [
        [case.get("name") for case in root.iter("testcase")]
        for root in (ElementTree.parse("j.xml").getroot(), ElementTree.fromstring(reported))
    ]
    assert names[0] == names[1]


def test_the_run_file_keeps_both(shell: Shell, tmp_path: Path) -> None:
    shell(STRICT, "--out", "a.run")
    with sqlite3.connect(tmp_path / "a.run") as file:
        rows = file.execute("SELECT law, cluster, name FROM violations").fetchall()
        meta = dict(file.execute("SELECT name, value FROM meta").fetchall())
    assert rows == [("S2", "member1", "web")]
    assert json.loads(meta["outcomes"])[0]["application"] == "deployment/web"
    assert json.loads(meta["passed"]) is False


def test_a_run_without_faults_is_played_once(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell("")
    opened: list[object] = []
    real = Session.open.__func__  # type: ignore[attr-defined]

    def counted(cls: type[Session], /, *words: object, **named: object) -> Session:
        opened.append(words)
        session: Session = real(cls, *words, **named)
        return session

    monkeypatch.setattr(Session, "open", classmethod(counted))
    shell("")
    assert len(opened) == 2
    opened.clear()
    Path("plain.yaml").write_text(SCENARIO[: SCENARIO.index("  steps:")])
    run_program(["run", "plain.yaml"])
    assert len(opened) == 1


def test_a_run_cut_short_says_what_it_could_not_judge(shell: Shell) -> None:
    code, out, _ = shell("", "--until", "2m", "-v")
    assert code == 0
    assert "not recovered" not in out or "of 4 serve at the end" in out

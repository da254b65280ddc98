"""A session plays scenarios, answers lines, and leaves a run file that says the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.commands.recorded import open_run
from lab.core.errors import InputError
from lab.core.model import HUB, Key
from lab.runs.reader import RunReader
from lab.session import Session, check_step_line

SCENARIO = """\
apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: two-members}
spec:
  seed: 7
  horizon: 3m
  fleet:
    clusters:
      - {name: member1, nodePools: [{name: a, nodes: 2, cpu: "4", memory: 8Gi}]}
      - {name: member2, nodePools: [{name: a, nodes: 2, cpu: "4", memory: 8Gi}]}
  manifests: [objects.yaml]
  steps:
    - {name: grow, at: 1m, run: kubectl scale deployment/web --replicas=4}
    - {name: mark, at: 90s, cluster: member1, run: kubectl label deployment web seen=yes}
  expect:
    - {name: grown, within: 1m, after: grow, cel: "ready('deployment/web') == 4"}
"""
OBJECTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
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
"""
WEB = Key(HUB, "apps/v1", "Deployment", "default", "web")


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    (tmp_path / "objects.yaml").write_text(OBJECTS)
    path = tmp_path / "two.yaml"
    path.write_text(SCENARIO)
    return path


def test_a_scenario_is_played(scenario: Path, tmp_path: Path) -> None:
    with Session.open(scenario, out=tmp_path / "a.run") as session:
        verdict = session.play()
        assert verdict.passed, [(c.message, c.passed) for c in verdict.checks]
        assert [step.ok for step in verdict.steps] == [True, True, True]
        member = session.world.find(WEB._replace(cluster="member1"))
        assert member is not None
        assert member["metadata"]["labels"]["seen"] == "yes"
        assert session.now_s == 180.0


def test_the_run_file_says_what_the_session_said(scenario: Path, tmp_path: Path) -> None:
    lines = ("get deploy -s all -A -o json", "get pods -s members -o json", "get rb -o json",
             "get works -A -o json", "events -A", "get nodes --context member1 -o json")  # fmt: skip  # noqa: E501
    with Session.open(scenario, out=tmp_path / "a.run") as session:
        session.play()
        said = {(at, line): session.command(f"{line} --at {at}").text
                for at in ("0s", "5s", "70s", "180s") for line in lines}  # fmt: skip
        now = {line: session.command(line).text for line in lines}
    from lab.commands.context import Context
    from lab.commands.line import parse_line

    world = open_run(tmp_path / "a.run")
    for (at, line), text in said.items():
        command = parse_line(f"{line} --at {at}")
        result = command.verb.run(Context(world=world, verb="x"), command.args)
        assert result.text == text, (at, line)
    for line in lines:
        if "nodes" not in line:  # a node's heartbeat moves without any change of the node
            assert said["180s", line] == now[line]
    world.reader.close()


def _digest(scenario: Path, slice_s: float) -> str:
    with Session.open(scenario) as session:

        def pace(until_s: float) -> None:
            while session.now_s < until_s:
                session.run_until(min(until_s, session.now_s + slice_s))

        session.play(pace)
        return session.federation.trace.digest()


def test_the_pace_does_not_matter(scenario: Path) -> None:
    assert _digest(scenario, 1e9) == _digest(scenario, 0.73)


def test_the_trace_is_the_same_in_another_process(scenario: Path) -> None:
    code = (
        "import sys; from lab.session import Session\n"
        "with Session.open(sys.argv[1]) as session:\n"
        "    session.play(); print(session.federation.trace.digest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, str(scenario)],
            env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(digests) == 1


def test_lines_answer_as_a_console_shows_them(scenario: Path) -> None:
    with Session.open(scenario) as session:
        for line, code, text in (
            ("kubectl get deploy web", 1, 'Error from server (NotFound): deployments.apps "web"'),
            ("kubectl gett pods", 2, 'error: unknown command "gett" for "kubectl"'),
            ("kubectl get pods | grep x", 2, "is shell syntax"),
            ("karmadactl cordon member2", 0, "member2 cluster cordoned"),
            ("karmadactl join member1", 1, "has been registered"),
            ("karmadactl join mars", 2, 'the fleet has no cluster "mars"'),
            ("kubectl apply -f objects.yaml", 0, "deployment.apps/web created"),
            ("kubectl apply -f nothing.yaml", 2, "nothing.yaml"),
            ("run x.yaml", 2, "cannot be a step of one"),
        ):
            result = session.command(line)
            said = "\n".join([result.text, *result.notes])
            assert (result.exit_code, text in said) == (code, True), said


def test_unjoin_and_join(scenario: Path) -> None:
    with Session.open(scenario) as session:
        assert session.command("karmadactl unjoin member2").exit_code == 0
        session.run_until(120.0)
        assert "member2" not in session.command("kubectl get clusters").text
        assert session.command("karmadactl join member2").text.endswith("is joined successfully")
        session.run_until(180.0)
        assert "True" in session.command("kubectl get cluster member2").text


def test_each_mode_has_its_own_way_out(scenario: Path) -> None:
    text = scenario.read_text()
    pull = text.replace("name: member2", "name: member2, syncMode: Pull", 1)
    assert pull != text
    scenario.write_text(pull)
    with Session.open(scenario) as session:
        assert "Pull" in session.command("kubectl get clusters").text
        for line, other in (("unjoin member2", "unregister"), ("unregister member1", "unjoin")):
            result = session.command(f"karmadactl {line}")
            assert result.exit_code != 0
            assert f"please use command `{other}`" in "\n".join([result.text, *result.notes])
        assert session.command("karmadactl unregister member2").exit_code == 0
        session.run_until(120.0)
        assert "member2" not in session.command("kubectl get clusters").text


@pytest.mark.parametrize("line", ["fedlab version", "run x.yaml", "plan -f x.yaml"])
def test_what_cannot_be_a_step(line: str) -> None:
    with pytest.raises(InputError, match="cannot be a step"):
        check_step_line(line)


def test_explain_tells_the_turn_that_counted_then(scenario: Path) -> None:
    with Session.open(scenario) as session:
        session.play()
        early = session.command("explain deployment/web --at 30s")
        late = session.command("explain rb/web-deployment")
        assert "Deployment default/web, 2 replicas" in early.text
        assert "Deployment default/web, 4 replicas" in late.text
        assert late.data["claim"]["policy"]["name"] == "web"
        assert late.data["decision"]["time"] > early.data["decision"]["time"]
        assert session.command("explain deployment/api").exit_code == 1


def test_explain_without_a_policy(scenario: Path) -> None:
    with Session.open(scenario) as session:
        session.command("kubectl apply -f objects.yaml")
        session.command("kubectl delete pp web")
        session.run_until(10.0)
        text = session.command("explain deployment/web").text
        assert "No policy claims it" in text
        assert "There is no binding" in text


def test_a_snapshot_is_the_federation_at_a_glance(scenario: Path) -> None:
    with Session.open(scenario) as session:
        before = session.snapshot()
        session.play()
        after = session.snapshot()
    assert [(c.name, c.ready, c.works) for c in before.clusters] == [
        ("member1", "True", 0), ("member2", "True", 0),
    ]  # fmt: skip
    (binding,) = after.bindings
    assert binding.clusters == (("member1", 2), ("member2", 2))
    assert (binding.template, binding.fully_applied) == ("Deployment web", "True")
    assert dict(binding.health) == {"member1": "Healthy", "member2": "Healthy"}
    assert [(c.works, c.applied_works) for c in after.clusters] == [(1, 1), (1, 1)]


def test_the_file_knows_every_change_as_it_was_told(scenario: Path, tmp_path: Path) -> None:
    with Session.open(scenario, out=tmp_path / "a.run") as session:
        session.play()
        told = [
            each
            for each in session.federation.trace.records
            if each.type == "change" and each.time_s > 0  # the boot is kept as one state
        ]
    reader = RunReader(tmp_path / "a.run")
    try:
        assert len(told) > 50
        for each in told:
            stored = reader.record(each.number)
            assert stored is not None
            _, after = reader.ends(stored)
            assert after == each.after, each.number
    finally:
        reader.close()

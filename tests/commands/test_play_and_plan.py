"""run, plan, lint, explain of fields, scenario files: what a person gets, end to end."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from lab.cli.front import run_program
from lab.planning import plan
from lab.scenario.source import in_namespace, load_manifests
from tests.test_session import OBJECTS, SCENARIO

Shell = Callable[..., tuple[int, str, str]]
CLUSTERS = """\
apiVersion: cluster.karmada.io/v1alpha1
kind: Cluster
metadata: {name: member1}
spec: {syncMode: Push}
---
apiVersion: cluster.karmada.io/v1alpha1
kind: Cluster
metadata: {name: member2}
spec: {syncMode: Push}
"""


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    Path("objects.yaml").write_text(OBJECTS)
    Path("two.yaml").write_text(SCENARIO)
    Path("clusters.yaml").write_text(CLUSTERS)

    def run(*words: str) -> tuple[int, str, str]:
        code = run_program(list(words))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_run_tells_what_happened(shell: Shell) -> None:
    code, out, err = shell("run", "two.yaml")
    assert code == 0
    for part in (
        "PropagationPolicy default/web applied",
        "Deployment default/web claimed by PropagationPolicy web",
        "ResourceBinding default/web-deployment created",
        "scheduled to member1:1, member2:1",
        "Work of Deployment default/web created for member1, member2",
        "Deployment default/web created in member1, member2",
        "Deployment default/web 2/2 ready",
        "$ kubectl scale deployment/web --replicas=4",
        "scheduled to member1:2, member2:2 (was member1:1, member2:1)",
        "      app: web",
        "  PASS  grown: after ",
        "passed: 1 of 1 checks held; 3m00.000s of fleet time",
    ):
        assert part in out, part
    assert err.startswith("run file: ")
    assert "\x1b" not in out + err
    assert "managed-labels" not in out
    _, out, _ = shell("run", "two.yaml", "-v")
    for part in (
        "      karmada.io/managed: true",
        "      resourcetemplate.karmada.io/managed-labels: app,karmada.io/managed,",
    ):
        assert part in out, part


def test_run_begins_with_the_description(shell: Shell) -> None:
    text = "  description: |\n    First [bold]one.\n\n    Then another.\n  seed: "
    Path("two.yaml").write_text(SCENARIO.replace("  seed: ", text, 1))
    _, out, _ = shell("run", "two.yaml")
    assert out.splitlines()[1:5] == ["", "First [bold]one.", "Then another.", ""]


def test_a_failed_check_exits_1(shell: Shell) -> None:
    Path("two.yaml").write_text(SCENARIO.replace("== 4", "== 5"))
    code, out, _ = shell("run", "two.yaml", "--junit", "out/report.xml")
    assert code == 1
    assert "  FAIL  grown: " in out
    suite = ElementTree.parse("out/report.xml").getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "1", "0")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "== 5" in str(failure.get("message"))


def test_a_step_that_fails_is_an_error(shell: Shell) -> None:
    Path("two.yaml").write_text(SCENARIO.replace("deployment/web --", "deployment/api --"))
    code, out, _ = shell("run", "two.yaml", "--junit", "report.xml")
    assert code == 1
    assert 'deployments.apps "api" not found' in out
    suite = ElementTree.parse("report.xml").getroot().find("testsuite")
    assert suite is not None
    assert suite.get("errors") == "1"


def test_run_as_data_and_again(shell: Shell) -> None:
    _, out, _ = shell("run", "two.yaml", "-o", "json", "--out", "a.run")
    first = json.loads(out)
    assert (first["passed"], first["seed"], first["runFile"]) == (True, 7, "a.run")
    assert [each["metadata"]["name"] for each in first["members"]["member1"]] == ["web"]
    again = json.loads(shell("run", "two.yaml", "-o", "json")[1])
    other = json.loads(shell("run", "two.yaml", "-o", "json", "--seed", "8")[1])
    assert first["digest"] == again["digest"] != other["digest"]


def test_several_scenarios_end_in_a_table(shell: Shell) -> None:
    Path("bad.yaml").write_text(SCENARIO.replace("horizon: 3m", "horizn: 3m"))
    code, out, err = shell("run", "two.yaml", "bad.yaml")
    assert code == 2
    assert "two-members   passed    1/1" in out
    assert "bad.yaml      INVALID   -" in out
    assert 'did you mean "horizon"' in err


def test_until_leaves_checks_open(shell: Shell) -> None:
    code, out, _ = shell("run", "two.yaml", "--until", "30s")
    assert code == 0
    assert "  OPEN  grown" in out
    assert "30.000s of fleet time" in out
    assert shell("run", "two.yaml", "--until", "1h")[0] == 2


REFUSED_RUNS = {
    "real clusters": (["two.yaml", "--on", "real"], "--on real is not built yet"),
    "two scenarios, one file": (["two.yaml", "two.yaml", "--out", "x.run"], "--out names one"),
    "a speed of nothing": (["two.yaml", "--speed", "0"], "needs a factor above 0"),
    "a seed below 0": (["two.yaml", "--seed=-1"], "--seed needs a number from 0"),
    "no such file": (["nothing.yaml"], "nothing.yaml"),
    "a report over the scenario": (
        ["two.yaml", "--junit", "two.yaml"],
        "is a scenario: name another",
    ),
    "a run file over another file": (["two.yaml", "--out", "objects.yaml"], "is left alone"),
}


@pytest.mark.parametrize(("words", "message"), REFUSED_RUNS.values(), ids=REFUSED_RUNS.keys())
def test_runs_that_are_refused(shell: Shell, words: list[str], message: str) -> None:
    code, _, err = shell("run", *words)
    assert (code, message in err) == (2, True), err


def test_the_newest_run_is_read(shell: Shell) -> None:
    shell("run", "two.yaml")
    code, out, err = shell("get", "pods", "-C", "member1", "--at", "59s")
    assert code == 0
    assert len(out.splitlines()) == 2
    assert "Running" in out
    assert "two-members" in err
    assert "at 59s" in err
    told = shell("get", "pods", "--at", "1h")[2]
    assert "--at 1h0m0s lies outside of the run, which goes from " in told
    assert re.search(r" from -?[0-9.µm]*s to [0-9.m]*s$", told, re.MULTILINE), told
    assert "x4" not in shell("get", "rb", "-w")[1]
    assert "turn 1 with this binding" in shell("explain", "deployment/web", "--at", "30s")[1]
    assert "ScheduleBindingSucceed" in shell("describe", "rb", "web-deployment")[1]


def test_plan_prints_exactly_the_plan(shell: Shell) -> None:
    code, out, err = shell("plan", "-f", "objects.yaml", "-f", "clusters.yaml", "-o", "json")
    assert (code, err) == (0, "")
    from lab.core.kinds import HUB_KINDS

    kinds = HUB_KINDS()
    sources = load_manifests(["objects.yaml", "clusters.yaml"])
    objects = [in_namespace(source.manifest, kinds) for source in sources]
    assert json.loads(out) == plan(objects).to_dict()
    assert yaml.safe_load(shell("plan", "-f", "objects.yaml,clusters.yaml", "-o", "yaml")[1]) == (
        json.loads(out)
    )


def test_plan_for_people(shell: Shell) -> None:
    code, out, _ = shell(
        "plan", "-f", "objects.yaml", "--fleet", "two.yaml", "--explain", "--render"
    )
    assert code == 0
    assert "default/web-deployment   PropagationPolicy web   member1:1, member2:1   Success" in out
    assert "Scheduled again by" in out
    assert "# cluster: member1\n" in out


def test_a_plan_without_clusters_names_both_remedies(shell: Shell) -> None:
    code, _, err = shell("plan", "-f", "objects.yaml")
    assert code == 2
    assert "add Cluster objects" in err
    assert "--fleet" in err


def test_lint_has_places_reasons_and_remedies(shell: Shell) -> None:
    Path("policy.yaml").write_text(
        "apiVersion: policy.karmada.io/v1alpha1\nkind: PropagationPolicy\nmetadata: {name: p}\n"
        "spec:\n  resourceSelectors: [{apiVersion: apps/v1, kind: Deployment, name: web}]\n"
        "  placement:\n    spreadConstraints:\n      - {spreadByField: cluster, minGroups: 2}\n"
    )
    code, out, _ = shell("lint", "-f", "policy.yaml", "-f", "objects.yaml")
    assert code == 1
    assert "policy.yaml:8:" in out
    assert "[max-groups-unset]" in out
    assert "    why      " in out
    assert "    instead  " in out
    found = json.loads(shell("lint", "policy.yaml", "-o", "json")[1])
    unset = next(each for each in found if each["code"] == "max-groups-unset")
    assert (unset["file"], unset["line"]) == ("policy.yaml", 8)
    code, out, _ = shell("lint", "two.yaml", "--severity", "error")
    assert (code, out) == (0, "nothing found in 2 objects\n")


FIELDS = {
    "a kind": (["deploy"], "KIND:       Deployment"),
    "a path": (["pp.spec.placement.spreadConstraints"], "spreadByField"),
    "an enum": (["pp.spec.placement.spreadConstraints"], "cluster, region, zone, provider"),
    "an unknown field": (["pp.spec.placment"], 'did you mean "placement"'),
    "an unknown kind": (["deploymnt"], 'did you mean "deployment"'),
    "recursive": (["pp", "--recursive"], "spec.placement.clusterAffinity.clusterNames"),
}


@pytest.mark.parametrize(("words", "part"), FIELDS.values(), ids=FIELDS.keys())
def test_explain_of_fields_needs_no_run(shell: Shell, words: list[str], part: str) -> None:
    _, out, err = shell("explain", *words)
    assert part in out + err


def test_a_new_scenario_passes(shell: Shell) -> None:
    assert shell("scenario", "new", "first.yaml")[0] == 0
    assert "first is valid" in shell("scenario", "check", "first.yaml")[1]
    assert shell("run", "first.yaml")[0] == 0
    assert "exists already" in shell("scenario", "new", "first.yaml")[2]
    assert "cannot be a scenario's name" in shell("scenario", "new", "First One.yaml")[2]


def test_scenario_check_tells_all_problems(shell: Shell) -> None:
    text = SCENARIO.replace("horizon: 3m", "horizn: 3m").replace("--replicas=4", "--replcas=4")
    Path("bad.yaml").write_text(text)
    code, _, err = shell("scenario", "check", "bad.yaml")
    assert code == 2
    assert "bad.yaml:6:" in err
    Path("bad.yaml").write_text(SCENARIO.replace("--replicas=4", "--replcas=4 | cat"))
    assert "is shell syntax" in shell("scenario", "check", "bad.yaml")[2]


def test_the_schema_accepts_what_the_loader_accepts(shell: Shell) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(shell("scenario", "schema")[1])
    shell("scenario", "new", "first.yaml")
    for name in ("first.yaml", "two.yaml"):
        jsonschema.validate(yaml.safe_load(Path(name).read_text()), schema)


FORMS = ["describe rb", "explain deployment/web", "events", "get rb", "doctor", "version",
         "lint -f objects.yaml", "plan -f objects.yaml -f clusters.yaml", "run two.yaml",
         "scenario check two.yaml"]  # fmt: skip


def test_every_verb_knows_every_form(shell: Shell) -> None:
    shell("run", "two.yaml")
    for line in FORMS:
        for form in ("table", "wide", "json", "yaml", "name"):
            code, out, err = shell(*line.split(), "-o", form)
            assert code in {0, 1}, (line, form, err)
            assert out, (line, form)
            if form == "json":
                json.loads(out)


def test_health_that_only_flickers_is_not_told() -> None:
    from lab.commands.printers.timeline import _settled
    from lab.commands.printers.told import Told

    def told(time_s: float, word: str) -> Told:
        return Told(time_s, "health", f"ResourceBinding d/web {word} in {{where}}", ("m1",))

    kept = _settled([told(1.0, "healthy"), told(9.0, "no longer healthy"), told(9.05, "healthy"),
                     told(9.09, "no longer healthy"), told(20.0, "healthy")])  # fmt: skip
    assert [each.time_s for each in kept] == [1.0, 9.09, 20.0]


def test_a_policy_that_a_webhook_refuses_is_invalid_input(shell: Shell) -> None:
    text = OBJECTS.replace("  placement:\n", "  placement:\n    spreadConstraints: "
                           "[{spreadByField: cluster, minGroups: 3, maxGroups: 2}]\n")  # fmt: skip
    Path("objects.yaml").write_text(text)
    code, out, err = shell("plan", "-f", "objects.yaml", "-f", "clusters.yaml")
    assert (code, out) == (2, "")
    assert "maxGroups" in err
    assert len(err.splitlines()) == 1

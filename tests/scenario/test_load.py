"""A scenario is checked wholly before anything runs; every error has its place."""

# ruff: noqa: E501 — one row of a table is one case
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from lab.core.errors import InputError
from lab.core.lint import lint
from lab.scenario.format import FLEET, SCENARIO
from lab.scenario.load import load_fleet, load_scenario, parse_scenario
from lab.scenario.model import ApplyAction, DeleteAction, PatchAction, RunAction

HEAD = """apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: test}
spec:
  fleet:
    clusters:
    - {name: member1, region: east, nodePools: [{name: p, nodes: 2, cpu: "4"}]}
    - {name: member2, taints: [{key: edge, effect: NoSchedule}], network: {latency: 30ms}}
"""
SCENARIOS = Path(__file__).parents[2] / "scenarios"


def errors_of(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse_scenario(text, "s.yaml")
    return [str(caught.value), *map(str, caught.value.problems)]


WRONG: dict[str, tuple[str, str]] = {
    "unknown field": ("  stpes: []\n", 's.yaml:9:3: unknown field "spec.stpes" — did you mean "steps"?'),
    "unknown field of a step": (
        "  steps:\n  - {at: 1m, aply: x.yaml}\n",
        's.yaml:10:14: unknown field "spec.steps[0].aply" — did you mean "apply"?',
    ),
    "no duration": (
        "  steps:\n  - {at: soon, run: kubectl get pods}\n",
        's.yaml:10:10: spec.steps[0].at: not a duration: "soon"',
    ),
    "negative duration": ("  horizon: -5s\n", 's.yaml:9:12: spec.horizon is "-5s", needs 0 or more'),
    "unknown feature gate": (
        "  settings: {karmada: {featureGates: {Failovr: true}}}\n", 'did you mean "Failover"?',
    ),
    "unknown flag": (
        "  settings: {karmada: {kubeApiQsp: 5}}\n",
        's.yaml:9:24: unknown field "spec.settings.karmada.kubeApiQsp" — did you mean "kubeApiQps"?',
    ),
    "no workers": (
        "  settings: {karmada: {concurrentWorkSyncs: 0}}\n",
        "s.yaml:9:45: spec.settings.karmada.concurrentWorkSyncs is 0, needs 1 or more",
    ),
    "two wrong settings, each with its place": (
        "  settings:\n    karmada:\n      enableTaintManager: true\n      resourceEvictionRate: -1\n",
        "s.yaml:12:29: resourceEvictionRate is -1, needs 0 or more",
    ),
    "unknown timing": ("  settings: {members: {podStrat: 1s}}\n", 'did you mean "podStart"?'),
    "a file that is not there": ("  manifests: [web.yaml]\n", 's.yaml:9:15: no such file: "web.yaml"'),
    "a wrong inline manifest": (
        "  manifests:\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, dat: {}}\n",
        's.yaml:10:60: unknown field "dat" — did you mean "data"?',
    ),
    "standard input": ("  manifests: ['-']\n", "cannot read standard input"),
    "two times of a step": (
        "  steps:\n  - {at: 1m, after: start, run: x}\n", "a step has one of at, after, waitUntil",
    ),
    "two actions of a step": ("  steps:\n  - {run: x, delete: z}\n", "a step does one thing"),
    "a step that does nothing": ("  steps:\n  - {at: 1m}\n", "s.yaml:10:5: the step does nothing"),
    "steps out of order": (
        "  steps:\n  - {at: 2m, run: kubectl x}\n  - {at: 1m, run: kubectl y}\n",
        "s.yaml:11:10: steps play in the order of the file, but this one is before 2m0s",
    ),
    "an unknown step": (
        "  steps:\n  - {name: grow, at: 1m, run: x}\n  - {after: gorw, run: z}\n",
        's.yaml:11:13: no earlier step is named "gorw" — did you mean "grow"?',
    ),
    "two steps of a name": (
        "  steps:\n  - {name: a, run: x}\n  - {name: a, run: z}\n", 'two steps are named "a"',
    ),
    "an unknown cluster of a step": (
        "  steps:\n  - {cluster: member3, delete: {apiVersion: v1, kind: Pod, name: x}}\n",
        's.yaml:10:15: the fleet has no cluster "member3" — did you mean "member',
    ),
    "an unknown cluster on a command line": (
        "  steps:\n  - run: karmadactl get pods -C member1,mmber2\n",
        's.yaml:10:10: run: the fleet has no cluster "mmber2" — did you mean "member2"?',
    ),
    "an open quote on a command line": ("  steps:\n  - run: kubectl get 'pods\n", "No closing quotation"),
    "a fault": (
        "  steps:\n  - {at: 1m, fault: {kind: ClusterOutage}}\n", "s.yaml:10:21: ClusterOutage: needs a target",
    ),
    "an unknown invariant": (
        "  invariants: [no-orphan]\n",
        's.yaml:9:16: no invariant is named "no-orphan" — did you mean "no-orphans"?',
    ),
    "an unknown word for invariants": (
        "  invariants: nothing\n",
        "s.yaml:9:15: spec.invariants is \"nothing\"",
    ),
    "an invariant that stands alone": (
        "  invariants: S1\n",
        's.yaml:9:15: spec.invariants is "S1", needs one of all, none, or a list: [S1]',
    ),
    "only and except": (
        "  invariants: {only: [S1], except: [S2]}\n",
        "s.yaml:9:28: invariants has only or except, here: both",
    ),
    "a target of nothing": (
        "  targets: [{app: job/x}]\n",
        "s.yaml:9:19: Job has no service to measure",
    ),
    "a target's share": (
        "  targets: [{app: deployment/x, ready: 101%}]\n",
        "s.yaml:9:40: ready needs a count of pods",
    ),
    "a violation of nothing": (
        "  expect: [{violates: S99}]\n",
        's.yaml:9:23: no invariant is named "S99"',
    ),
    "a violation at a moment": (
        "  expect: [{violates: S1, at: 1m}]\n",
        "s.yaml:9:27: violates is decided at the end of the run",
    ),
    "an expectation without a name": (
        "  expect: [{cel: now() > 1.0}]\n",
        "s.yaml:9:12: spec.expect[0].name is missing",
    ),
    "a patch of the wrong shape": (
        "  steps:\n  - patch: {target: {apiVersion: v1, kind: Pod, name: x}, type: json, body: {}}\n",
        "the body of a json patch needs to be a list of operations",
    ),
    "no expression": ("  expect:\n  - {name: a, cel: ''}\n", "the CEL expression is empty"),
    "unreadable expression": (
        "  expect:\n  - {name: a, cel: 'ready('}\n", "s.yaml:10:20: cel: mismatched input",
    ),
    "unknown function": (
        "  expect:\n  - {name: a, cel: \"redy('deployment/web') == 1\"}\n",
        's.yaml:10:20: cel: unknown function redy() — did you mean "ready"?',
    ),
    "unknown name": ("  expect:\n  - {name: a, cel: web == 1}\n", 'cel: unknown name "web"'),
    "unknown kind in an expression": (
        "  expect:\n  - {name: a, cel: \"ready('deploymnt/web') == 1\"}\n", "cel: ready(): the server",
    ),
    "no object in an expression": (
        "  expect:\n  - {name: a, cel: \"ready('web') == 1\"}\n", 'cel: ready(): "web" names no object',
    ),
    "unknown cluster in an expression": (
        "  expect:\n  - {name: a, cel: \"exists('pod/web', 'membre1')\"}\n", 'did you mean "member1"?',
    ),
    "both an object and an expression": (
        "  expect:\n  - {name: a, cel: 'true', object: {apiVersion: v1, kind: Pod, metadata: {name: x}}}\n",
        "an expectation has one of object, cel, violates; here: object and cel",
    ),
    "two times of an expectation": (
        "  expect:\n  - {name: a, cel: 'true', at: 1m, within: 2m}\n", "an expectation has one of at",
    ),
    "from without a window": (
        "  expect:\n  - {name: a, cel: 'true', within: 1m, from: 2s}\n", "from belongs to never",
    ),
    "after without a time": (
        "  steps: [{name: b, run: x}]\n  expect:\n  - {name: a, cel: 'true', after: b}\n",
        "after needs one of at, within",
    ),
    "an object without a name": (
        "  expect:\n  - {name: a, object: {apiVersion: v1, kind: Pod}}\n", "object.metadata.name is missing",
    ),
    "an object whose metadata is a text": (
        "  expect:\n  - {name: a, object: {apiVersion: v1, kind: Pod, metadata: x}}\n", "object.metadata.name is missing",
    ),
    "an object of a kind that is not": (
        "  expect:\n  - {name: a, object: {apiVersion: v1, kind: Pdo, metadata: {name: x}}}\n",
        'did you mean "Pod"?',
    ),
    "two expectations of a name": (
        "  expect: [{name: a, cel: 'true'}, {name: a, cel: 'true'}]\n", 'two expectations are named "a"',
    ),
    "a horizon too near": (
        "  horizon: 1m\n  expect: [{name: a, cel: 'true', at: 2m}]\n", "the run ends at 1m0s, but a step or an expectation is to come at 2m0s",
    ),
    "nested too deep": (
        "  expect:\n  - {name: a, cel: \"" + "(" * 40 + "true" + ")" * 40 + "\"}\n", "nested deeper than 30",
    ),
    "too many macros": (
        "  expect:\n  - {name: a, cel: \"" + "[1].all(x, " * 4 + "true" + ")" * 4 + "\"}\n",
        "more than 3 macros",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("more", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_scenario(more: str, message: str) -> None:
    told = errors_of(HEAD + more)
    assert any(message in each for each in told), told


def test_a_word_that_yaml_takes_for_a_boolean() -> None:
    (told,) = errors_of(HEAD + "  expect: [{name: no, cel: 'true'}]\n")
    assert told == "s.yaml:9:19: spec.expect[0].name is false, needs a text (in quotes)"


FLEETS: dict[str, tuple[str, str]] = {
    "two of a name": ("[{name: a}, {name: a}]", 'two clusters are named "a"'),
    "capitals": ("[{name: A}]", 'cluster name "A": a lowercase RFC 1123 label'),
    "no cluster": ("[]", "is empty, needs 1 or more"),
    "no quantity": ("[{name: a, nodePools: [{name: p, nodes: 1, cpu: lots}]}]", "not a quantity"),
    "negative quantity": ("[{name: a, nodePools: [{name: p, nodes: 1, cpu: -1}]}]", "needs 0 or more"),
    "too many nodes": ("[{name: a, nodePools: [{name: p, nodes: 99999}]}]", "needs 20000 or less"),
    "names for other nodes": (
        "[{name: a, nodePools: [{name: p, nodes: 2, nodeNames: [x]}]}]", "1 nodeNames for 2 nodes",
    ),
    "no label value": ("[{name: a, labels: {x: a b}}]", 'x is "a b": a valid label'),
    "no taint effect": ("[{name: a, taints: [{key: k, effect: NoRun}]}]", "needs one of NoSchedule"),
    "a soft taint": (
        "[{name: a, taints: [{key: k, effect: PreferNoSchedule}]}]", "needs NoSchedule or NoExecute",
    ),
    "unknown field": ("[{name: a, regoin: x}]", 'did you mean "region"?'),
    "unknown timing": ("[{name: a, timings: {podStrat: 1s}}]", 'did you mean "podStart"?'),
}  # fmt: skip


@pytest.mark.parametrize(("clusters", "message"), FLEETS.values(), ids=FLEETS.keys())
def test_wrong_fleet(clusters: str, message: str) -> None:
    text = f"{HEAD.split('  fleet:')[0]}  fleet: {{clusters: {clusters}}}\n"
    assert any(message in each for each in errors_of(text))


def test_everything_wrong_is_told_at_once() -> None:
    steps = "  steps:\n  - {cluster: nope, run: x}\n  - {fault: {kind: NodeLoss}}\n"
    told = errors_of(
        HEAD + "  manifests: [gone.yaml]\n" + steps + "  expect: [{name: a, cel: x}]\n"
    )
    assert len(told) == 4


def test_wrong_kind() -> None:
    assert 'needs Scenario — did you mean "Scenario"?' in errors_of("kind: Scenaro\n")[0]
    assert "needs Scenario" in errors_of("apiVersion: v1\nkind: ConfigMap\n")[0]
    assert "a second document" in errors_of(HEAD + "---\na: 1\n")[0]


def test_what_is_read() -> None:
    more = """  seed: 7
  horizon: 10m
  settings: {karmada: {featureGates: {Failover: true}, clusterFailureThreshold: 10s}, members: {podStart: 1s}}
  manifests:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
  steps:
  - {name: one, at: 1m, run: [kubectl get pods, kubectl get nodes]}
  - {after: one, delay: 5s, delete: {apiVersion: v1, kind: ConfigMap, name: a}}
  - {waitUntil: "exists('configmap/a')", timeout: 3s}
  - {cluster: member1, patch: {target: {apiVersion: v1, kind: Pod, name: p}, body: {}}}
  - {apply: {apiVersion: v1, kind: Namespace, metadata: {name: b}}, refused: no}
  expect:
  - {name: w, within: 5s, after: one, cel: "true"}
  - {name: v, never: true, from: 1s, cel: "false"}
  - {name: o, cluster: member2, object: {apiVersion: v1, kind: Node, metadata: {name: x}}}
"""
    scenario = parse_scenario(HEAD + more.replace("refused: no", "refused: denied"), "dir/s.yaml")
    assert (scenario.seed, scenario.horizon_s, scenario.members) == (7, 600, {"podStart": "1s"})
    assert scenario.karmada.gate("Failover")
    assert scenario.karmada.cluster_failure_threshold_s == 10
    assert scenario.manifests[0].manifest["metadata"]["namespace"] == "default"
    one, two, three, four, five = scenario.steps
    assert (one.at_s, one.action) == (60, RunAction(("kubectl get pods", "kubectl get nodes")))
    assert (two.after, two.delay_s) == ("one", 5)
    assert isinstance(two.action, DeleteAction)
    assert two.action.keys[0].namespace == "default"
    assert three.timeout_s == 3
    assert three.action is None
    assert isinstance(four.action, PatchAction)
    assert four.action.key.cluster == "member1"
    assert isinstance(five.action, ApplyAction)
    assert five.refused == "denied"
    within, never, node = scenario.expectations
    assert (within.mode, within.amount_s, within.after) == ("within", 5, "one")
    assert (never.mode, never.amount_s, never.from_s) == ("never", None, 1)
    assert (node.mode, node.key and node.key.namespace, node.cluster) == ("end", "", "member2")
    east, edge = scenario.fleet.clusters
    assert (east.node_pools[0].nodes, east.region) == (2, "east")
    assert (edge.latency_s, edge.taints) == (0.03, ({"key": "edge", "effect": "NoSchedule"},))


def test_files_are_relative_to_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "config.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    )
    (tmp_path / "fleet.yaml").write_text(
        "apiVersion: fedlab.dev/v1alpha1\nkind: Fleet\nspec: {clusters: [{name: far}]}\n"
    )
    (tmp_path / "mine").mkdir()
    head = HEAD.split("  fleet:", maxsplit=1)[0]
    (tmp_path / "mine" / "scenario.yaml").write_text(
        head + "  fleet: {file: ../fleet.yaml}\n  manifests: ../shared\n"
    )
    scenario = load_scenario(tmp_path / "mine")
    assert [cluster.name for cluster in scenario.fleet.clusters] == ["far"]
    (config,) = scenario.manifests
    assert config.location().file == str(tmp_path / "shared" / "config.yaml")
    assert load_fleet(str(tmp_path / "fleet.yaml")) == scenario.fleet


def test_an_error_in_a_fleet_file_stands_there(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(
        "apiVersion: fedlab.dev/v1alpha1\nkind: Fleet\nspec: {clusters: [{nam: far}]}\n"
    )
    (tmp_path / "s.yaml").write_text(HEAD.split("  fleet:")[0] + "  fleet: {file: fleet.yaml}\n")
    with pytest.raises(InputError) as caught:
        load_scenario(tmp_path / "s.yaml")
    assert str(caught.value).startswith(f"{tmp_path / 'fleet.yaml'}:3:20: unknown field")


def test_a_folder_without_scenario(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no scenario\.yaml"):
        load_scenario(tmp_path)


def test_lines_are_given_to_the_checker() -> None:
    def refuse(line: str) -> None:
        raise InputError(f"no verb in {line}")

    with pytest.raises(InputError, match=r"s\.yaml:9:17: run: no verb in kubectl dance"):
        parse_scenario(HEAD + "  steps: [{run: kubectl dance}]\n", "s.yaml", check_line=refuse)


# ── what is published ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    sorted([*SCENARIOS.glob("*.yaml"), *SCENARIOS.glob("**/scenario.yaml")]),
    ids=lambda p: p.name,
)
def test_shipped_scenarios_load_and_fit_the_schema(path: Path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text()), dict(SCENARIO))
    assert load_scenario(path).expectations


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(SCENARIO))
    jsonschema.Draft202012Validator.check_schema(dict(FLEET))


SHAPES = ["unknown field", "unknown field of a step", "unknown flag", "unknown feature gate"]


@pytest.mark.parametrize("name", SHAPES)
def test_the_schema_refuses_what_the_loader_refuses(name: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(HEAD + WRONG[name][0]), dict(SCENARIO))


def test_cel_is_imported_only_when_used() -> None:
    code = (
        "import sys; from lab.scenario.load import parse_scenario; "
        f"parse_scenario({HEAD!r}, 's.yaml'); sys.exit('cel' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ── what is asked for in vain ──────────────────────────────────────────────────────────────────

VAIN: dict[str, tuple[str, str]] = {
    "a gate": (
        "  settings: {karmada: {featureGates: {MultiClusterService: true}}}\n",
        "s.yaml:9:39: feature gate MultiClusterService has no effect: a MultiClusterService is stored, and nothing acts on it",
    ),
    "a flag": (
        "  settings: {karmada: {schedulerEstimatorTimeout: 1s}}\n",
        "s.yaml:9:24: schedulerEstimatorTimeout has no effect: an estimator answers at once",
    ),
    "a kind nothing acts on": (
        "  manifests: [{apiVersion: remedy.karmada.io/v1alpha1, kind: Remedy, metadata: {name: r}, spec: {}}]\n",
        "s.yaml:9:15: Remedy is stored, and nothing acts on it: remedies are not played",
    ),
    "the same kind twice, once in a step": (
        "  manifests: &r [{apiVersion: remedy.karmada.io/v1alpha1, kind: Remedy, metadata: {name: r}, spec: {}}]\n"
        "  steps: [{apply: *r}]\n",
        "s.yaml:9:18: Remedy is stored, and nothing acts on it: remedies are not played",
    ),
    "a setting at its default": ("  settings: {karmada: {featureGates: {Failover: false}}}\n", ""),
    "a setting that works": ("  settings: {karmada: {kubeApiQps: 5}}\n", ""),
}


@pytest.mark.parametrize(("more", "note"), VAIN.values(), ids=VAIN.keys())
def test_what_has_no_effect_is_said(more: str, note: str) -> None:
    assert parse_scenario(HEAD + more, "s.yaml").notes == ((note,) if note else ())


def test_loading_a_file_logs_its_notes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(HEAD + VAIN["a gate"][0])
    scenario = load_scenario(path)
    assert caplog.messages == [f"note: {note}" for note in scenario.notes]
    assert len(scenario.notes) == 1


# ── what lint looks at ─────────────────────────────────────────────────────────────────────────


def test_the_articles_example_has_four_idle_overrides() -> None:
    scenario = load_scenario(SCENARIOS / "seeds" / "karmada-nginx")
    sources = scenario.sources
    found = lint([each.manifest for each in sources], scenario.fleet.clusters, scenario.karmada)
    idle = [each for each in found if each.code == "override-no-effect"]
    lines = [sources[each.index].location(each.path).line for each in idle]
    assert lines == [22, 25, 36, 39]


def test_sources_are_what_the_hub_is_given_in_its_first_version() -> None:
    config = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}, data: {v: '%s'}}"
    steps = f"[{{apply: [{config % ('a', 2)}, {config % ('b', 1)}]}}, {{cluster: member1, apply: {config % ('c', 1)}}}]"
    text = HEAD + f"  manifests: [{config % ('a', 1)}]\n  steps: {steps}\n"
    sources = parse_scenario(text, "s.yaml").sources
    assert [(s.manifest["metadata"]["name"], s.manifest["data"]["v"]) for s in sources] == [
        ("a", "1"),
        ("b", "1"),
    ]

"""inject, heal and faults: what is typed, what is told, what a timeline makes of it."""

# ruff: noqa: E501 — one row of a table is one case

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.commands.context import Context
from lab.commands.line import parse_line
from lab.commands.printers.fault_lines import fault_line
from lab.commands.printers.faults import seen_faults
from lab.commands.printers.timeline import timeline
from lab.commands.recorded import open_run
from lab.core.errors import InputError
from lab.core.faults import KINDS
from lab.scenario.load import parse_scenario
from lab.session import Session, check_step_line

SCENARIO = """apiVersion: fedlab.dev/v1alpha1
kind: Scenario
metadata: {name: test}
spec:
  horizon: 20m
  settings:
    karmada:
      featureGates: {Failover: true}
      enableNoExecuteTaintEviction: true
      allowNoExecuteTaintPolicy: true
  fleet:
    clusters:
    - {name: member1, region: east, zones: [e1, e2], nodePools: [{name: p, nodes: 4}]}
    - {name: member2, region: west, nodePools: [{name: p, nodes: 2}]}
  manifests:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: 4
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec: {containers: [{name: web, image: "nginx:1.27"}]}
  - apiVersion: policy.karmada.io/v1alpha1
    kind: PropagationPolicy
    metadata: {name: web}
    spec:
      resourceSelectors: [{apiVersion: apps/v1, kind: Deployment, name: web}]
      placement:
        clusterTolerations:
        - {key: down, operator: Exists, effect: NoExecute, tolerationSeconds: 30}
        replicaScheduling: {replicaSchedulingType: Divided, replicaDivisionPreference: Weighted}
  - apiVersion: policy.karmada.io/v1alpha1
    kind: ClusterTaintPolicy
    metadata: {name: down}
    spec:
      addOnConditions: [{conditionType: Ready, operator: In, statusValues: ["False"]}]
      removeOnConditions: [{conditionType: Ready, operator: In, statusValues: ["True"]}]
      taints: [{key: down, effect: NoExecute}]
  steps:
  - {name: ready, waitUntil: ready('deployment/web') == 4}
"""
OUTAGE = "  - {name: out, at: 1m, fault: {kind: RegionOutage, target: {region: east}, for: 10m}}\n"


def opened(more: str = "") -> Session:
    return Session.open(parse_scenario(SCENARIO + more, "s.yaml", check_line=check_step_line))


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A session after its scenario; tests heal what they inject."""
    with opened() as found:
        found.play()
        yield found


@pytest.fixture(autouse=True)
def _healed(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "session" in request.fixturenames:
        request.getfixturevalue("session").federation.injector.heal_all()


def said(session: Session, line: str) -> str:
    result = session.command(line)
    return "\n".join(filter(None, [result.text, *result.notes]))


LINES: dict[str, tuple[str, str]] = {
    "a region": (
        "inject RegionOutage --region east --for 5m", "region-outage: RegionOutage strikes member1, for 5m0s",
    ),
    "until it is healed": ("inject ApiServerDown -C member1", "strikes member1, until healed"),
    "several clusters": ("inject ClusterOutage --cluster member1,member2", "strikes member1, member2,"),
    "by label": ("inject ClusterOutage --label '!tier'", "strikes member1, member2,"),
    "by any part of a target": ("inject ClusterOutage --target region=west", "strikes member2,"),
    "a share of them": ("inject ClusterOutage --percent 50%", "strikes member"),
    "so many of them": ("inject ClusterOutage --count 1", "strikes member"),
    "nodes by name": ("inject NodeLoss --nodes member1-p-1,member1-p-3", "strikes member1,"),
    "a node of each": ("inject NodeLoss --nodes 1", "strikes member1, member2,"),
    "a share of the nodes": ("inject NodeLoss -C member1 --nodes 50%", "strikes member1,"),
    "nodes of a zone": ("inject ZoneOutage --zone e1", "strikes member1,"),
    "the hub": ("inject SlowApi --hub -p factor=3", "slow-api: SlowApi strikes the hub"),
    "the hub as a target": ("inject StaleReads --target hub=true", "strikes the hub"),
    "with a name": ("inject WatchDrop -C member1 --name drop -p relist=true", "drop: WatchDrop strikes member1, once"),
    "with all times": (
        "inject ClusterOutage --percent 100 --ramp 10s --for 1m --repeat 3 --every 5m", "for 11m0s",
    ),
    "a pattern": ("inject Flapping -C member1 -p fault=Partition -p direction=to-member --for 5m", "for 4m30s"),
    "with a condition": ("inject ClusterOutage -C member1 --abort-if 'now() > 1e9'", "until healed"),
    "a link": ("inject Partition -p between=member1,member2", "strikes the link between member1 and member2"),
    "its name only": ("inject ClusterOutage -C member1 --name a -o name", "a"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "want"), LINES.values(), ids=LINES.keys())
def test_inject(session: Session, line: str, want: str) -> None:
    name = "" if "--name" in line else f" --name x{len(session.federation.injector.every())}"
    told = said(session, line + name)
    assert want.partition(": ")[2] in told if name and ": " in want else want in told


WRONG: dict[str, tuple[str, str]] = {
    "an unknown kind": ("inject RegionOutge --region east", 'error: unknown kind of fault "RegionOutge" — did you mean "RegionOutage"?'),
    "no kind": ("inject", "kind is missing"),
    "an unknown flag": ("inject ClusterOutage --regon east", "unknown flag: --regon"),
    "no target": ("inject ClusterOutage", "ClusterOutage: needs a target"),
    "an unknown cluster": ("inject ClusterOutage -C member3", 'no cluster "member3"'),
    "an unknown part of a target": ("inject ClusterOutage --target regoin=east", 'did you mean "region"'),
    "an unknown node": ("inject NodeLoss --nodes nobody", 'no node is named "nobody"'),
    "an unknown parameter": ("inject SlowApi -C member1 -p fctor=3", 'did you mean "factor"'),
    "a parameter twice": ("inject SlowApi -C member1 -p factor=3 -p factor=4", "given twice"),
    "a parameter that is no number": ("inject SlowApi -C member1 -p factor=fast", "needs a number"),
    "no duration": ("inject ClusterOutage -C member1 --for ever", "needs a duration"),
    "half a repeat": ("inject ClusterOutage -C member1 --for 1m --repeat 3", "repeat.every is missing"),
    "a condition that is none": ("inject ClusterOutage -C member1 --abort-if 'x >'", "--abort-if: cel:"),
    "a name for all": ("inject ClusterOutage -C member1 --name all", "cannot be called"),
    "a name that a terminal would obey": ("inject ClusterOutage -C member1 --name '\x1b[31m'", "\\u001b[31m"),
    "a kind that nobody plays": ("inject BackupStoreDown -C member1", "there is no backup store"),
    "a heal of nobody": ("heal nobody", 'no fault is named "nobody"'),
    "a heal without a name": ("heal", "heal takes names or --all"),
    "a heal of one and all": ("heal a --all", "heal takes names or --all"),
    "an unknown kind to explain": ("faults SlowAip", 'did you mean "SlowApi"'),
}  # fmt: skip


@pytest.mark.parametrize(("line", "want"), WRONG.values(), ids=WRONG.keys())
def test_wrong_lines(session: Session, line: str, want: str) -> None:
    before = len(session.federation.injector.every())
    result = session.command(line)
    assert result.exit_code == 2
    assert want in "\n".join(result.notes)
    assert "\x1b" not in "\n".join(result.notes)
    assert len(session.federation.injector.every()) == before


def test_all_errors_of_a_line_are_told(session: Session) -> None:
    told = session.command("inject SlowApi -C member1 -p fctor=3 --for ever").notes
    assert len(told) == 3


def test_a_preview_changes_nothing(session: Session) -> None:
    told = said(session, "inject ZoneOutage --zone e1 --dry-run")
    assert told.splitlines()[0].startswith("ZoneOutage would strike 1 cluster, 2 nodes, ")
    assert "  Deployment default/web" in told
    assert session.federation.injector.active() == []
    data = json.loads(said(session, "inject RegionOutage --region west --dry-run -o json"))
    assert data["clusters"] == [
        {"name": "member2", "plays": ["ClusterOutage"], "nodes": 2, "ofNodes": 2, "pods": 2,
         "ofPods": 2}
    ]  # fmt: skip
    assert data["applications"][0]["struck"] == {"member2": 2}
    assert "would strike the hub" in said(session, "inject ApiServerDown --hub --dry-run")
    told = said(session, "inject Partition -p between=member1,member2 --dry-run")
    assert "would cut the link between member1 and member2" in told


def test_an_injected_fault_as_data(session: Session) -> None:
    data = json.loads(said(session, "inject ClusterOutage -C member1 --for 1m --name d -o json"))
    assert (data["state"], data["remaining"], data["clusters"]) == ("active", 60.0, ["member1"])
    assert data["blast"]["clusters"][0]["ofNodes"] == 4
    assert "would strike" in said(session, "inject ApiServerDown -C member1 --name e -o wide")
    assert said(session, "heal d e -o name") == "d\ne"


def test_faults_in_a_session() -> None:
    with opened() as found:
        assert "No fault so far" in said(found, "faults")
        found.run_until(10.0)
        said(found, "inject ClusterOutage -C member1 --for 1m --name one")
        said(found, "inject ApiServerDown --hub --name two")
        said(found, "inject Partition -p between=member1,member2 --name three")
        found.run_until(100.0)
        said(found, "heal two")
        lines = said(found, "faults -o wide").splitlines()
        assert [line.split() for line in lines[1:]] == [
            ["one", "ClusterOutage", "over", "10.000s", "1m10.000s", "member1", "-", "1", "length"],
            ["two", "ApiServerDown", "over", "10.000s", "1m40.000s", "the", "hub", "-", "1", "hand"],
            ["three", "Partition", "active", "10.000s", "when", "healed", "member1-member2", "-",
             "1", "<none>"],
        ]  # fmt: skip
        early = json.loads(said(found, "faults --at 30s -o json"))
        assert [(each["name"], each["state"]) for each in early] == [
            ("one", "active"), ("two", "active"), ("three", "active"),
        ]  # fmt: skip
        assert early[0]["until"] == 70.0
        assert said(found, "faults -o name") == "one\ntwo\nthree"
        assert said(found, "faults --kinds -o name").splitlines() == list(KINDS)
        assert said(found, "heal --all") == "three healed"
        assert said(found, "heal all") == "no fault is active"


def test_the_default_name_is_the_kind_with_a_number() -> None:
    with opened() as found:
        lines = [said(found, "inject WatchDrop -C member1 -o name") for _ in range(3)]
        assert lines == ["watch-drop", "watch-drop-2", "watch-drop-3"]


def test_a_step_in_a_member_strikes_that_member() -> None:
    step = "  - {at: 1m, cluster: member2, run: fedlab inject ApiServerDown --for 1m}\n"
    with opened(step) as found:
        verdict = found.play()
        assert verdict.steps[-1].output.startswith("api-server-down: ApiServerDown strikes member2")


# ── without a session ──────────────────────────────────────────────────────────────────────────


def alone(line: str, **more: Any) -> str:
    command = parse_line(line)
    return command.verb.run(Context(verb=command.verb.name, **more), command.args).text


def test_a_shell_can_ask_for_the_kinds_but_break_nothing() -> None:
    assert len(alone("faults").splitlines()) == len(KINDS) + 3
    assert "qps,retryAfter" in alone("faults -o wide")
    assert len(json.loads(alone("faults -o json"))) == len(KINDS)
    for line in ("inject ClusterOutage -C member1", "heal --all"):
        with pytest.raises(InputError, match="acts on a live federation, and a shell has none"):
            alone(line)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_is_explained(kind: Any) -> None:
    told = alone(f"faults {kind.name}")
    assert kind.summary in told
    for parameter in kind.parameters:
        assert f"  {parameter.name} " in told
    assert f"fedlab inject {kind.name}" in told
    assert json.loads(alone(f"faults {kind.name} -o json"))["name"] == kind.name


@pytest.mark.parametrize("kind", [k for k in KINDS.values() if not k.refused],
                         ids=lambda kind: kind.name)  # fmt: skip
def test_the_example_of_a_kind_works(kind: Any) -> None:
    line = alone(f"faults {kind.name}").splitlines()[-1].strip()
    line = line.replace("us-east-1a", "e1").replace("us-east-1", "east")
    with opened() as found:
        result = found.command(line)
        assert (result.exit_code, result.notes) == (0, ())
        found.run_until(1.0)
        found.federation.injector.heal_all()
        found.run_until(2.0)


# ── what is told afterwards ────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "a.run"
    crash = (
        "  - {name: c, at: 15m, fault: {kind: ControllerCrash, parameters: {process: scheduler}}}\n"
    )
    scenario = path.parent / "s.yaml"
    scenario.write_text(SCENARIO + OUTAGE + crash)
    with Session.open(scenario, out=path) as found:
        found.play()
    return path


def test_a_timeline_tells_of_a_fault_and_what_follows(played: Path) -> None:
    world = open_run(played)
    lines = [each.line for each in timeline(world)]
    story = [
        "step: out",
        "fault out begins: RegionOutage strikes member1 (until 11m00.000s)",
        "cluster member1 Ready=False (ClusterNotReachable)",
        "cluster member1 tainted down:NoExecute",
        "ResourceBinding default/web-deployment: leaves member1 at 2m49s: "
        "taint down:NoExecute is tolerated for 30 s",
        "ResourceBinding default/web-deployment scheduled to member2:4 (was member2:2)",
        "ResourceBinding default/web-deployment: eviction from member1 is over: "
        "every target cluster reports Healthy",
        "fault out is over: member1",
        "cluster member1 Ready=True (ClusterReady)",
        "cluster member1 rid of taint down:NoExecute",
        "karmada-scheduler crashes",
        "karmada-scheduler starts again",
        "fault c is over: the hub (scheduler)",
    ]
    places = [next(i for i, each in enumerate(lines) if each.startswith(line)) for line in story]
    assert places == sorted(places)
    world.reader.close()


def test_the_faults_of_a_run_file(played: Path) -> None:
    told = alone(f"faults --run {played} --at 5m").splitlines()
    assert told[1].split()[:3] == ["out", "RegionOutage", "active"]
    told = alone(f"faults --run {played}").splitlines()
    assert [line.split()[2] for line in told[1:]] == ["over", "over"]


def test_a_preview_on_a_run_file(played: Path) -> None:
    told = alone(f"inject RegionOutage --region east --dry-run --run {played} --at 50s")
    assert told.splitlines()[0].startswith("RegionOutage would strike 1 cluster, 4 nodes, 2 pods")
    told = alone(f"inject RegionOutage --region east --dry-run --run {played} --at 5m")
    assert "0 applications" in told
    wrong = {
        f"inject RegionOutage --region easst --dry-run --run {played}": 'did you mean "east"',
        f"inject RegionOutage --region east --run {played}": "use it with --dry-run",
        "inject RegionOutage --region east --dry-run": "name a recorded run with --run FILE",
    }
    for line, message in wrong.items():
        with pytest.raises(InputError, match=message):
            alone(line)


BEGIN = {"fault": "f", "kind": "ClusterOutage", "phase": "begin", "clusters": ["a"], "nodes": {}}
HEAL = {**BEGIN, "phase": "heal", "by": "length", "over": True}
TOLD: dict[str, tuple[dict[str, Any], str]] = {
    "a begin": (BEGIN, "fault f begins: ClusterOutage strikes a"),
    "many clusters": (
        {**BEGIN, "clusters": list("abcdefgh")}, "fault f begins: ClusterOutage strikes a, b, c, d, e, f and 2 more",
    ),
    "nodes": (
        {**BEGIN, "clusters": ["a", "b"], "nodes": {"a": ["a-1"], "b": ["b-1", "b-2"]}},
        "fault f begins: ClusterOutage strikes node a-1 of a, 2 nodes of b",
    ),
    "the hub": ({**BEGIN, "clusters": [], "hub": True}, "fault f begins: ClusterOutage strikes the hub"),
    "a link": ({**BEGIN, "clusters": [], "between": ["a", "b"]}, "fault f begins: ClusterOutage strikes the link between a and b"),
    "the second of a ramp": ({**BEGIN, "ramp": [2, 3]}, "fault f goes on: ClusterOutage strikes a (2 of 3)"),
    "a second time": ({**BEGIN, "strike": 2, "until": 9.0}, "fault f strikes a again (time 2)"),
    "an end": (HEAL, "fault f is over: a"),
    "a heal by hand": ({**HEAL, "by": "hand"}, "fault f is healed: a"),
    "a heal between two strikes": ({**HEAL, "by": "hand", "clusters": []}, "fault f is healed: it does not come back"),
    "a pause": ({**HEAL, "over": False}, "fault f pauses until the next time: a"),
    "an abort": ({**HEAL, "by": "abort", "abortIf": "x", "found": "y"}, "fault f is aborted, since x (y)"),
}  # fmt: skip


@pytest.mark.parametrize(("detail", "want"), TOLD.values(), ids=TOLD.keys())
def test_fault_lines(detail: dict[str, Any], want: str) -> None:
    assert fault_line(detail) == want


def test_a_fault_seen_between_two_strikes_waits(session: Session) -> None:
    session.command("inject SlowApi -C member1 -p factor=2 --for 5s --repeat 2 --every 1m --name w")
    session.run_until(session.now_s + 10.0)
    seen = seen_faults(session.world.happenings(("fault",)))[-1]
    assert (seen.name, seen.state, seen.until_s, seen.strikes) == ("w", "waiting", None, 1)

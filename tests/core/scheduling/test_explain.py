"""Explanations: complete, JSON-ready, and readable in 100 columns."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.core.scheduling import render_explanation, schedule
from lab.core.settings import KarmadaSettings
from lab.core.text_table import cells
from tests.core.scheduling.build import AGGREGATED, DUPLICATED, DYNAMIC, STATIC, binding, cluster

SETTINGS = KarmadaSettings()
CASES = [
    json.loads(line)
    for line in (
        (Path(__file__).parents[2] / "conformance" / "karmada-schedule-cases.jsonl")
        .read_text()
        .splitlines()
    )
]
Json = dict[str, Any]


@pytest.mark.parametrize("case", CASES[::5], ids=lambda case: case["id"])
def test_every_case_can_be_explained(case: Json) -> None:
    outcome = schedule(case["binding"], case["clusters"], SETTINGS, explain=True)
    explanation = outcome.explanation
    assert json.loads(json.dumps(explanation)) == explanation
    if not outcome.noop:
        assert explanation["result"]["clusters"] == outcome.clusters
        assert explanation["result"]["error"] == (outcome.error or "")
    for cycle in explanation["cycles"]:
        asked = {name for c in cycle["clusters"] for name in c["verdicts"]}
        for entry in cycle["clusters"]:
            assert entry["deleting"] or set(entry["verdicts"]) == asked
            passed = all(verdict["passed"] for verdict in entry["verdicts"].values())
            assert entry["feasible"] is (passed and not entry["deleting"])
    lines = render_explanation(explanation)
    assert all(cells(line) <= 100 for line in lines)
    assert all(line == line.rstrip() for line in lines)


def explain(request: Json, fleet: list[Json], settings: KarmadaSettings = SETTINGS) -> Json:
    return schedule(request, fleet, settings).explanation


def test_all_refusals_are_told_not_only_the_first() -> None:
    taint = {"key": "k", "value": "v", "effect": "NoSchedule"}
    placement = {"clusterAffinity": {"clusterNames": ["b"]}, "replicaScheduling": DUPLICATED}
    found = explain(binding(placement, 1), [cluster("a", taints=[taint], apis=[])])
    verdicts = found["cycles"][0]["clusters"][0]["verdicts"]
    assert [name for name, v in verdicts.items() if not v["passed"]] == [
        "ClusterAffinity",
        "APIEnablement",
        "TaintToleration",
    ]
    assert (
        verdicts["TaintToleration"]["reason"] == "cluster(s) had untolerated taint {k=v:NoSchedule}"
    )


def test_why_a_present_target_passes_is_told() -> None:
    taint = {"key": "k", "effect": "NoExecute"}
    request = binding({"replicaScheduling": DUPLICATED}, 1, clusters={"a": 1})
    found = explain(request, [cluster("a", taints=[taint], apis=[], ready="False")])
    entry = found["cycles"][0]["clusters"][0]
    assert entry["isTarget"]
    assert "does not push it away" in entry["verdicts"]["TaintToleration"]["note"]
    assert "does not push it away" in entry["verdicts"]["APIEnablement"]["note"]
    assert any("Ready=False" in sentence for sentence in found["ignored"])


def test_what_bounds_the_room_is_told() -> None:
    summary = {"allocatable": {"pods": "50", "cpu": "4", "memory": "64Gi"}}
    request = binding(
        {"replicaScheduling": DYNAMIC},
        3,
        replicaRequirements={"resourceRequest": {"cpu": "500m", "memory": "1Gi"}},
    )
    entry = explain(request, [cluster("a", summary=summary)])["cycles"][0]["clusters"][0]
    general = entry["estimates"]["general-estimator"]
    assert (general["replicas"], general["boundBy"], general["basis"]) == (8, "cpu", "summary")
    assert general["detail"] == "4 free / 500m each"


def test_both_formulas_are_told_where_there_are_models() -> None:
    summary = {
        "allocatable": {"pods": "50", "cpu": "8"},
        "allocatableModelings": [{"grade": 1, "count": 2}],
    }
    models = [{"grade": 1, "ranges": [{"name": "cpu", "min": "1"}]}]
    request = binding(
        {"replicaScheduling": DYNAMIC},
        3,
        replicaRequirements={"resourceRequest": {"cpu": "500m"}},
    )
    found = explain(request, [cluster("a", summary=summary, resourceModels=models)])
    general = found["cycles"][0]["clusters"][0]["estimates"]["general-estimator"]
    assert (general["basis"], general["bySummary"], general["byModels"]) == ("models", 16, 4)
    assert any("sums alone say 16" in line for line in render_explanation(found))


def test_modes_and_seats_are_told() -> None:
    fleet = [cluster("a"), cluster("b")]
    placement = {"replicaScheduling": DYNAMIC}
    up = explain(binding(placement, 5, clusters={"a": 2}), fleet)
    division = up["cycles"][0]["divisions"][0]
    assert (up["mode"], division["target"], division["kept"]) == ("scale up", 3, {"a": 2})
    assert division["seatsGiven"] == 3
    assert division["seats"][0]["quotient"] == 10.0
    down = explain(binding(placement, 2, clusters={"a": 2, "b": 2}), fleet)
    assert down["mode"] == "scale down"
    assert any("scale-down" in sentence for sentence in down["ignored"])


def test_who_is_left_out_by_aggregation_is_told() -> None:
    found = explain(
        binding({"replicaScheduling": AGGREGATED}, 5), [cluster("a", 20), cluster("b", 10)]
    )
    assert found["cycles"][0]["divisions"][0]["leftOut"] == ["b"]


IGNORED = {
    "spread constraints under static weights": (
        {
            "spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}],
            "replicaScheduling": STATIC,
        },
        "all spreadConstraints: static weights",
    ),
    "capacity under static weights": ({"replicaScheduling": STATIC}, "free capacity: static"),
    "spreadByLabel": (
        {"spreadConstraints": [{"spreadByLabel": "rack", "minGroups": 1}]},
        "spreadConstraints[0].spreadByLabel rack",
    ),
    "maxGroups left out": (
        {"spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1}]},
        "spreadConstraints[0].maxGroups is unset",
    ),
    "zones are not counted": (
        {"spreadConstraints": [{"spreadByField": "zone", "minGroups": 2}]},
        "spreadConstraints[0] (zone): it only refuses",
    ),
    "workload affinity without its gate": (
        {"workloadAffinity": {"affinity": {"groupByLabelKey": "x"}}},
        "workloadAffinity: the feature gate",
    ),
}


@pytest.mark.parametrize(("placement", "start"), IGNORED.values(), ids=IGNORED)
def test_what_has_no_say_is_told(placement: Json, start: str) -> None:
    found = explain(binding(placement, 3), [cluster("a"), cluster("b")])
    assert any(sentence.startswith(start) for sentence in found["ignored"]), found["ignored"]


def test_a_turn_that_does_nothing_is_played_as_if_it_did() -> None:
    placement = {"replicaScheduling": DYNAMIC}
    request = binding(placement, 4, clusters={"a": 4}, applied=placement)
    found = explain(request, [cluster("a", 2), cluster("b", 20)])
    assert found["hypothetical"]
    assert found["result"]["clusters"] == [{"name": "a", "replicas": 4}]
    assert {c["name"]: c["replicas"] for c in found["if_rescheduled"]["clusters"]} == {
        "a": 1,
        "b": 3,
    }
    assert any("not by clusters that join" in sentence for sentence in found["next"])


def test_skipped_groups_are_told() -> None:
    placement = {
        "clusterAffinities": [
            {"affinityName": "one", "clusterNames": ["a"]},
            {"affinityName": "two", "clusterNames": ["b"]},
        ]
    }
    request = binding(placement, 1, status={"schedulerObservingAffinityName": "two"})
    found = explain(request, [cluster("a"), cluster("b")])
    assert found["groups"] == {"all": ["one", "two"], "skipped": ["one"], "tried": ["two"]}
    assert any("only a reschedule begins" in sentence for sentence in found["ignored"])


def test_without_a_placement_there_is_little_to_tell() -> None:
    found = explain(binding(None, 1), [cluster("a")])
    assert render_explanation(found) == ["the binding has no placement: an error"]


def test_hostile_names_cannot_reach_the_terminal() -> None:
    evil = "a\x1b[31m\u202e\n"
    request = binding({"replicaScheduling": DUPLICATED}, 1)
    request["spec"]["resource"]["name"] = evil
    lines = render_explanation(explain(request, [cluster(evil)]))
    assert all(character.isprintable() for line in lines for character in line)


def test_explanations_are_worked_out_once_and_only_when_read() -> None:
    outcome = schedule(binding({}, 1), [cluster("a")], SETTINGS)
    assert "explanation" not in vars(outcome)
    assert outcome.explanation is outcome.explanation


def test_what_an_estimator_said_is_told_beside_the_sums() -> None:
    request = binding({"replicaScheduling": DYNAMIC}, 4)
    answers = {"scheduler-estimator": {"a": 1, "b": 9_999}}
    fleet = [cluster("a"), cluster("b")]
    found = schedule(request, fleet, SETTINGS, replace_estimates=answers).explanation
    text = "\n".join(render_explanation(found))
    general = found["cycles"][0]["clusters"][0]["estimates"]["general-estimator"]["replicas"]
    told = "1 fit, counted node by node; by what the cluster reports it would be"
    assert f"a room: {told} {general}" in text
    assert "b room: 9999" not in text


def test_an_estimator_that_failed_is_told() -> None:
    request = binding({"replicaScheduling": DYNAMIC}, 4)
    found = {**explain(request, [cluster("a")]), "estimatorErrors": {"a": "nobody there"}}
    text = " ".join(" ".join(render_explanation(found)).split())
    assert "estimators that of a gave no answer (nobody there), so none of them counts" in text

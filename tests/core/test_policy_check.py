import json
from pathlib import Path

import pytest

from lab.core.errors import InputError
from lab.core.policy_check import parse_placement, placement_problems
from tests.core.scheduling.build import AGGREGATED, DYNAMIC, STATIC, Json


def spread(*entries: Json) -> Json:
    return {"spreadConstraints": list(entries)}


def weights(*entries: Json) -> Json:
    return {"replicaScheduling": {**STATIC, "weightPreference": {"staticWeightList": [*entries]}}}


def term(name: str, **more: object) -> Json:
    return {"affinityName": name, "clusterNames": ["a"], **more}


CLUSTER = {"spreadByField": "cluster", "minGroups": 1, "maxGroups": 2}
WRONG = {
    "unknown field": ({"clusterAfinity": {}}, 'p: no such field "clusterAfinity" — did you mean'),
    "not a map": ([], "p: is []"),
    "names are texts": (
        {"clusterAffinity": {"clusterNames": [1]}},
        "p.clusterAffinity.clusterNames[0]: is 1, needs a text",
    ),
    "a field that is none": (
        {
            "clusterAffinity": {
                "fieldSelector": {
                    "matchExpressions": [{"key": "regoin", "operator": "In", "values": ["x"]}]
                }
            }
        },
        "p.clusterAffinity.fieldSelector.matchExpressions[0].key: is "
        '"regoin", needs one of provider, region, zone — did you mean "region"?',
    ),
    "a label value": (
        {"clusterAffinity": {"labelSelector": {"matchLabels": {"env": "a b"}}}},
        "p.clusterAffinity.labelSelector.matchLabels.env: label value",
    ),
    "values are missing": (
        {
            "clusterAffinity": {
                "labelSelector": {"matchExpressions": [{"key": "e", "operator": "In"}]}
            }
        },
        "p.clusterAffinity.labelSelector.matchExpressions[0]: ",
    ),
    "both affinities": (
        {"clusterAffinity": {}, "clusterAffinities": [term("x")]},
        "p: clusterAffinity and clusterAffinities cannot stand together",
    ),
    "a group without a name": (
        {"clusterAffinities": [{"clusterNames": ["a"]}]},
        "p.clusterAffinities[0].affinityName: is 0 characters long",
    ),
    "a name used twice": (
        {"clusterAffinities": [term("x"), term("x")]},
        'p.clusterAffinities[1].affinityName: "x" is used before',
    ),
    "overflow of fixed weights": (
        {
            "clusterAffinities": [term("x", overflowAffinities=[term("y")])],
            "replicaScheduling": STATIC,
        },
        "p.clusterAffinities[0].overflowAffinities: needs Divided replicas",
    ),
    "overflow of everything": (
        {
            "clusterAffinities": [{"affinityName": "x", "overflowAffinities": [term("y")]}],
            "replicaScheduling": DYNAMIC,
        },
        "p.clusterAffinities[0].overflowAffinities: needs a main affinity",
    ),
    "overflow named like its group": (
        {
            "clusterAffinities": [term("x", overflowAffinities=[term("x")])],
            "replicaScheduling": AGGREGATED,
        },
        'p.clusterAffinities[0].overflowAffinities[0].affinityName: "x" is used before',
    ),
    "min is negative": (
        spread({**CLUSTER, "minGroups": -1}),
        "p.spreadConstraints[0].minGroups: is -1, needs 0 or more",
    ),
    "min is no number": (
        spread({**CLUSTER, "minGroups": "2"}),
        'p.spreadConstraints[0].minGroups: is "2", needs a whole number',
    ),
    "max below min": (
        spread({**CLUSTER, "minGroups": 3}),
        "p.spreadConstraints[0].maxGroups: is 2, less than minGroups 3",
    ),
    "a field twice": (
        spread(CLUSTER, CLUSTER),
        'p.spreadConstraints[1].spreadByField: "cluster" is constrained before',
    ),
    "region alone": (
        spread({"spreadByField": "region", "minGroups": 1}),
        "p.spreadConstraints: a constraint on region needs one on cluster beside it",
    ),
    "field and label": (
        spread({"spreadByField": "cluster", "spreadByLabel": "x"}),
        "p.spreadConstraints[0]: spreadByField and spreadByLabel",
    ),
    "an unknown strategy": (
        {"replicaScheduling": {"replicaSchedulingType": "Divide"}},
        'p.replicaScheduling.replicaSchedulingType: is "Divide", needs one of',
    ),
    "weight 0": (
        weights({"targetCluster": {}, "weight": 0}),
        "p.replicaScheduling.weightPreference.staticWeightList[0].weight: is 0, needs 1 or more",
    ),
    "weight without target": (
        weights({"weight": 1}),
        "p.replicaScheduling.weightPreference.staticWeightList[0].targetCluster: is missing",
    ),
    "a toleration that compares": (
        {"clusterTolerations": [{"key": "k", "operator": "Gt", "value": "1"}]},
        "p.clusterTolerations[0].operator: is",
    ),
    "seconds need NoExecute": (
        {"clusterTolerations": [{"key": "k", "operator": "Exists", "tolerationSeconds": 3}]},
        "p.clusterTolerations[0].effect: must be NoExecute",
    ),
    "workload affinity by one key": (
        {
            "workloadAffinity": {
                "affinity": {"groupByLabelKey": "x"},
                "antiAffinity": {"groupByLabelKey": "x"},
            }
        },
        'p.workloadAffinity: affinity and antiAffinity both group by "x"',
    ),
}


@pytest.mark.parametrize(("source", "start"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_by_its_path(source: Json, start: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_placement(source, "p")
    assert str(raised.value).startswith(start), str(raised.value)


def test_every_part_is_checked_in_one_pass() -> None:
    wrong = {**spread({"minGroups": -1}), "replicaScheduling": 3, "clusterTolerations": {}}
    with pytest.raises(InputError) as raised:
        parse_placement(wrong)
    assert len(raised.value.problems) == 2
    assert [str(p).split(":")[0] for p in placement_problems(wrong)] == [
        "spec.placement.clusterTolerations",
        "spec.placement.spreadConstraints[0].minGroups",
        "spec.placement.replicaScheduling",
    ]


def test_placements_that_the_real_scheduler_was_given_are_right() -> None:
    path = Path(__file__).parents[1] / "conformance" / "karmada-schedule-cases.jsonl"
    unlike = [
        problem
        for line in path.read_text().splitlines()
        for problem in placement_problems(json.loads(line)["binding"]["spec"]["placement"])
        if "needs one on cluster" not in str(problem)
    ]
    assert unlike == []


@pytest.mark.parametrize("source", [None, {}, {"replicaScheduling": {}}])
def test_little_is_enough(source: Json | None) -> None:
    assert parse_placement(source).affinity is None

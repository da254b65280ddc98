import pytest

from lab.core.policy import placement_of
from tests.core.scheduling.build import AGGREGATED, DUPLICATED, DYNAMIC, STATIC, Json

STRATEGIES = {
    "no block at all": ({}, "Duplicated", False),
    "Duplicated": ({"replicaScheduling": DUPLICATED}, "Duplicated", False),
    "a block without a type is Divided": (
        {"replicaScheduling": {"replicaDivisionPreference": "Aggregated"}},
        "Aggregated",
        False,
    ),
    "Aggregated": ({"replicaScheduling": AGGREGATED}, "Aggregated", False),
    "Weighted alone": ({"replicaScheduling": STATIC}, "StaticWeight", True),
    "Weighted, empty preference": (
        {"replicaScheduling": {**STATIC, "weightPreference": {}}},
        "StaticWeight",
        False,
    ),
    "dynamic": ({"replicaScheduling": DYNAMIC}, "DynamicWeight", False),
    "dynamic beats a static list": (
        {
            "replicaScheduling": {
                **STATIC,
                "weightPreference": {
                    "dynamicWeight": "AvailableReplicas",
                    "staticWeightList": [{"targetCluster": {}, "weight": 1}],
                },
            }
        },
        "DynamicWeight",
        False,
    ),
    "no preference is no strategy": (
        {"replicaScheduling": {"replicaSchedulingType": "Divided"}},
        "",
        False,
    ),
}


@pytest.mark.parametrize(("source", "strategy", "ignores"), STRATEGIES.values(), ids=STRATEGIES)
def test_strategy(source: Json, strategy: str, ignores: bool) -> None:
    placement = placement_of(source)
    assert placement.strategy == strategy
    assert placement.ignores_spread is ignores


def test_equal_maps_give_one_placement() -> None:
    first = {"clusterAffinity": {"clusterNames": ["a"], "exclude": []}}
    second = {"clusterAffinity": {"clusterNames": ["a"]}}
    assert placement_of(first) is placement_of(first)
    assert placement_of(first) is placement_of(second)


def test_the_applied_text_is_as_karmada_writes_it() -> None:
    source = {
        "spreadConstraints": [{"minGroups": 1, "maxGroups": 3, "spreadByField": "cluster"}],
        "replicaScheduling": {
            "weightPreference": {
                "staticWeightList": [{"weight": 1, "targetCluster": {"clusterNames": ["a<b&c"]}}]
            },
            "replicaDivisionPreference": "Weighted",
            "replicaSchedulingType": "Divided",
        },
        "clusterTolerations": [{"operator": "Exists", "key": "k", "tolerationSeconds": 0}],
        "clusterAffinity": {
            "exclude": ["z"],
            "labelSelector": {
                "matchExpressions": [{"values": ["x"], "operator": "In", "key": "e"}],
                "matchLabels": {"b": "2", "a": "1"},
            },
        },
    }
    assert placement_of(source).text == (
        '{"clusterAffinity":{"labelSelector":{"matchLabels":{"a":"1","b":"2"},'
        '"matchExpressions":[{"key":"e","operator":"In","values":["x"]}]},"exclude":["z"]},'
        '"clusterTolerations":[{"key":"k","operator":"Exists","tolerationSeconds":0}],'
        '"spreadConstraints":[{"spreadByField":"cluster","maxGroups":3,"minGroups":1}],'
        '"replicaScheduling":{"replicaSchedulingType":"Divided",'
        '"replicaDivisionPreference":"Weighted","weightPreference":{"staticWeightList":'
        '[{"targetCluster":{"clusterNames":["a\\u003cb\\u0026c"]},"weight":1}]}}}'
    )


def test_the_last_constraint_on_a_field_counts() -> None:
    spread = [{"spreadByField": "cluster", "maxGroups": n} for n in (1, 2)]
    found = placement_of({"spreadConstraints": spread}).constraint("cluster")
    assert found is not None
    assert found.max_groups == 2


@pytest.mark.parametrize("junk", [[], "x", 3, {"clusterAffinity": 1, "spreadConstraints": "no"}])
def test_junk_reads_as_nothing(junk: Json) -> None:
    assert placement_of(junk).text == "{}"

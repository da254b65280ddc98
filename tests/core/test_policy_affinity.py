import pytest

from lab.core.affinity import cluster_affinity
from lab.core.cluster import cluster_of
from lab.core.taints import Taint, Toleration, taints_of
from tests.core.scheduling.build import Json, cluster


def on_field(key: str, operator: str, *values: str) -> Json:
    expression: Json = {"key": key, "operator": operator}
    if values:
        expression["values"] = list(values)
    return {"fieldSelector": {"matchExpressions": [expression]}}


def on_label(operator: str, *values: str) -> Json:
    return {
        "labelSelector": {
            "matchExpressions": [{"key": "tier", "operator": operator, "values": list(values)}]
        }
    }


PLACED = cluster(
    "a", labels={"tier": "gold"}, provider="aws", region="us-east-1", zones=["z1", "z2"]
)
BARE = cluster("b")
CASES = {
    "nothing asked: all": ({}, True, True),
    "by name": ({"clusterNames": ["a"]}, True, False),
    "exclude wins over the name": ({"clusterNames": ["a"], "exclude": ["a"]}, False, False),
    "label": ({"labelSelector": {"matchLabels": {"tier": "gold"}}}, True, False),
    "label not in: also without it": (on_label("NotIn", "gold"), False, True),
    "all parts must hold": (
        {"labelSelector": {"matchLabels": {"tier": "gold"}}, "clusterNames": ["b"]},
        False,
        False,
    ),
    "provider": (on_field("provider", "In", "aws"), True, False),
    "provider not in: also without one": (on_field("provider", "NotIn", "gcp"), True, True),
    "region exists": (on_field("region", "Exists"), True, False),
    "region does not exist": (on_field("region", "DoesNotExist"), False, True),
    "a common zone": (on_field("zone", "In", "z2", "z9"), True, False),
    "no common zone": (on_field("zone", "NotIn", "z2", "z9"), False, True),
    "some zone": (on_field("zone", "Exists"), True, False),
    "no zone": (on_field("zone", "DoesNotExist"), False, True),
    "no other operator on zones": (on_field("zone", "Gt", "1"), False, False),
    "an unknown field": (on_field("planet", "In", "earth"), False, False),
    "an unknown field not in": (on_field("planet", "NotIn", "earth"), True, True),
    "a broken operator": (on_label("Near", "gold"), False, False),
    "Gt is no label operator": (on_label("Gt", "1"), False, False),
    "a broken value": (on_label("In", "no good!"), False, False),
    "In without values": (on_label("In"), False, False),
    "junk": ({"labelSelector": "tier=gold"}, False, False),
}


@pytest.mark.parametrize(("source", "placed", "bare"), CASES.values(), ids=CASES)
def test_matches(source: Json, placed: bool, bare: bool) -> None:
    affinity = cluster_affinity(source)
    assert affinity.matches(cluster_of(PLACED)) is placed
    assert affinity.matches(cluster_of(BARE)) is bare
    assert (affinity.mismatch(cluster_of(PLACED)) == "") is placed


TOLERATIONS = {
    "anything": (Toleration(operator="Exists"), True),
    "by key": (Toleration("k", "Exists"), True),
    "another key": (Toleration("x", "Exists"), False),
    "equal value": (Toleration("k", "Equal", "v"), True),
    "no operator means equal": (Toleration("k", "", "v"), True),
    "another value": (Toleration("k", "Equal", "w"), False),
    "any key of that value": (Toleration("", "Equal", "v"), True),
    "the effect": (Toleration("k", "Exists", effect="NoSchedule"), True),
    "another effect": (Toleration("k", "Exists", effect="NoExecute"), False),
    "numbers are not compared": (Toleration("k", "Gt", "1"), False),
}


@pytest.mark.parametrize(("toleration", "want"), TOLERATIONS.values(), ids=TOLERATIONS)
def test_tolerates(toleration: Toleration, want: bool) -> None:
    assert toleration.tolerates(Taint("k", "v", "NoSchedule")) is want


def test_taints_in_words() -> None:
    found = taints_of(
        [
            {"key": "k"},
            {"key": "k", "value": "v"},
            {"key": "k", "value": "v", "effect": "NoExecute"},
        ]
    )
    assert [str(taint) for taint in found] == ["k", "k=v:", "k=v:NoExecute"]

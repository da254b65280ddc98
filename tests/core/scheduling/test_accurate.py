from typing import Any

import pytest

from lab.core.scheduling import schedule
from lab.core.scheduling.accurate import ACCURATE, NodeRoom, accurate_replicas, node_room
from lab.core.settings import KarmadaSettings
from tests.core.scheduling.build import DYNAMIC, binding, cluster, shares

Json = dict[str, Any]


def node(name: str, **more: Any) -> Json:
    allocatable = {"cpu": "4", "memory": "8Gi", "pods": "10"}
    metadata = {"name": name, "labels": more.pop("labels", {})}
    return {"metadata": metadata, "spec": more, "status": {"allocatable": allocatable}}


def rooms(*nodes: Json, requested: list[Json] | None = None) -> list[NodeRoom]:
    return [node_room(each, requested or []) for each in nodes]


def affinity(*terms: Json) -> Json:
    return {"nodeClaim": {"hardNodeAffinity": {"nodeSelectorTerms": list(terms)}}}


SSD = {"key": "disk", "operator": "In", "values": ["ssd"]}
FLEET = (
    node("a", labels={"disk": "ssd", "size": "3"}),
    node("b", taints=[{"key": "k", "effect": "NoExecute"}]),
    node("c", unschedulable=True),
    node("d", taints=[{"key": "k", "effect": "PreferNoSchedule"}]),
)
ANY = [{"operator": "Exists"}]
CASES = {
    "pod slots of the nodes that take it": (None, 20),
    "everything tolerated": ({"nodeClaim": {"tolerations": ANY}}, 40),
    "per node, not by the sum": ({"resourceRequest": {"cpu": "3"}}, 2),
    "the scarcer resource": ({"resourceRequest": {"cpu": "1", "memory": "4Gi"}}, 4),
    "more than a node has": ({"resourceRequest": {"memory": "9Gi"}}, 0),
    "not on any node": ({"resourceRequest": {"v.io/gpu": "1"}}, 0),
    "node selector": ({"nodeClaim": {"nodeSelector": {"disk": "ssd"}}}, 10),
    "affinity": (affinity({"matchExpressions": [SSD]}), 10),
    "one term is enough": (
        affinity(
            {"matchExpressions": [{**SSD, "key": "x"}]},
            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["d"]}]},
        ),
        10,
    ),
    "greater than": (
        affinity({"matchExpressions": [{"key": "size", "operator": "Gt", "values": ["2"]}]}),
        10,
    ),
    "an empty term matches nothing": (affinity({}), 0),
    "no terms match nothing": (affinity(), 0),
    "a broken term matches nothing": (affinity({"matchExpressions": [{"key": "x"}]}), 0),
}


@pytest.mark.parametrize(("requirements", "want"), CASES.values(), ids=CASES)
def test_replicas_that_fit(requirements: Json | None, want: int) -> None:
    assert accurate_replicas(rooms(*FLEET), requirements) == want


def test_pods_on_a_node_take_room_and_slots() -> None:
    busy = rooms(node("a"), requested=[{"cpu": "1500m"}, {}])
    assert accurate_replicas(busy, {"resourceRequest": {"cpu": "1"}}) == 2
    assert accurate_replicas(busy, None) == 8


def test_the_smaller_of_both_estimators_counts() -> None:
    summary = {"allocatable": {"pods": "20", "cpu": "8"}}
    request = binding(
        {"replicaScheduling": DYNAMIC},
        4,
        replicaRequirements={"resourceRequest": {"cpu": "3"}},
    )
    fleet = [cluster("a", summary=summary), cluster("b", 20, summary={**summary})]
    found = {ACCURATE: {"a": accurate_replicas(rooms(FLEET[0]), {"resourceRequest": {"cpu": "3"}})}}
    settings = KarmadaSettings(enable_scheduler_estimator=True)
    outcome = schedule(request, fleet, settings, replace_estimates=found)
    assert outcome.error is not None
    assert "available replicas 3 are not" in outcome.error
    entry = outcome.explanation["cycles"][0]["clusters"][0]
    assert entry["boundBy"] == ACCURATE
    alone = schedule(request, fleet, settings)
    assert shares(alone.clusters) == {"a": 2, "b": 2}
    assert any("none answered" in sentence for sentence in alone.explanation["ignored"])

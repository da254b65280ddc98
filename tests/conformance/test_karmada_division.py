"""The arithmetic of the scheduler against Karmada's unit tables."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.core.affinity import cluster_affinity
from lab.core.cluster import Cluster
from lab.core.policy import StaticWeight
from lab.core.scheduling.assignment import assign_replicas
from lab.core.scheduling.division import divide_by_room, divide_by_weight, static_weights
from lab.core.scheduling.errors import SchedulingError
from lab.core.scheduling.framework import Binding, Candidate
from lab.core.scheduling.groups import score_divided, score_duplicated
from lab.core.scheduling.region_paths import Choice, select_groups
from lab.core.scheduling.request import read_binding
from lab.core.scheduling.selection import select_by_cluster
from lab.core.scheduling.webster import webster

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "karmada-division-cases.jsonl").read_text().splitlines()
]
Input = dict[str, Any]


def candidate(entry: Input, name: str = "") -> Candidate:
    name = entry.get("name", name)
    room = entry.get("available", 0)
    return Candidate(
        Cluster({"metadata": {"name": name}}),
        name,
        entry.get("score", 0),
        entry.get("tier", 0),
        entry.get("allocatable", room),
        room,
    )


def some(shares: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in shares.items() if count}


def static_weight(given: Input) -> Any:
    rules = [StaticWeight(cluster_affinity({"clusterNames": [n]}), w) for n, w in given["weights"]]
    weights = static_weights([candidate({}, name) for name in given["clusters"]], rules)
    return some(divide_by_weight(given["replicas"], weights, ""))


def dynamic(given: Input) -> Any:
    room = [(name, count) for name, count in given["candidates"]]
    names = {name for name, _ in room}
    previous = {name: count for name, count in given["previous"] if name in names}
    fresh = given["mode"] == "Fresh"
    return some(divide_by_room(given["strategy"], given["replicas"], room, previous, fresh, ""))


def overflow(given: Input) -> Any:
    preference = (
        {"replicaDivisionPreference": "Aggregated"}
        if given["strategy"] == "Aggregated"
        else {
            "replicaDivisionPreference": "Weighted",
            "weightPreference": {"dynamicWeight": "AvailableReplicas"},
        }
    )
    tiers = max(entry["tier"] for entry in given["clusters"])
    groups = [{"affinityName": f"more{tier}"} for tier in range(max(tiers, 1))]
    request: Binding = read_binding(
        {
            "spec": {
                "replicas": given["replicas"],
                "clusters": [{"name": n, "replicas": r} for n, r in given["previous"]],
                "placement": {
                    "clusterAffinities": [{"affinityName": "main", "overflowAffinities": groups}],
                    "replicaScheduling": {"replicaSchedulingType": "Divided", **preference},
                },
            },
            "status": {"schedulerObservingAffinityName": "main"},
        }
    )
    return assign_replicas(request, [candidate(entry) for entry in given["clusters"]])


def group_score(given: Input) -> int:
    members = [candidate(entry, f"m{index}") for index, entry in enumerate(given["clusters"])]
    if given["mode"] == "Duplicated":
        return score_duplicated(members, given["replicas"])
    cluster_min = given.get("clusterMinGroups") or 0
    return score_divided(members, given["replicas"], given["minGroups"], cluster_min)


def by_cluster(given: Input) -> list[str]:
    members = [candidate(entry) for entry in given["clusters"]]
    need = given["needReplicas"]
    chosen = select_by_cluster(members, given["minGroups"], given["maxGroups"], need)
    return [entry.name for entry in chosen]


def groups(given: Input) -> list[str] | None:
    choices = [Choice(g["name"], g["clusters"], g["score"]) for g in given["groups"]]
    limits = given["minGroups"], given["maxGroups"], given["clusterMinGroups"]
    return select_groups(choices, *limits) or None


AREAS = {
    "webster": lambda given: webster(
        given["seats"], given["votes"], given["uid"], given.get("init")
    ),
    "static-weight": static_weight,
    "dynamic": dynamic,
    "overflow": overflow,
    "group-score": group_score,
    "select-by-cluster": by_cluster,
    "select-groups": groups,
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_arithmetic(case: dict[str, Any]) -> None:
    run, want = AREAS[case["area"]], case["expect"]
    if want is None and case["area"] != "select-groups":
        with pytest.raises(SchedulingError):
            run(case["input"])
    elif isinstance(want, dict) and "error" in want:
        with pytest.raises(SchedulingError) as raised:
            run(case["input"])
        assert raised.value.reason == want["error"]
    else:
        assert run(case["input"]) == want

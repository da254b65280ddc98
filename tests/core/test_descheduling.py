from __future__ import annotations

import json
from typing import Any

import pytest

from lab.core.descheduling import deschedule, is_descheduled, lacks_replicas, with_shares
from lab.core.estimators import EstimatorError

DYNAMIC = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {"dynamicWeight": "AvailableReplicas"},
}
AGGREGATED = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}
STATIC = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted"}


def binding(
    shares: dict[str, tuple[int, int | None]], scheduling: Any = DYNAMIC, kind: str = "Deployment"
) -> dict[str, Any]:
    """Shares: cluster to (assigned, ready or None for no word of it)."""
    items = [
        {"clusterName": name, "status": {} if ready is None else {"readyReplicas": ready}}
        for name, (_, ready) in shares.items()
    ]
    targets = [{"name": name, "replicas": count} for name, (count, _) in shares.items()]
    text = json.dumps({"replicaScheduling": scheduling})
    return {
        "metadata": {"annotations": {"policy.karmada.io/applied-placement": text}},
        "spec": {"resource": {"apiVersion": "apps/v1", "kind": kind}, "clusters": targets},
        "status": {"aggregatedStatus": items},
    }


LOOKED_AT: dict[str, tuple[dict[str, Any], bool]] = {
    "dynamic weight": (binding({}), True),
    "aggregated": (binding({}, AGGREGATED), True),
    "static weight": (binding({}, STATIC), False),
    "duplicated": (binding({}, {"replicaSchedulingType": "Duplicated"}), False),
    "not a Deployment": (binding({}, kind="StatefulSet"), False),
    "never scheduled": ({**binding({}), "metadata": {}}, False),
    "an applied placement nobody can read": (
        {
            **binding({}),
            "metadata": {"annotations": {"policy.karmada.io/applied-placement": "{"}},
        },
        False,
    ),
}


@pytest.mark.parametrize(("subject", "want"), LOOKED_AT.values(), ids=LOOKED_AT.keys())
def test_is_descheduled(subject: dict[str, Any], want: bool) -> None:
    assert is_descheduled(subject) is want


SHARES: dict[str, tuple[tuple[int, int | None], int, int]] = {
    # (assigned, ready), unschedulable -> target
    "all ready: nobody is asked": ((3, 3), 9, 3),
    "some stuck": ((5, 2), 3, 2),
    "fewer stuck than missing": ((5, 2), 1, 4),
    "nothing stuck": ((5, 2), 0, 5),
    "what is ready stays": ((5, 4), 3, 4),
    "no word of readiness": ((5, None), 5, 0),
    "more stuck than assigned": ((2, 1), 3, 2),
}


@pytest.mark.parametrize(("share", "stuck", "want"), SHARES.values(), ids=SHARES.keys())
def test_shares(share: tuple[int, int | None], stuck: int, want: int) -> None:
    subject = binding({"a": share})
    done = deschedule(subject, lambda _: stuck)
    assert [each.target for each in done.shares] == [want]
    assert done.taken_back == share[0] - want
    moved = with_shares(subject, done.shares)
    assert moved["spec"]["clusters"] == [{"name": "a", **({"replicas": want} if want else {})}]


def test_only_members_that_lack_replicas_are_asked() -> None:
    subject = binding({"a": (3, 3), "b": (3, 1)})
    assert lacks_replicas(subject) == ["b"]
    asked: list[str] = []

    def stuck(cluster: str) -> int:
        asked.append(cluster)
        return 2

    assert deschedule(subject, stuck).taken_back == 2
    assert asked == ["b"]


def test_one_silent_estimator_silences_all() -> None:
    def stuck(cluster: str) -> int:
        if cluster == "b":
            raise EstimatorError("no such Deployment")
        return 2

    done = deschedule(binding({"a": (3, 1), "b": (3, 1)}), stuck)
    assert done.taken_back == 0
    assert done.error == "b: no such Deployment"

"""ClusterTaintPolicies: which taints conditions add and remove."""

from __future__ import annotations

from typing import Any

import pytest

from lab.core.manifest import timestamp
from lab.core.taint_policy import conditions_match, taints_by_policies

NOT_READY = [{"conditionType": "Ready", "operator": "NotIn", "statusValues": ["True"]}]
READY = [{"conditionType": "Ready", "operator": "In", "statusValues": ["True"]}]
TAINT = {"key": "down", "effect": "NoExecute"}


def conditions(ready: str | None, **others: str) -> list[dict[str, str]]:
    found = [] if ready is None else [{"type": "Ready", "status": ready}]
    return found + [{"type": name, "status": status} for name, status in others.items()]


def cluster(ready: str | None, taints: list[Any] | None = None, **labels: str) -> dict[str, Any]:
    spec = {"taints": taints} if taints else {}
    metadata = {"name": "west", "labels": labels}
    return {"metadata": metadata, "spec": spec, "status": {"conditions": conditions(ready)}}


def policy(name: str = "p", created: str = "2026-01-01T00:00:00Z", **spec: Any) -> dict[str, Any]:
    body = {"addOnConditions": NOT_READY, "removeOnConditions": READY, "taints": [TAINT], **spec}
    return {"metadata": {"name": name, "creationTimestamp": created}, "spec": body}


MATCHES: dict[str, tuple[list[Any], list[Any], bool]] = {
    "none wanted": ([], conditions("False"), False),
    "in": (READY, conditions("True"), True),
    "in, another": (READY, conditions("Unknown"), False),
    "not in": (NOT_READY, conditions("Unknown"), True),
    "not in, but it is": (NOT_READY, conditions("True"), False),
    "no such condition": (NOT_READY, conditions(None), False),
    "all must hold": (
        [*NOT_READY, {"conditionType": "Net", "operator": "In", "statusValues": ["False"]}],
        conditions("False", Net="True"),
        False,
    ),
    "all hold": (
        [*NOT_READY, {"conditionType": "Net", "operator": "In", "statusValues": ["False"]}],
        conditions("False", Net="False"),
        True,
    ),
    "an operator nobody knows": (
        [{"conditionType": "Ready", "operator": "Like", "statusValues": ["True"]}],
        conditions("True"),
        False,
    ),
}


@pytest.mark.parametrize(("wanted", "found", "want"), MATCHES.values(), ids=MATCHES)
def test_conditions_match(wanted: list[Any], found: list[Any], want: bool) -> None:
    assert conditions_match(found, wanted) is want


STANDING = {**TAINT, "value": "old", "timeAdded": "2025-12-31T00:00:00Z"}
NEW = {**TAINT, "timeAdded": timestamp(7.0)}
TAINTS: dict[str, tuple[dict[str, Any], list[Any], list[Any]]] = {
    "added": (cluster("False"), [policy()], [NEW]),
    "added with its value": (
        cluster("False"),
        [policy(taints=[{**TAINT, "value": "v"}])],
        [{"key": "down", "value": "v", "effect": "NoExecute", "timeAdded": timestamp(7.0)}],
    ),
    "there already: kept as it is": (cluster("False", [STANDING]), [policy()], [STANDING]),
    "removed": (cluster("True", [STANDING]), [policy()], []),
    "removed by key and effect only": (
        cluster("True", [{**TAINT, "effect": "NoSchedule"}]),
        [policy()],
        [{**TAINT, "effect": "NoSchedule"}],
    ),
    "another cluster's policy": (
        cluster("False"),
        [policy(targetClusters={"clusterNames": ["east"]})],
        [],
    ),
    "by label": (
        cluster("False", tier="edge"),
        [policy(targetClusters={"labelSelector": {"matchLabels": {"tier": "edge"}}})],
        [NEW],
    ),
    "added and removed by one policy": (
        cluster("False"),
        [policy(removeOnConditions=NOT_READY)],
        [],
    ),
    "the later policy has the last word": (
        cluster("False"),
        [
            policy("a", "2026-01-01T00:00:09Z", addOnConditions=[], removeOnConditions=NOT_READY),
            policy("b", "2026-01-01T00:00:01Z"),
        ],
        [],
    ),
    "the same two the other way round": (
        cluster("False"),
        [
            policy("a", "2026-01-01T00:00:01Z", addOnConditions=[], removeOnConditions=NOT_READY),
            policy("b", "2026-01-01T00:00:09Z"),
        ],
        [NEW],
    ),
    "no condition yet": (cluster(None), [policy()], []),
}


@pytest.mark.parametrize(("subject", "policies", "want"), TAINTS.values(), ids=TAINTS)
def test_taints(subject: dict[str, Any], policies: list[Any], want: list[Any]) -> None:
    assert taints_by_policies(subject, policies, 7.5)[0] == want


def test_each_change_names_its_policy() -> None:
    _, changes = taints_by_policies(cluster("False"), [policy("lost")], 7.0)
    assert [str(each) for each in changes] == ["lost adds down:NoExecute"]

from __future__ import annotations

from typing import Any

import pytest

from lab.core.scheduling.quota_estimate import NO_LIMIT, replicas_in_quotas, sets_in_quotas


def quota(hard: dict[str, str], used: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {"spec": spec, "status": {"hard": hard, "used": used or dict.fromkeys(hard, "0")}}


def needs(priority: str = "", **requests: str) -> dict[str, Any]:
    return {"resourceRequest": requests, "priorityClassName": priority}


def scoped(operator: str, *values: str) -> dict[str, Any]:
    part = {"scopeName": "PriorityClass", "operator": operator, "values": list(values)}
    return {"scopeSelector": {"matchExpressions": [part]}}


CASES: dict[str, tuple[list[dict[str, Any]], dict[str, Any] | None, int]] = {
    "no quota": ([], needs(cpu="1"), NO_LIMIT),
    "no requirements": ([quota({"cpu": "1"})], None, NO_LIMIT),
    "what is left": ([quota({"cpu": "4"}, {"cpu": "1"})], needs(cpu="500m"), 6),
    "requests.cpu is cpu": ([quota({"requests.cpu": "4"})], needs(cpu="1"), 4),
    "limits do not count": ([quota({"limits.cpu": "1"})], needs(cpu="1"), NO_LIMIT),
    "pods do not count": ([quota({"pods": "1"})], needs(cpu="1"), NO_LIMIT),
    "the scarcer": ([quota({"cpu": "4", "memory": "1Gi"})], needs(cpu="1", memory="512Mi"), 2),
    "the least of two": ([quota({"cpu": "4"}), quota({"cpu": "3"})], needs(cpu="1"), 3),
    "more used than there is": ([quota({"cpu": "1"}, {"cpu": "2"})], needs(cpu="1"), -1),
    "much more used": ([quota({"cpu": "1"}, {"cpu": "3500m"})], needs(cpu="1"), -2),
    "a little more used": ([quota({"cpu": "1"}, {"cpu": "1500m"})], needs(cpu="1"), 0),
    "an extended resource": (
        [quota({"requests.vendor.example/gpu": "3"})],
        needs(**{"vendor.example/gpu": "2"}),
        1,
    ),
    "not counted by its status yet": (
        [quota({"cpu": "4"}, {"memory": "1"})],
        needs(cpu="1"),
        NO_LIMIT,
    ),
    "priority class matches": (
        [quota({"cpu": "1"}, **scoped("In", "high"))],
        needs("high", cpu="1"),
        1,
    ),
    "priority class does not": (
        [quota({"cpu": "1"}, **scoped("In", "high"))],
        needs("low", cpu="1"),
        NO_LIMIT,
    ),
    "any priority class": ([quota({"cpu": "1"}, **scoped("Exists"))], needs("low", cpu="1"), 1),
    "none needed": ([quota({"cpu": "1"}, **scoped("DoesNotExist"))], needs(cpu="1"), 1),
    "other scopes never match": (
        [quota({"cpu": "1"}, scopes=["BestEffort"])],
        needs(cpu="1"),
        NO_LIMIT,
    ),
}


@pytest.mark.parametrize(("quotas", "asked", "want"), CASES.values(), ids=CASES.keys())
def test_replicas_in_quotas(
    quotas: list[dict[str, Any]], asked: dict[str, Any] | None, want: int
) -> None:
    assert replicas_in_quotas(quotas, asked) == want


def test_sets_add_up_their_parts() -> None:
    parts = [
        {"name": "a", "replicas": 2, "replicaRequirements": needs(cpu="500m")},
        {"name": "b", "replicas": 1, "replicaRequirements": needs("high", cpu="1")},
        {"name": "c", "replicas": 9},
    ]
    assert sets_in_quotas([quota({"cpu": "5"})], parts) == 2
    assert sets_in_quotas([quota({"cpu": "5"}, **scoped("In", "high"))], parts) == 5
    assert sets_in_quotas([], parts) == NO_LIMIT

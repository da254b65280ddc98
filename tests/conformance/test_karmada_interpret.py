"""Observed facts: what Karmada's native interpreter makes of objects.

As in Karmada, a hook is asked for only where a kind has one; without one the object stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.core.interpreter import InterpretError, Operation, native_interpreter, prune
from lab.core.settings import KarmadaSettings

FILE = Path(__file__).parent / "karmada-interpret-cases.jsonl"
CASES = [json.loads(line) for line in FILE.read_text().splitlines()]
NATIVE = native_interpreter(KarmadaSettings())
Case = dict[str, Any]


def without_nulls(value: Any) -> Any:
    """To an API server, a field that is null is not there."""
    if isinstance(value, dict):
        return {key: without_nulls(entry) for key, entry in value.items() if entry is not None}
    return [without_nulls(entry) for entry in value] if isinstance(value, list) else value


def comparable(value: Any) -> Any:
    """A missing number is a zero, and the times of conditions are not compared."""
    if isinstance(value, dict):
        return {
            key: comparable(entry)
            for key, entry in value.items()
            if (entry != 0 or isinstance(entry, bool))
            and key not in {"lastProbeTime", "lastTransitionTime"}
        }
    return [comparable(entry) for entry in value] if isinstance(value, list) else value


def replicas(case: Case) -> None:
    count, requirements = 0, None
    if NATIVE.has(case["object"], Operation.REPLICAS):
        count, requirements = NATIVE.replicas(case["object"])
    assert {"replicas": count, "requirements": requirements} == case["expect"]


def revise(case: Case) -> None:
    result = case["object"]
    if NATIVE.has(result, Operation.REVISE):
        result = NATIVE.revise(result, case["replicas"])
    assert result == case["expect"]


def retain(case: Case) -> None:
    kept = case["desired"]
    if NATIVE.has(kept, Operation.RETAIN):
        kept = NATIVE.retain(kept, case["observed"])
    assert without_nulls(kept) == without_nulls(case["expect"])


def health(case: Case) -> None:
    expect = case["expect"]
    assert NATIVE.has(case["object"], Operation.HEALTH) == expect["hook"]
    assert NATIVE.health_word(case["object"]) == expect["health"]


def status(case: Case) -> None:
    found, expect = NATIVE.status(case["object"]), case["expect"]["status"]
    assert comparable(found) == comparable(expect)


def aggregate(case: Case) -> None:
    result = case["object"]
    if NATIVE.has(result, Operation.AGGREGATE):
        result = NATIVE.aggregate(result, case["items"], 0.0)
    found, expect = result.get("status") or {}, case["expect"]["status"] or {}
    assert comparable(found) == comparable(expect)


def dependencies(case: Case) -> None:
    def as_set(references: list[Any]) -> list[str]:
        return sorted(json.dumps(reference, sort_keys=True) for reference in references)

    template = case["object"]
    known = NATIVE.has(template, Operation.DEPENDENCIES)
    assert as_set(NATIVE.dependencies(template) if known else []) == as_set(case["expect"])


def pruned(case: Case) -> None:
    assert without_nulls(prune(case["object"])) == without_nulls(case["expect"])


CHECKS: dict[str, Callable[[Case], None]] = {
    "interpretReplica": replicas,
    "reviseReplica": revise,
    "retain": retain,
    "interpretHealth": health,
    "interpretStatus": status,
    "aggregateStatus": aggregate,
    "interpretDependency": dependencies,
    "prune": pruned,
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}: {case['note']}")
def test_interpret(case: Case) -> None:
    before = json.dumps(case)
    check = CHECKS[case["area"]]
    if isinstance(case["expect"], dict) and case["expect"].get("error"):
        with pytest.raises(InterpretError):
            check(case)
    else:
        check(case)
    assert json.dumps(case) == before, "an object given was changed in place"

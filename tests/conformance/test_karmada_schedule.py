"""Whole turns of the scheduler against what Karmada's own scheduler did with the same input."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.core.scheduling import Outcome, schedule
from lab.core.settings import karmada_settings

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "karmada-schedule-cases.jsonl").read_text().splitlines()
]


def run(case: dict[str, Any]) -> Outcome:
    flag = "enableEmptyWorkloadPropagation"
    settings = karmada_settings({flag: case[flag]} if flag in case else {})
    return schedule(case["binding"], case["clusters"], settings)


def targets(clusters: list[dict[str, Any]]) -> dict[str, Any]:
    """Order is not part of the fact, and no replicas are as good as 0."""
    return {c["name"]: (c.get("replicas", 0), c.get("components")) for c in clusters}


def matches(outcome: Outcome, expect: dict[str, Any]) -> bool:
    after = expect["clusters"] if "clusters" in expect else expect["after"]
    return (
        outcome.reason == expect["reason"]
        and outcome.error == expect.get("error")
        and targets(outcome.clusters) == targets(after)
        and ("noop" not in expect or outcome.noop == expect["noop"])
        and outcome.retried == expect.get("retried", False)
        and (
            "observedAffinity" not in expect
            or outcome.observed_affinity == expect["observedAffinity"]
        )
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_turn(case: dict[str, Any]) -> None:
    outcome = run(case)
    assert any(matches(outcome, expect) for expect in case["expect"]), (outcome, case["expect"])


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case["id"])
def test_order_of_clusters_does_not_matter(case: dict[str, Any]) -> None:
    turned = {**case, "clusters": case["clusters"][::-1]}
    assert targets(run(turned).clusters) == targets(run(case).clusters)

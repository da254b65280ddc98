"""Observed facts: which overrides apply, in which order, and what they make of an object; which
policy gets a template, and when it may take one from another policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.core.claiming import (
    choose_policy,
    claim,
    claim_of,
    find_policy,
    preempts,
    without_marks_of,
)
from lab.core.manifest import Manifest
from lab.core.overrides import OverrideError, OverridePolicies, apply_overrides
from lab.core.settings import KarmadaSettings

FILE = Path(__file__).parent / "karmada-override-cases.jsonl"
CASES = [json.loads(line) for line in FILE.read_text().splitlines()]
OVERRIDES = [case for case in CASES if case["area"].startswith("override/")]
MATCHES = [case for case in CASES if case["area"] == "policy-match"]
PREEMPTIONS = [case for case in CASES if case["area"] == "policy-preempt"]


def by_id(case: dict[str, Any]) -> str:
    return f"{case['id']}: {case['note']}"


def test_every_case_is_looked_at() -> None:
    assert len(OVERRIDES) + len(MATCHES) + len(PREEMPTIONS) == len(CASES)


@pytest.mark.parametrize("case", OVERRIDES, ids=by_id)
def test_override(case: dict[str, Any]) -> None:
    before = json.dumps(case["object"])
    policies = OverridePolicies.of(case["policies"])
    if case["expect_kind"] == "error":
        with pytest.raises(OverrideError):
            apply_overrides(case["object"], case["cluster"], policies)
    else:
        result = apply_overrides(case["object"], case["cluster"], policies)
        assert result.manifest == case["expect"]
    assert json.dumps(case["object"]) == before, "the object given was changed in place"


def winner_of(template: Manifest) -> dict[str, str] | None:
    held = claim_of(template)
    return None if held is None else {"kind": held.kind, "name": held.name}


def split(policies: list[Manifest]) -> tuple[list[Manifest], list[Manifest]]:
    return (
        [policy for policy in policies if policy["kind"] == "PropagationPolicy"],
        [policy for policy in policies if policy["kind"] == "ClusterPropagationPolicy"],
    )


def without_empty_marks(template: Manifest) -> Manifest:
    """An empty map of labels or annotations is as good as none."""
    marks = ("labels", "annotations")
    metadata = template["metadata"]
    kept = {key: value for key, value in metadata.items() if value or key not in marks}
    return {**template, "metadata": kept}


@pytest.mark.parametrize("case", MATCHES, ids=by_id)
def test_policy_match(case: dict[str, Any]) -> None:
    template = case["object"]
    choice = choose_policy(template, *split(case["policies"]), case["policies"])
    if choice.applies:
        assert choice.policy is not None
        template = claim(template, choice.policy)
    elif choice.outcome == "orphaned":
        assert choice.claim is not None
        template = without_marks_of(template, choice.claim.kind)
    assert without_empty_marks(template) == without_empty_marks(case["expect"])
    assert winner_of(template) == case["winner"]


@pytest.mark.parametrize("case", PREEMPTIONS, ids=by_id)
def test_policy_preemption(case: dict[str, Any]) -> None:
    template, policies = case["object"], case["policies"]
    settings = KarmadaSettings().with_gates(**case.get("gates", {}))
    incoming = next(p for p in policies if p["metadata"]["name"] == case["incoming"])
    namespace = incoming["metadata"].get("namespace", "")
    assert find_policy(policies, namespace, case["incoming"]) is incoming
    if preempts(template, incoming, policies, settings):
        template = claim(template, incoming)
    assert template == case["expect"]
    assert winner_of(template) == case["winner"]

"""More cases of the kinds in the `karmada-*` files: rare branches, seen from the real Karmada."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.core.admission import admit
from lab.core.errors import ApiError
from lab.core.overrides import OverrideError, OverridePolicies, apply_overrides
from lab.core.settings import KarmadaSettings
from tests.conformance.test_karmada_interpret import CHECKS
from tests.conformance.test_karmada_schedule import matches, run

HERE = Path(__file__).parent


def cases(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / f"observed-{name}.jsonl").read_text().splitlines()]


def by_id(case: dict[str, Any]) -> str:
    return f"{case['id']}: {case['note']}"


@pytest.mark.parametrize("case", cases("schedule-cases"), ids=by_id)
def test_turn_of_the_scheduler(case: dict[str, Any]) -> None:
    outcome = run(case)
    assert any(matches(outcome, expect) for expect in case["expect"]), (outcome, case["expect"])


@pytest.mark.parametrize("case", cases("override-cases"), ids=by_id)
def test_override(case: dict[str, Any]) -> None:
    policies = OverridePolicies.of(case["policies"])
    if case["expect_kind"] == "error":
        with pytest.raises(OverrideError):
            apply_overrides(case["object"], case["cluster"], policies)
    else:
        result = apply_overrides(case["object"], case["cluster"], policies)
        assert result.manifest == case["expect"]


@pytest.mark.parametrize("case", cases("admission-cases"), ids=by_id)
def test_refusal(case: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        admit("CREATE", case["object"], None, 0.0, KarmadaSettings())
    assert caught.value.message.endswith(f": {case['expect']}")


@pytest.mark.parametrize("case", cases("interpret-cases"), ids=by_id)
def test_interpret(case: dict[str, Any]) -> None:
    CHECKS[case["area"]](case)

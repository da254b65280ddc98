"""What docs/rescheduling.md shows is true: its scenarios play, its defaults are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.core.duration import parse_duration_s
from lab.core.settings import KarmadaSettings, karmada_settings
from tests.test_docs import played

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "rescheduling.md").read_text()
SCENARIOS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
REBALANCED, DESCHEDULED = SCENARIOS


@pytest.mark.parametrize("text", SCENARIOS, ids=["rebalancer", "descheduler"])
def test_the_scenarios_play_and_hold(text: str) -> None:
    assert played(text) == []


def test_without_a_rebalancer_nothing_comes_back() -> None:
    other = REBALANCED.replace("name: web}]\n  expect", "name: other}]\n  expect")
    assert other != REBALANCED
    (failed,) = played(other)
    assert failed.startswith("both have their share")


def test_with_more_small_nodes_they_are_sent_back_each_time() -> None:
    other = DESCHEDULED.replace("nodes: 20", "nodes: 40")
    (failed,) = played(other)
    assert failed.startswith("in the end they run where the nodes are large")


def test_with_the_estimator_they_run_at_once() -> None:
    other = DESCHEDULED.replace(
        "enableDescheduler: true", "enableDescheduler: true\n      enableSchedulerEstimator: true"
    )
    (failed,) = played(other)
    assert failed.startswith("nothing runs where the sums said so")


def test_the_defaults_are_the_codes() -> None:
    table = PAGE[PAGE.index("## Settings") :]
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \|", table, re.MULTILINE)
    assert len(rows) == 9
    default = KarmadaSettings()
    for name, text in rows:
        if text == "false":
            given: object = False
        else:
            given = float(text) if text.startswith("0.") else text
            if isinstance(given, str):
                assert parse_duration_s(given) > 0
        assert karmada_settings({name: given}) == default, name

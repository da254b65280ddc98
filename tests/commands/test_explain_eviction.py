"""`fedlab explain`: why a workload left a cluster, is held, or was left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.cli.front import run_program
from tests.test_failover_page import SCENARIO

Explain = Callable[..., str]


@pytest.fixture
def explain(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Explain:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def play(text: str, *words: str) -> str:
        Path("s.yaml").write_text(text)
        run_program(["run", "s.yaml"])
        capsys.readouterr()
        assert run_program(["explain", "deployment/web", *words]) == 0
        return capsys.readouterr().out

    return play


def test_an_eviction_is_told_from_the_taint_to_the_end_of_its_task(explain: Explain) -> None:
    out = explain(SCENARIO)
    lines = out[out.index("Evictions") :].splitlines()
    told = [line.split("  ")[-1].strip() for line in lines]
    assert told[2].startswith("to leave east: taint lost:NoExecute is not tolerated; 0 ahead")
    assert told[3] == "leaves east now (Gracefully): taint lost:NoExecute is not tolerated"
    assert told[4] == "east: kept, new: its time begins now"
    assert any(text.startswith("east: dropped, ") for text in told)


def test_turns_of_the_scheduler_are_counted_alone(explain: Explain) -> None:
    data = json.loads(explain(SCENARIO, "-o", "json"))
    kinds = [each["kind"] for each in data["evictions"]["decisions"]]
    assert set(kinds) == {"eviction", "eviction-task"}
    assert f"turn {data['decisions']} with" in explain(SCENARIO)


def test_the_missing_switch_is_named(explain: Explain) -> None:
    off = SCENARIO.replace("enableNoExecuteTaintEviction: true", "enableTaintManager: true")
    out = explain(off)
    assert "Evictions\n  nothing leaves east for taints " in out
    assert ": enableNoExecuteTaintEviction is false\n" in out


def test_a_task_that_stands_is_shown(explain: Explain) -> None:
    alone = SCENARIO.replace(
        "placement:\n", "placement:\n          clusterAffinity: {clusterNames: [east]}\n"
    )
    out = explain(alone)
    assert (
        "being evicted from east with 4 replicas: TaintUntolerated, Gracefully, by TaintManager"
        in out
    )


def test_nothing_is_said_where_nothing_happened(explain: Explain) -> None:
    out = explain(SCENARIO.replace("at: 30s, fault", "at: 170s, fault"))
    assert "Evictions" not in out

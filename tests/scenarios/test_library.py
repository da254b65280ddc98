"""The library of scenarios: each passes, twice alike, and says what it is about."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from lab.core.quirks import QUIRKS
from lab.engine.trace import TraceRecord
from lab.scenario.model import Scenario
from lab.session import Session

LIBRARY = Path(__file__).parents[2] / "scenarios"
INDEX = (LIBRARY / "README.md").read_text(encoding="utf-8")


def found() -> list[str]:
    """Return all scenarios of the library, by path; what they share is no scenario."""
    files = sorted(LIBRARY.rglob("*.yaml"))
    return [
        str(path.relative_to(LIBRARY))
        for path in files
        if re.search(r"^kind: Scenario$", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]


SCENARIOS = found()
FAILURES = [path for path in SCENARIOS if path.startswith("known-failures/")]
UPSTREAM = {"5150", "2769", "4480", "4208", "7201", "7306", "6505", "7775"}


@dataclass(frozen=True)
class Played:
    """What came of a scenario: its verdict, the checks that did not hold, all that is wrong."""

    scenario: Scenario
    passed: bool
    failed: tuple[str, ...]
    wrong: str
    digest: str


def uncaused(session: Session) -> list[TraceRecord]:
    """Return the records that no earlier record has led to; only steps of people are such."""
    records = session.federation.trace.records
    return [
        each
        for each in records
        if not (0 < each.cause < each.number or (each.cause == 0 and each.type == "step"))
    ]


def played(scenario: Scenario | str) -> Played:
    path = LIBRARY / scenario if isinstance(scenario, str) else scenario
    with Session.open(path) as session:
        verdict = session.play()
        failed = {each.expectation.name: each.message for each in verdict.checks if not each.passed}
        wrong = [f"{name}: {message}" for name, message in failed.items()]
        wrong += [str(each.error) for each in verdict.steps if not each.ok]
        wrong += [str(each) for each in verdict.unexpected]
        wrong += [f"caused by nothing before it: {each}" for each in uncaused(session)]
        words = "\n".join(wrong)
        return Played(verdict.scenario, verdict.passed, tuple(failed), words, session.digest())


@cache
def once(path: str) -> Played:
    return played(path)


def test_there_is_a_library() -> None:
    assert len(SCENARIOS) >= 40
    assert len({Path(path).stem for path in SCENARIOS} - {"scenario"}) >= len(SCENARIOS) - 1


@pytest.mark.parametrize("path", SCENARIOS)
def test_it_passes_twice_alike(path: str) -> None:
    first = once(path)
    assert first.passed, first.wrong
    second = played(first.scenario)
    assert second.passed, second.wrong
    assert second.digest == first.digest


@pytest.mark.parametrize("path", SCENARIOS)
def test_it_says_what_it_is_about(path: str) -> None:
    text = (LIBRARY / path).read_text(encoding="utf-8")
    scenario = once(path).scenario
    assert len(scenario.description) > 30
    assert scenario.expectations
    assert all(each.name for each in scenario.expectations)
    if "/" in path and not path.startswith("seeds/"):
        for part in ("Set up:", "What happens:", "Why:", "Notice:"):
            assert part in scenario.description, part
        assert re.search(rf"^  name: {re.escape(Path(path).stem)}$", text, re.MULTILINE)
        assert re.search(r"\b(level: (beginner|intermediate|advanced))\b", text)


@pytest.mark.parametrize("path", [path for path in SCENARIOS if not path.startswith("seeds/")])
def test_the_index_lists_it(path: str) -> None:
    assert f"[{Path(path).stem}]({path})" in INDEX


def test_the_index_lists_nothing_else() -> None:
    linked = re.findall(r"\]\(([^)#]+)\)", INDEX)
    assert [each for each in linked if not (LIBRARY / each).exists()] == []


def test_the_known_failures_are_all_there() -> None:
    names = " ".join(Path(path).stem for path in FAILURES)
    assert set(re.findall(r"\d{4}", names)) == UPSTREAM


@pytest.mark.parametrize("path", FAILURES)
def test_a_known_failure_is_its_quirk(path: str) -> None:
    """Without the quirk the failure is not there, so what the scenario expects is not met."""
    scenario = once(path).scenario
    text = (LIBRARY / path).read_text(encoding="utf-8")
    (name,) = re.findall(r"quirks: \{(\w+): true\}", text)
    assert re.findall(r"\d{4}", Path(path).stem)[0] in QUIRKS[name].upstream
    quirks = {**scenario.karmada.quirks, name: False}
    without = replace(scenario, karmada=replace(scenario.karmada, quirks=quirks))
    assert played(without).failed


def test_a_silent_pull_member_is_blamed_on_what_silenced_it() -> None:
    with Session.open(LIBRARY / "detection/pull-member-partitioned.yaml") as session:
        session.play()
        records = {each.number: each for each in session.federation.trace.records}
        silent = [
            each
            for each in records.values()
            if each.type == "decision" and each.detail["kind"] == "cluster-silent"
        ]
        assert silent
        for each in silent:
            assert records[each.cause].type == "fault"


def test_another_process_plays_it_alike() -> None:
    paths = ["failover/5-all-four-switches.yaml", "control-plane/controller-crash-midway.yaml"]
    program = "\n".join(
        (
            "import sys",
            "from lab.session import Session",
            "for path in sys.argv[1:]:",
            "    with Session.open(path) as session:",
            "        session.play()",
            "        print(session.digest())",
        )
    )
    result = subprocess.run(
        [sys.executable, "-c", program, *(str(LIBRARY / path) for path in paths)],
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
        cwd=LIBRARY.parent,
    )
    assert result.stdout.split() == [once(path).digest for path in paths]

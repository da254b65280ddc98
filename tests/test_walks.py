"""Walks: whatever people and misfortune do, no law is broken but those Karmada is known to break.

FEDLAB_WALKS=2000 plays as many instead of a few; FEDLAB_WALKS_SEED=7 others than always the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.walks.bugs import BUGS
from tests.walks.machine import Walk
from tests.walks.play import CRASH, REST_S, Steps, breaches, scenario_of
from tests.walks.shrink import shrunk

WALKS = int(os.environ.get("FEDLAB_WALKS", "40"))
SEED = int(os.environ.get("FEDLAB_WALKS_SEED", "0"))
STEPS = 10


class BrokenLawError(AssertionError):
    """A walk broke a law; the message has the file that shows it."""


def walk(
    folder: Path,
    walks: int,
    laws: Sequence[str] = (),
    rules: tuple[str, ...] = (),
    plays: int = 80,
    rest_s: float = REST_S,
) -> None:
    """Play walks until one breaks a law; write that one, shortened, into the folder.

    Args:
        folder: Where the file goes.
        walks: How many at most.
        laws: Look at these laws only (all if there are none).
        rules: Follow these rules only (all if there are none).
        plays: How many a walk that fails may take to be shortened.
        rest_s: How long a walk goes on after everything is healed.

    Raises:
        BrokenLawError: One did.
    """
    known: dict[str, str] = {}

    def judge(steps: Steps, chance: int) -> None:
        text = scenario_of(steps, chance, rest_s=rest_s)
        if text not in known:  # Hypothesis plays what fails once more
            known[text] = told(steps, chance, text)
        if known[text]:
            raise BrokenLawError(known[text])

    def told(steps: Steps, chance: int, text: str) -> str:
        found = breaches(text, laws)
        if not found:
            return ""
        law = found[0].law
        only = [] if law == CRASH else [law]

        def shows(candidate: Steps) -> bool:
            return bool(breaches(scenario_of(candidate, chance, rest_s=rest_s), only))

        fewer = shrunk(steps, shows, plays)
        text = scenario_of(fewer, chance, f"A walk that breaks {law}.", rest_s)
        short = next(each for each in breaches(text) if each.law == law)
        file = folder / f"walk-{law}.yaml"
        file.write_text(text)
        return f"{short}\nThis scenario shows it ({file}):\n{text}"

    class Judged(Walk):
        only = rules

    Judged.judge = staticmethod(judge)
    machine: Callable[[], Any] = Judged
    chosen = settings(
        max_examples=walks,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=SEED == 0,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    if SEED:
        machine = seed(SEED)(Judged)
    run_state_machine_as_test(machine, settings=chosen)


def test_walks_break_no_law(tmp_path: Path) -> None:
    walk(tmp_path, WALKS)


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found_and_its_scenario_shows_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bug = BUGS[name]
    with monkeypatch.context() as planted:
        bug.plant(planted)
        with pytest.raises(BrokenLawError) as caught:
            walk(tmp_path, 80, bug.laws, bug.rules, plays=30, rest_s=400.0)
        files = list(tmp_path.iterdir())
        assert len(files) == 1
        text = files[0].read_text()
        law = files[0].stem.removeprefix("walk-")
        assert law in bug.laws
        assert str(files[0]) in str(caught.value)
        assert text in str(caught.value)
        assert law in {each.law for each in breaches(text)}, "the file shows it again"
        assert text.count("\n  - name: ") <= 5, "few steps are left"
    assert breaches(text) == (), "without the bug it breaks nothing"

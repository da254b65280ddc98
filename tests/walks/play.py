"""A walk as a scenario file, and what playing it breaks."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from lab.commands.rehearsal import load_rehearsed
from lab.session import Session, check_step_line
from tests.walks.known import known_as
from tests.walks.objects import SETTINGS, SHARED, TAINTS_WHEN_DOWN, fleet

REST_S = 2400.0
"""After everything is healed: T(policy) of Q1, and some time in which nobody may write."""
CRASH = "crash"
"""Stands for a law where the lab itself broke down."""
Steps = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Breach:
    """A law that a walk breaks, or another reason why it fails."""

    law: str
    text: str

    def __str__(self) -> str:
        return f"{self.law} {self.text}"


def scenario_of(
    steps: Steps, seed: int = 0, description: str = "A walk.", rest_s: float = REST_S
) -> str:
    """Return a walk as a scenario file: in the end everything is healed, then it rests."""
    end_s = max([float(str(step["at"]).removesuffix("s")) for step in steps], default=0.0)
    spec = {
        "description": description,
        "seed": seed,
        "horizon": f"{end_s + rest_s:g}s",
        "settings": SETTINGS,
        "fleet": fleet(),
        "manifests": [TAINTS_WHEN_DOWN, SHARED],
        "steps": [*steps, {"name": "all is well again", "at": f"{end_s:g}s", "heal": "all"}],
    }
    document = {
        "apiVersion": "fedlab.dev/v1alpha1",
        "kind": "Scenario",
        "metadata": {"name": "walk"},
        "spec": spec,
    }
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, width=100)


class _Plain(yaml.SafeDumper):
    """Writes every part out, so that a person can edit one of two equal ones."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def breaches(text: str, laws: Sequence[str] = ()) -> tuple[Breach, ...]:
    """Play a scenario's text; return what it breaks, one of each law, in the order of time.

    That a step is refused is no breach: people may ask for what cannot be.

    Args:
        text: The scenario.
        laws: Look at these laws only (all if there are none).
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "walk.yaml"
        path.write_text(text)
        scenario = load_rehearsed(path, check_step_line)
        if laws:
            scenario = replace(scenario, laws=tuple(laws))
        with Session.open(scenario) as session:
            try:
                verdict = session.play()
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                return (Breach(CRASH, f"{error!r} at {where.filename}:{where.lineno}"),)
            found = [
                each
                for each in verdict.unexpected
                if not known_as(each, verdict.scenario, session.federation)
            ]
    refused = any(not step.ok for step in verdict.steps)
    told: dict[str, Breach] = {}
    for each in found:
        if each.law != "Q2" or not refused:  # without the faults it would not have been refused
            told.setdefault(each.law, Breach(each.law, f"{each.key}: {each.message}"))
    return tuple(told.values())

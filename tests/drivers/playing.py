"""Scenarios that are played many times: read once, and without checks of their own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from lab.scenario.load import load_scenario
from lab.scenario.model import Scenario
from lab.session import Session

LIBRARY = Path(__file__).parents[2] / "scenarios"
OWN = Path(__file__).parent / "scenarios"


@cache
def bare(path: Path) -> Scenario:
    """Return a scenario without expectations and laws: its end is all that counts."""
    return replace(load_scenario(path), expectations=(), laws=(), targets=())


def opened(path: Path) -> Session:
    """Return a session at second 0 of a scenario."""
    return Session.open(bare(path))


def ended(session: Session) -> Session:
    """Play a session until nothing happens any more."""
    session.play()
    assert session.federation.run_until_quiet(60.0)
    return session

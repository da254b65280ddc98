"""A controller may crash at any write: the run still ends where it ends without the crash.

Every write of every process is tried, not a sample: the process crashes before it sends the write,
with the write on its way, and with the answer in its hands.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lab.engine.processes import MOMENTS, Moment
from lab.session import Session
from tests.drivers.end_state import Place, differences, end_state, without_scheduled

SCENARIOS = Path(__file__).parents[2] / "scenarios"
PLAYED = ("seeds/karmada-nginx/scenario.yaml", "scale-up.yaml")
PROCESSES = ("karmada-controller-manager", "karmada-scheduler")


def played(path: str, crash: tuple[str, int, Moment] | None = None) -> Session:
    session = Session.open(SCENARIOS / path)
    if crash is not None:
        client, write, moment = crash
        session.federation.engine.processes.crash_at(client, write, moment, 15.0, 1)
    session.play()
    session.federation.run_until_quiet(60.0)
    return session


@cache
def undisturbed(path: str) -> tuple[Mapping[Place, Any], Mapping[str, int]]:
    """Return how a run without a crash ends, and how much each process writes after the boot."""
    booted = Session.open(SCENARIOS / path).federation.engine.processes
    session = played(path)
    processes = session.federation.engine.processes
    writes = {name: processes.writes(name) - booted.writes(name) for name in PROCESSES}
    return end_state(session.federation), writes


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("client", PROCESSES)
@pytest.mark.parametrize("path", PLAYED)
def test_a_crash_at_any_write_changes_nothing_in_the_end(
    path: str, client: str, moment: Moment
) -> None:
    wanted, writes = undisturbed(path)
    assert writes[client] > 0
    for write in range(1, writes[client] + 1):
        session = played(path, (client, write, moment))
        told = session.federation.trace.records
        assert any(each.type == "process" for each in told), "the crash came"
        found = end_state(session.federation)
        if client == "karmada-scheduler":
            wanted, found = without_scheduled(wanted), without_scheduled(found)
        assert not differences(wanted, found), f"{client} crashed at write {write}, {moment}"

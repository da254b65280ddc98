"""A controller may crash at any write: the run still ends where it ends without the crash.

Every write of every process is tried, not a sample: the process crashes before it sends the write,
with the write on its way, and with the answer in its hands.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from lab.engine.processes import MOMENTS, Moment
from lab.session import Session
from tests.drivers.end_state import (
    Place,
    differences,
    end_state,
    without_left_clusters,
    without_scheduled,
)
from tests.drivers.playing import LIBRARY, OWN, ended, opened

MANAGER, SCHEDULER, AGENT = "karmada-controller-manager", "karmada-scheduler", "karmada-agent/west"
PLAYED: Mapping[str, tuple[Path, tuple[str, ...]]] = {
    "overrides": (LIBRARY / "seeds" / "karmada-nginx" / "scenario.yaml", (MANAGER, SCHEDULER)),
    "scaling": (OWN / "scaling.yaml", (MANAGER, SCHEDULER)),
    "failover": (OWN / "failover.yaml", (MANAGER, SCHEDULER, AGENT)),
}
ALLOWED = {MANAGER: without_left_clusters, SCHEDULER: without_scheduled}
"""What Karmada itself forgets when such a process starts again."""
CASES = [(name, client) for name, (_, clients) in PLAYED.items() for client in clients]


def played(name: str, crash: tuple[str, int, Moment] | None = None) -> Session:
    session = opened(PLAYED[name][0])
    if crash is not None:
        client, write, moment = crash
        session.federation.engine.processes.crash_at(client, write, moment, 15.0, 1)
    return ended(session)


@cache
def undisturbed(name: str) -> tuple[Mapping[Place, object], Mapping[str, int]]:
    """Return how a run without a crash ends, and how much each process writes after the boot."""
    path, clients = PLAYED[name]
    booted = opened(path).federation.engine.processes
    session = played(name)
    processes = session.federation.engine.processes
    writes = {client: processes.writes(client) - booted.writes(client) for client in clients}
    return end_state(session.federation), writes


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(("name", "client"), CASES)
def test_a_crash_at_any_write_changes_nothing_in_the_end(
    name: str, client: str, moment: Moment
) -> None:
    wanted, writes = undisturbed(name)
    assert writes[client] > 0
    for write in range(1, writes[client] + 1):
        session = played(name, (client, write, moment))
        told = session.federation.trace.records
        assert any(each.type == "process" for each in told), "the crash came"
        found = end_state(session.federation)
        allowed = ALLOWED.get(client)
        if allowed is not None:
            wanted, found = allowed(wanted), allowed(found)
        assert not differences(wanted, found), f"{client} crashed at write {write}, {moment}"


def test_the_failover_is_one() -> None:
    wanted, _ = undisturbed("failover")
    found = {place[0] for place in wanted if place[1] == "Deployment"}
    assert found == {"", "west"}, "east had its share, and lost it for good"

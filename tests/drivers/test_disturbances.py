"""Late, repeated, reordered and lost news: the run still ends where it ends without them.

Each disturbance begins at every moment at which the undisturbed run writes to the hub, one run for
each, and ends some seconds later.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lab.session import Session
from tests.drivers.end_state import (
    Place,
    differences,
    end_state,
    without_left_clusters,
    without_scheduled,
)
from tests.drivers.playing import LIBRARY, OWN, ended, opened

OVERRIDES = LIBRARY / "seeds" / "karmada-nginx" / "scenario.yaml"
FAILOVER = OWN / "failover.yaml"
LOST_S = 60.0
"""From then on the writes of that scenario are about the lost cluster."""
LASTS_S = 7.0
DISTURBANCES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "watch dropped and resumed": ("WatchDrop", {"relist": False}),
    "watch dropped and listed again": ("WatchDrop", {"relist": True}),
    "stale reads": ("StaleReads", {"lag": 3.0}),
    "everything twice": ("DuplicatedDelivery", {"share": 1.0}),
    "objects overtake each other": ("ReorderedDelivery", {"window": 2.0}),
    "conflicts": ("Conflicts", {"share": 0.5}),
    "down for a moment": ("ApiServerDown", {}),
    "slow": ("SlowApi", {"factor": 100.0}),
    "throttled": ("ThrottledApi", {"qps": 1.0, "retryAfter": 1.0}),
}


def played(
    path: Path, at_s: float | None = None, kind: str = "", given: Any = None, member: str = ""
) -> Session:
    session = opened(path)
    federation = session.federation
    if at_s is not None:

        def begin(now_s: float) -> None:
            number = federation.trace.add(now_s, "fault", "fault", None, cause=1)
            if member:
                side = federation.members[member]
                side.begin_fault(number, kind, given, now_s)
                end = side.end_fault
            else:
                federation.control_plane.begin_fault(number, kind, given, now_s)
                end = federation.control_plane.end_fault
            federation.engine.call_at(now_s + LASTS_S, lambda then_s: end(number, then_s))

        federation.engine.call_at(at_s, begin)
    return ended(session)


@cache
def undisturbed(path: Path) -> tuple[Mapping[Place, Any], tuple[float, ...]]:
    session = played(path)
    records = session.federation.trace.records
    times = {each.time_s for each in records if each.type == "action" and each.time_s >= 0.0}
    return outcome(session), tuple(sorted(times))


def outcome(session: Session) -> Mapping[Place, Any]:
    return without_left_clusters(without_scheduled(end_state(session.federation)))


@pytest.mark.parametrize("name", DISTURBANCES)
def test_the_hubs_news_may_be_disturbed_at_any_write(name: str) -> None:
    wanted, times = undisturbed(OVERRIDES)
    assert len(times) > 10
    kind, given = DISTURBANCES[name]
    for at_s in times:
        found = outcome(played(OVERRIDES, at_s, kind, given))
        assert not differences(wanted, found), f"{name} from {at_s} s"


@pytest.mark.parametrize(
    "name",
    ["watch dropped and listed again", "stale reads", "conflicts"],
)
def test_the_hubs_news_may_be_disturbed_at_any_write_of_a_failover(name: str) -> None:
    wanted, times = undisturbed(FAILOVER)
    moving = [at_s for at_s in times if at_s > LOST_S]
    assert len(moving) > 10
    kind, given = DISTURBANCES[name]
    for at_s in moving:
        found = outcome(played(FAILOVER, at_s, kind, given))
        assert not differences(wanted, found), f"{name} from {at_s} s"


@pytest.mark.parametrize("name", DISTURBANCES)
def test_a_members_news_may_be_disturbed_at_any_write(name: str) -> None:
    wanted, times = undisturbed(OVERRIDES)
    kind, given = DISTURBANCES[name]
    for at_s in times:
        found = outcome(played(OVERRIDES, at_s, kind, given, "member1"))
        assert not differences(wanted, found), f"{name} from {at_s} s"

"""The faults a simulated member can play, by kind.

A kind may be played by several parts (an outage takes the API and the nodes): all of them begin in
the order of `PLAYS` and end in the opposite one.
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.backends.simulated.faults.api import API_FAULTS
from lab.backends.simulated.faults.base import MemberFault
from lab.backends.simulated.faults.nodes import NODE_FAULTS

__all__ = ["PLAYS", "MemberFault"]

_TABLES: tuple[Mapping[str, type[MemberFault]], ...] = (API_FAULTS, NODE_FAULTS)


def _merged() -> dict[str, tuple[type[MemberFault], ...]]:
    merged: dict[str, tuple[type[MemberFault], ...]] = {}
    for table in _TABLES:
        for kind, part in table.items():
            merged[kind] = (*merged.get(kind, ()), part)
    return merged


PLAYS: Mapping[str, tuple[type[MemberFault], ...]] = _merged()
"""Kind to the parts that play it."""

"""What the injector needs of a federation, and of whatever is to fail in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from lab.core.fleet import FleetSpec
from lab.engine.engine import Engine
from lab.engine.trace import Trace


class Server(Protocol):
    """What fails: a member, or the control plane."""

    def begin_fault(
        self, number: int, kind: str, parameters: Mapping[str, Any], now_s: float
    ) -> None:
        """Let a fault begin."""

    def end_fault(self, number: int, now_s: float) -> None:
        """Let a fault end."""


class Faultable(Protocol):
    """What is needed of a federation (`lab.drivers.federation.Federation` fits)."""

    fleet: FleetSpec
    seed: int
    trace: Trace
    engine: Engine

    @property
    def now_s(self) -> float:
        """Second of the run."""

    @property
    def acting_record(self) -> int:
        """The record of who acts now, 0 if nobody has yet."""

    @property
    def members(self) -> Mapping[str, Any]:
        """The members by name."""

    @property
    def fault_servers(self) -> Mapping[str, Any]:
        """What plays faults of members, by name."""

    @property
    def control_plane(self) -> Any:
        """What plays faults of the hub."""

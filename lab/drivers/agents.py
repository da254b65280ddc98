"""Pull members as faults strike them: the agent sits beside the member's API, and the hub is far.

What parts a Push member from the control plane parts a Pull member's agent from the hub, while the
agent goes on reaching the API it stands next to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.backends.simulated.member import SimulatedMember
from lab.controllers.scope import agent_of
from lab.drivers.estimators import MemberEstimators
from lab.engine.control_plane import ControlPlaneFaults

LOCAL_S = 0.001
"""One request of an agent to the API beside it, there and back (s; an assumption of the lab)."""


class PullMember:
    """Plays faults on a member whose agent comes to the hub.

    Args:
        member: The member.
        control_plane: Plays what becomes of the agent's process.
        estimators: They run beside the hub, on the far side of a partition.
    """

    def __init__(
        self,
        member: SimulatedMember,
        control_plane: ControlPlaneFaults,
        estimators: MemberEstimators | None,
    ) -> None:
        self._member, self._control_plane = member, control_plane
        self._estimators = estimators
        self._client = agent_of(member.name)
        self._cut: set[int] = set()
        """Faults that part the agent from the hub."""

    def begin_fault(
        self, number: int, kind: str, parameters: Mapping[str, Any], now_s: float
    ) -> None:
        """Let a fault begin: a connection needs both directions, so one that fails is enough."""
        if kind in {"Partition", "ClusterOutage"}:
            self._cut.add(number)
            dead = kind == "ClusterOutage"
            self._control_plane.cut_off(self._client, number, now_s, dead=dead)
            if self._estimators is not None:
                self._estimators.cut(self._member.name, number)
        if kind != "Partition":
            self._member.begin_fault(number, kind, parameters, now_s)

    def end_fault(self, number: int, now_s: float) -> None:
        """Let a fault end."""
        self._member.end_fault(number, now_s)  # of a partition it has never heard
        if number in self._cut:
            self._cut.discard(number)
            if self._estimators is not None:
                self._estimators.mend(self._member.name, number)
            self._control_plane.reconnect(self._client, number)

"""What a fault is to a simulated member: something that begins, and ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.backends.simulated.member import SimulatedMember


class MemberFault:
    """One fault a member plays. Made when it begins, kept until it ends; faults overlap.

    What a fault changes must hold with every other fault active: a subclass adds itself to what it
    bends and takes itself out again, it never saves and restores.

    Args:
        member: Which cluster.
        number: The fault's trace record; unique among the member's active faults.
        parameters: Typed (seconds, shares of 0 to 1, tuples of names).
    """

    def __init__(self, member: SimulatedMember, number: int, parameters: Mapping[str, Any]) -> None:
        self.member, self.number, self.parameters = member, number, parameters

    def begin(self, now_s: float) -> None:
        """Let it strike."""
        raise NotImplementedError

    def end(self, now_s: float) -> None:
        """Let it be over: what it kept from happening may happen from now on."""
        raise NotImplementedError

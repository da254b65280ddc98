"""A recorded run as the place of a fault that is only imagined: what would it have struck?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.core.errors import InputError
from lab.drivers.fault_state import FaultState

if TYPE_CHECKING:
    from lab.commands.recorded import RecordedWorld
    from lab.core.faults import Fault
    from lab.core.fleet import FleetSpec


@dataclass(frozen=True, slots=True)
class RecordedDesk:
    """The fleet and seed of a recorded run. Nothing can begin or end there."""

    fleet: FleetSpec
    seed: int

    def free_name(self, wanted: str) -> str:
        """Return a name that no fault has yet: every one."""
        return wanted

    def inject(self, fault: Fault) -> FaultState:
        """Refuse.

        Raises:
            InputError: Always.
        """
        raise InputError("a recorded run is over: nothing can fail there (--dry-run previews)")

    def heal(self, name: str) -> FaultState:
        """Refuse.

        Raises:
            InputError: Always.
        """
        raise InputError("a recorded run is over: nothing can be healed there")

    def active(self) -> Sequence[FaultState]:
        """Return nothing: what the run had is in its trace."""
        return ()


def recorded_desk(world: RecordedWorld) -> RecordedDesk:
    """Return the desk of a run file.

    Raises:
        InputError: The file does not hold the scenario it was played from.
    """
    from lab.scenario.load import load_scenario
    from lab.scenario.shelf import shelved

    reader = world.reader
    files = {each.path: each.text for each in reversed(reader.inputs())
             if each.kind == "file" and not each.command}  # fmt: skip
    path = str(reader.meta.get("path") or "")
    if path not in files:
        raise InputError(f"{reader.path} does not say what its fleet was")
    with shelved(files):
        fleet = load_scenario(path).fleet
    return RecordedDesk(fleet, int(reader.meta.get("seed") or 0))

"""What must always hold in a federation, as pure checks: a file for each law, and the monitor."""

from lab.core.invariants.end_state import EndState, end_state
from lab.core.invariants.monitor import Monitor
from lab.core.invariants.registry import LAWS, law_id, law_of
from lab.core.invariants.scene import Bounds, Change, Objects
from lab.core.invariants.violation import Finding, Violation

__all__ = [
    "LAWS",
    "Bounds",
    "Change",
    "EndState",
    "Finding",
    "Monitor",
    "Objects",
    "Violation",
    "end_state",
    "law_id",
    "law_of",
]

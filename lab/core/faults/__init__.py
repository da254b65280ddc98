"""Faults as data: their kinds, what they strike, how long, and what would be hit.

Pure: nothing here makes anything fail. `lab.drivers.injector` plays faults on a federation.
"""

from lab.core.faults.kinds import KINDS, FaultKind, find_kind, kind_names
from lab.core.faults.model import Fault, NodeTarget, Ramp, Repeat, Target
from lab.core.faults.parts import Part, parts_of
from lab.core.faults.preview import Blast, preview
from lab.core.faults.read import read_fault
from lab.core.faults.selection import Selection, select

__all__ = [
    "KINDS",
    "Blast",
    "Fault",
    "FaultKind",
    "NodeTarget",
    "Part",
    "Ramp",
    "Repeat",
    "Selection",
    "Target",
    "find_kind",
    "kind_names",
    "parts_of",
    "preview",
    "read_fault",
    "select",
]

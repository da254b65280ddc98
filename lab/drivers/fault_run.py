"""A fault that was injected: which of its pulses it is in, what it has struck, how it stands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.core.faults import KINDS, Fault, Part, Selection
from lab.core.faults.schedule import Pulse, total_s
from lab.drivers.fault_record import fault_detail
from lab.drivers.fault_state import FaultState


@dataclass(slots=True)
class FaultRun:
    """A fault in a run. The injector moves it on.

    Attributes:
        fault: The fault.
        selection: What it strikes.
        parts: What that means for each server.
        cause: The record of who asked for it.
        began_s: When it was injected (s of the run).
        pulses: The times it will strike after `pulse`.
        pulse: The time it strikes now, or next.
        struck: The records of this pulse's begins, and the parts that began with each.
        first: The record of its first begin, 0 before it.
        strikes: How often it has struck.
        striking: It strikes now.
        over_s: When it was over for good (s of the run), None: it is not.
    """

    fault: Fault
    selection: Selection
    parts: Sequence[Part]
    cause: int
    began_s: float
    pulses: Iterator[Pulse]
    pulse: Pulse
    struck: list[tuple[int, Sequence[Part]]] = field(default_factory=list)
    first: int = 0
    strikes: int = 0
    striking: bool = False
    over_s: float | None = None

    def at(self, offset_s: float) -> float:
        """Return the second of the run that is so long after its begin."""
        return round(self.began_s + offset_s, 6)

    def groups(self) -> Sequence[Sequence[Part]]:
        """Return what falls together: all at once, or one target after another on a ramp."""
        if self.fault.ramp is None:
            return [self.parts]
        return [[part] for part in _one_by_one(self.parts)]

    def detail(self, phase: str, parts: Sequence[Part]) -> dict[str, Any]:
        """Return what a record says of the begin or heal of some of its parts."""
        hub, strike = self.selection.hub, self.pulse.number
        return fault_detail(self.fault, phase, parts, hub=hub, strike=strike)

    def state(self) -> FaultState:
        """Return how it stands."""
        fault = self.fault
        return FaultState(
            fault.name,
            fault.kind,
            "over" if self.over_s is not None else "active" if self.striking else "waiting",
            self.first,
            self.began_s,
            self._until_s(),
            self._over_s(),
            self.selection.clusters,
            self.selection.hub,
            tuple(fault.parameters.get("between") or ()),
            fault.abort_if,
            self.strikes,
            _notes(fault),
        )

    def _until_s(self) -> float | None:
        """Return when the present pulse ends, or the next begins; None: when it is healed."""
        if self.over_s is not None:
            return self.over_s
        offset_s = self.pulse.end_s if self.striking else self.pulse.begin_s
        return None if offset_s is None else self.at(offset_s)

    def _over_s(self) -> float | None:
        """Return when it was or will be over for good, None: when it is healed."""
        if self.over_s is not None:
            return self.over_s
        length_s = total_s(self.fault, momentary=KINDS[self.fault.kind].momentary)
        return None if math.isinf(length_s) else self.at(length_s)


def _one_by_one(parts: Sequence[Part]) -> Sequence[Part]:
    """Return what falls one after another: the clusters, or the nodes of a single one."""
    if len(parts) != 1 or "nodes" not in parts[0].parameters:
        return parts
    part = parts[0]
    return [
        Part(part.cluster, part.kind, {**part.parameters, "nodes": (node,)})
        for node in part.parameters["nodes"]
    ]


def _notes(fault: Fault) -> tuple[str, ...]:
    if fault.parameters.get("between"):
        return ("nothing plays traffic between members yet: the cut has no effect",)
    return ()

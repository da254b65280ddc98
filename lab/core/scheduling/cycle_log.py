"""What one cycle wrote down about itself, for the explanation only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lab.core.scheduling.division import DivisionLog
from lab.core.scheduling.estimation import Room
from lab.core.scheduling.framework import Candidate, Verdict
from lab.core.scheduling.selection import SelectionLog


@dataclass(slots=True)
class CycleLog:
    """One cycle: one affinity group, or the whole placement where there are none."""

    affinity: str
    verdicts: dict[str, dict[str, Verdict]] = field(default_factory=dict)
    feasible: list[str] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    rooms: dict[str, Room] = field(default_factory=dict)
    selection: SelectionLog = field(default_factory=SelectionLog)
    selected: list[Candidate] = field(default_factory=list)
    divisions: list[DivisionLog] = field(default_factory=list)
    targets: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    reason: str = ""

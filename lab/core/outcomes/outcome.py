"""What came of an application: the numbers of its meter, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lab.core.model import Key
from lab.core.outcomes.meter import Meter
from lab.core.outcomes.target import Target, app_text

Verdict = Literal["met", "breached", "not recovered", "never reached"]


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """A fault of the run, by the number of the record that began it; all its pulses together.

    `end_s` is when it was healed last, None: it is in force.
    """

    number: int
    name: str
    kind: str
    begin_s: float
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class Recovery:
    """What one fault (or, with `fault` None, no fault) did to an application. RTO None: not back.

    The RTO is the longest time below target that began under the fault, 0 if there was none.
    """

    fault: FaultRecord | None
    rto_s: float | None
    below_s: float


@dataclass(frozen=True, slots=True)
class StateMove:
    """One eviction of an application with state: was its state carried over, and how old was it."""

    time_s: float
    cluster: str
    """Where it was evicted from."""
    carried: bool
    age_s: float
    """How long before the eviction the state that was carried over had last been true."""
    labels: Mapping[str, str]
    """What was carried over."""


@dataclass(frozen=True, slots=True)
class AppOutcome:
    """What came of one application."""

    target: Target
    met_s: float | None
    desired: int
    serving: int
    needed: int
    recoveries: Sequence[Recovery]
    longest_s: float
    total_s: float
    lost: int
    moves: Sequence[StateMove]
    verdict: Verdict
    why: str
    """Why it is not met, empty if it is."""

    @property
    def app(self) -> Key:
        """The application."""
        return self.target.app

    @property
    def failed(self) -> bool:
        """Tell whether a target that somebody declared was missed."""
        return self.target.declared and self.verdict != "met"

    @property
    def rto_s(self) -> float | None:
        """Return the worst RTO (s); None: not back."""
        times = [each.rto_s for each in self.recoveries]
        return None if None in times else max((t for t in times if t is not None), default=0.0)

    @property
    def rpo(self) -> StateMove | None:
        """Return the worst move of its state, None if none was moved."""
        return max(self.moves, key=lambda each: (not each.carried, each.age_s), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return {
            "application": app_text(self.app),
            "object": list(self.app),
            "target": self.target.text(),
            "declared": self.target.declared,
            "firstMet": self.met_s,
            "desired": self.desired,
            "needed": self.needed,
            "serving": self.serving,
            "belowS": self.total_s,
            "longestS": self.longest_s,
            "rtoS": self.rto_s,
            "lost": self.lost,
            "faults": [
                {
                    "fault": None if each.fault is None else each.fault.name,
                    "record": 0 if each.fault is None else each.fault.number,
                    "rtoS": each.rto_s,
                    "belowS": each.below_s,
                }
                for each in self.recoveries
            ],
            "stateMoves": [
                {
                    "time": each.time_s,
                    "from": each.cluster,
                    "carried": each.carried,
                    "ageS": each.age_s if each.carried else None,
                    "labels": dict(each.labels),
                }
                for each in self.moves
            ],
            "verdict": self.verdict,
            "why": self.why,
        }


def outcome_of(
    meter: Meter, faults: Sequence[FaultRecord], moves: Sequence[StateMove], now_s: float
) -> AppOutcome:
    """Return what came of an application up to now.

    Args:
        meter: What was measured.
        faults: The faults of the run, in order.
        moves: The evictions of the application, if it has state.
        now_s: Second of the run.
    """
    target = meter.target
    recoveries = [_recovery(meter, fault, now_s) for fault in faults]
    other = _recovery(meter, None, now_s)
    if other.below_s or other.rto_s is None:
        recoveries.append(other)
    verdict, why = _verdict(meter, recoveries, moves, target)
    return AppOutcome(
        target=target,
        met_s=meter.met_s,
        desired=meter.desired,
        serving=meter.serving,
        needed=target.needs(meter.desired),
        recoveries=tuple(recoveries),
        longest_s=meter.longest_s(now_s),
        total_s=meter.total_s(now_s),
        lost=meter.lost,
        moves=tuple(moves),
        verdict=verdict,
        why=why,
    )


def _recovery(meter: Meter, fault: FaultRecord | None, now_s: float) -> Recovery:
    number = 0 if fault is None else fault.number
    dips = [each for each in meter.all_dips() if each.cause == number]
    below_s = sum(each.length_s(now_s) for each in dips)
    if any(each.back_s is None for each in dips):
        return Recovery(fault, None, below_s)
    return Recovery(fault, max((each.length_s(now_s) for each in dips), default=0.0), below_s)


def _verdict(
    meter: Meter, recoveries: Sequence[Recovery], moves: Sequence[StateMove], target: Target
) -> tuple[Verdict, str]:
    needed = target.needs(meter.desired)
    if meter.met_s is None:
        if not meter.desired:
            return "met", ""
        return "never reached", f"{meter.serving} of {needed} ever served at the end"
    if meter.is_below:
        return "not recovered", f"{meter.serving} of {needed} serve at the end"
    if meter.pending:
        return "not recovered", f"raised to {needed}, of which {meter.serving} serve at the end"
    worst_s = max((each.rto_s or 0.0 for each in recoveries), default=0.0)
    if target.rto_s is not None and worst_s > target.rto_s:
        return "breached", f"below target for {worst_s:g}s, at most {target.rto_s:g}s"
    if target.rpo_s is not None:
        for move in moves:
            if not move.carried:
                return "breached", f"no state carried over from {move.cluster}"
            if move.age_s > target.rpo_s:
                return "breached", f"state {move.age_s:g}s old, at most {target.rpo_s:g}s"
    return "met", ""

"""Plays faults on a federation: when they strike, whom, and when they are over.

Every strike and every heal is a record of the trace; what follows on the struck servers is blamed
on it. The servers themselves know how to fail: nothing here does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from lab.core.duration import format_duration
from lab.core.errors import InputError, quoted
from lab.core.faults import KINDS, Fault, Part, Selection, parts_of, select
from lab.core.faults.schedule import Pulse, pulses, ramp_offsets
from lab.core.faults.selection import TargetError
from lab.core.fleet import FleetSpec
from lab.core.model import HUB, Key
from lab.drivers.fault_run import FaultRun
from lab.drivers.fault_state import FaultState, free_name, name_taken, no_such_fault
from lab.drivers.faultable import Faultable, Server
from lab.engine.trace import TraceRecord

CLUSTER = ("cluster.karmada.io/v1alpha1", "Cluster")
ACTOR = "fault"
By = Literal["length", "hand", "abort", "done"]
"""What ended a fault: its length, a person or step, its condition, or it was over by itself."""


class Injector:
    """Plays faults on a federation.

    Args:
        federation: Whose servers are to fail.
    """

    def __init__(self, federation: Faultable) -> None:
        self._federation = federation
        self._runs: dict[str, FaultRun] = {}
        federation.trace.listen(self._heard)

    # ── what stands ────────────────────────────────────────────────────────────────────────────

    @property
    def fleet(self) -> FleetSpec:
        """The clusters that targets are looked up in."""
        return self._federation.fleet

    @property
    def seed(self) -> int:
        """Of the run: chooses among several clusters or nodes."""
        return self._federation.seed

    def active(self) -> Sequence[FaultState]:
        """Return the faults that are not over, oldest first."""
        return [run.state() for run in self._runs.values() if run.over_s is None]

    def every(self) -> Sequence[FaultState]:
        """Return all faults so far, oldest first."""
        return [run.state() for run in self._runs.values()]

    def healed_s(self, name: str) -> float | None:
        """Return when a fault was over for good, None if it is not (or was never there)."""
        run = self._runs.get(name)
        return None if run is None else run.over_s

    def cut_links(self) -> Sequence[tuple[str, str]]:
        """Return the pairs of members that cannot reach one another."""
        pairs = (
            tuple(run.fault.parameters.get("between") or ())
            for run in self._runs.values()
            if run.striking
        )
        return [(pair[0], pair[1]) for pair in pairs if pair]

    def free_name(self, wanted: str) -> str:
        """Return a name for a fault that nobody has given one: `wanted`, or with a number."""
        return free_name(wanted, self._runs)

    # ── begin ──────────────────────────────────────────────────────────────────────────────────

    def inject(self, fault: Fault) -> FaultState:
        """Let a fault begin now.

        Raises:
            InputError: Its name is taken, its target matches nothing, or it cannot be played.
        """
        federation = self._federation
        if fault.name in self._runs:
            raise name_taken(fault.name)
        try:
            selection = (
                Selection() if "between" in fault.parameters
                else select(fault, federation.fleet, federation.seed)
            )  # fmt: skip
        except TargetError as error:
            raise InputError(f"{fault.kind}: {error}") from None
        parts = parts_of(fault, selection, federation.fleet)
        self._check(parts)
        beats = pulses(fault, momentary=KINDS[fault.kind].momentary)
        now_s, cause = federation.now_s, federation.acting_record
        run = FaultRun(fault, selection, parts, cause, now_s, beats, next(beats))
        self._runs[fault.name] = run
        self._begin(run, now_s)
        return run.state()

    def _check(self, parts: Sequence[Part]) -> None:
        control_plane = self._federation.control_plane
        for part in parts:
            if part.cluster == HUB:
                if part.kind not in control_plane.KINDS:
                    raise InputError(f"{part.kind} is not played on the hub")
                if part.parameters.get("process"):
                    control_plane.process(str(part.parameters["process"]))
            elif part.kind not in self._federation.members[part.cluster].plays:
                raise InputError(f"{part.kind} is not played by simulated clusters")

    def _begin(self, run: FaultRun, now_s: float) -> None:
        """Let a pulse begin: at once, or one target after another."""
        pulse = run.pulse
        run.striking = True
        groups = run.groups()
        for index, at_s in enumerate(ramp_offsets(run.fault, len(groups))):
            if at_s == 0:
                self._strike(run, groups, index, now_s)
            else:
                self._later(run, pulse, at_s + pulse.begin_s, _striker(self, run, groups, index))
        if pulse.end_s is None:
            return
        if run.at(pulse.end_s) <= now_s:
            self._end(run, now_s, "done")
        else:
            self._later(run, pulse, pulse.end_s, lambda at_s: self._end(run, at_s, "length"))

    def _later(
        self, run: FaultRun, pulse: Pulse, offset_s: float, call: Callable[[float], None]
    ) -> None:
        """Call at an offset from a fault's begin, if that pulse still strikes then."""

        def due(now_s: float) -> None:
            if run.over_s is None and run.pulse is pulse:
                call(now_s)

        self._federation.engine.call_at(run.at(offset_s), due)

    def _strike(
        self, run: FaultRun, groups: Sequence[Sequence[Part]], index: int, now_s: float
    ) -> None:
        parts, pulse = groups[index], run.pulse
        detail = run.detail("begin", parts)
        detail["until"] = None if pulse.end_s is None else run.at(pulse.end_s)
        if run.fault.abort_if:
            detail["abortIf"] = run.fault.abort_if
        if len(groups) > 1:
            detail["ramp"] = [index + 1, len(groups)]
        number = self._record(now_s, parts, run.first or run.cause, detail)
        run.first = run.first or number
        run.strikes = max(run.strikes, pulse.number)
        run.struck.append((number, parts))
        for part in parts:
            self._blame(part, number)
            self._server(part).begin_fault(number, part.kind, part.parameters, now_s)

    # ── end ────────────────────────────────────────────────────────────────────────────────────

    def heal(self, name: str) -> FaultState:
        """End a fault now, for good.

        Raises:
            InputError: No active fault has that name.
        """
        run = self._runs.get(name)
        if run is None:
            raise no_such_fault(name, [each.name for each in self.active()])
        if run.over_s is not None:
            raise InputError(f"fault {quoted(name)} is over since {format_duration(run.over_s)}")
        self._end(run, self._federation.now_s, "hand", self._federation.acting_record)
        return run.state()

    def heal_all(self) -> Sequence[FaultState]:
        """End every fault now, for good; return those that were active."""
        return [self.heal(each.name) for each in self.active()]

    def abort(self, name: str, found: Mapping[str, Any]) -> None:
        """End a fault now because its condition came true; `found` goes into the record."""
        self._end(self._runs[name], self._federation.now_s, "abort", more=found)

    def _end(
        self,
        run: FaultRun,
        now_s: float,
        by: By,
        cause: int = 0,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """End a pulse, and the fault if it was the last one or is not to come back."""
        parts = [part for _, struck in run.struck for part in struck]
        following = None if by in {"hand", "abort"} else next(run.pulses, None)
        detail = run.detail("heal", parts)
        detail |= {"by": by, "over": following is None, **(more or {})}
        number = self._record(now_s, parts or run.parts, cause or run.first, detail)
        for part in parts:
            self._blame(part, number)
        for begun, struck in reversed(run.struck):
            for part in reversed(struck):
                self._server(part).end_fault(begun, now_s)
        run.struck, run.striking = [], False
        if following is None:
            run.over_s = now_s
            return
        run.pulse = following
        self._later(run, following, following.begin_s, lambda at_s: self._begin(run, at_s))

    def _heard(self, record: TraceRecord) -> None:
        """A crashed process that has started again is the end of the fault that ordered it."""
        if record.type != "process" or record.detail.get("event") != "started" or not record.cause:
            return
        crash = self._federation.trace.records[record.cause - 1]
        for run in self._runs.values():
            ordered = run.fault.kind == "ControllerCrash" and run.fault.length_s is None
            if ordered and run.over_s is None and crash.cause in {n for n, _ in run.struck}:
                pulse = run.pulse
                offset_s = round(record.time_s - run.began_s, 6)
                self._later(run, pulse, offset_s, _ender(self, run))

    # ── records ────────────────────────────────────────────────────────────────────────────────

    def _record(
        self, now_s: float, parts: Sequence[Part], cause: int, detail: Mapping[str, Any]
    ) -> int:
        clusters = {part.cluster for part in parts}
        key = None
        if len(clusters) == 1 and HUB not in clusters:
            key = Key(HUB, *CLUSTER, "", clusters.pop())
        trace = self._federation.trace
        return trace.add(now_s, "fault", ACTOR, key, cause=cause, detail=detail)

    def _blame(self, part: Part, number: int) -> None:
        if part.cluster != HUB:
            self._federation.engine.causes.blame(part.cluster, number)

    def _server(self, part: Part) -> Server:
        federation = self._federation
        server: Server = (
            federation.control_plane
            if part.cluster == HUB
            else federation.fault_servers[part.cluster]
        )
        return server


def _striker(
    injector: Injector, run: FaultRun, groups: Sequence[Sequence[Part]], index: int
) -> Callable[[float], None]:
    return lambda now_s: injector._strike(run, groups, index, now_s)


def _ender(injector: Injector, run: FaultRun) -> Callable[[float], None]:
    return lambda now_s: injector._end(run, now_s, "done")

"""What a verb is given: the objects it may read, the servers it may write to, where files are.

Two worlds can be read: a live session at its present moment, and a recorded run at any moment. A
verb does not know which one it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lab.commands.verb import Args
from lab.core.errors import InputError

if TYPE_CHECKING:
    from lab.core.faults import Fault
    from lab.core.fleet import FleetSpec
    from lab.core.invariants import Violation
    from lab.core.kinds import KindRegistry
    from lab.core.manifest import Manifest
    from lab.core.model import Action, Key
    from lab.core.outcomes import AppOutcome
    from lab.drivers.fault_state import FaultState


@dataclass(frozen=True, slots=True)
class Happening:
    """One record of a trace, as verbs read it (`lab.engine.trace.TraceRecord` without its ends)."""

    number: int
    time_s: float
    type: str
    actor: str
    key: Key | None
    detail: Mapping[str, Any] = field(default_factory=dict)
    cause: int = 0
    """The number of the record that led to it, 0 if nothing did."""


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One change of one object, as a watch shows it."""

    time_s: float
    type: str
    """ADDED, MODIFIED or DELETED."""
    key: Key
    object: Manifest
    record: int = 0
    """The trace record that stood last when it happened (of the hub: its own), 0: not known."""


class World(Protocol):
    """The objects of the hub (`cluster == ""`) and of the members at one moment of a run."""

    @property
    def now_s(self) -> float:
        """The moment, in seconds of the run."""

    def at(self, time_s: float) -> World:
        """Return the same world at another moment."""

    def members(self) -> Sequence[str]:
        """Return the names of all member clusters, joined or not, in the order of the fleet."""

    def kinds(self, cluster: str) -> KindRegistry:
        """Return the kinds a cluster serves."""

    def find(self, key: Key) -> Manifest | None:
        """Return an object, or None."""

    def list(
        self, cluster: str, api_version: str, kind: str, namespace: str | None = None
    ) -> Sequence[Manifest]:
        """Return the objects of a kind, by namespace and name; None means all namespaces."""

    def happenings(self, types: Sequence[str] = (), key: Key | None = None) -> Sequence[Happening]:
        """Return the records up to this moment, oldest first; no types means all."""

    def record(self, number: int) -> Happening | None:
        """Return one record, or None; the moment does not matter."""

    def ends(self, number: int) -> tuple[Manifest | None, Manifest | None]:
        """Return the object of a change before and after it; None where it did not exist."""

    def changes(
        self, cluster: str, api_version: str, kind: str, after_s: float
    ) -> Sequence[ObjectChange]:
        """Return what happened to the objects of a kind after a moment, oldest first."""


class Writer(Protocol):
    """Carries out what a person asks for, at once, as an API server does."""

    def execute(self, action: Action, *, dry_run: bool = False) -> Manifest | None:
        """Carry out an action on the hub (with admission) or on a member.

        Raises:
            ApiError: The server refused.
        """

    def join(self, cluster: str, changes: Mapping[str, Any], *, dry_run: bool = False) -> None:
        """Register a member of the fleet; `changes` go over the Cluster's spec.

        Raises:
            InputError: The fleet has no such cluster.
            ApiError: It is registered already.
        """


class FaultDesk(Protocol):
    """Lets faults begin and end (`lab.drivers.injector.Injector` behind it)."""

    @property
    def fleet(self) -> FleetSpec:
        """The clusters that targets are looked up in."""

    @property
    def seed(self) -> int:
        """Chooses among several clusters or nodes."""

    def free_name(self, wanted: str) -> str:
        """Return a name that no fault has yet: `wanted`, or with a number."""

    def inject(self, fault: Fault) -> FaultState:
        """Let a fault begin now.

        Raises:
            InputError: It cannot be played here.
        """

    def heal(self, name: str) -> FaultState:
        """End a fault now.

        Raises:
            InputError: No active fault has that name.
        """

    def active(self) -> Sequence[FaultState]:
        """Return the faults that are not over."""


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check of a scenario."""

    name: str
    passed: bool
    message: str
    time_s: float


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario that was played to its end."""

    name: str
    path: str
    seed: int
    world: World
    """As it stands at the end; it can be asked about every earlier moment."""
    checks: Sequence[Check]
    errors: Sequence[str] = ()
    """Steps that could not be carried out."""
    undecided: Sequence[str] = ()
    """Checks that were still open when the run was stopped early."""
    run_file: Path | None = None
    digest: str = ""
    """SHA-256 of the trace: equal for equal scenario, seed and version."""
    wall_s: float = 0.0
    violations: Sequence[Violation] = ()
    """Breaches of invariants that the scenario does not expect."""
    expected: Sequence[Violation] = ()
    """Those it does expect."""
    remarks: Sequence[Violation] = ()
    """What stands oddly, and breaks no law."""
    not_judged: Sequence[str] = ()
    """What the laws could say nothing about, and why."""
    laws: int = 0
    """How many invariants were on."""
    outcomes: Sequence[AppOutcome] = ()
    """What came of the applications."""
    description: str = ""
    """What the scenario says about itself."""

    @property
    def passed(self) -> bool:
        """Tell whether every check and law held, every step was carried out, every target met."""
        return (
            not self.errors
            and not self.violations
            and all(check.passed for check in self.checks)
            and not any(outcome.failed for outcome in self.outcomes)
        )


class Player(Protocol):
    """Plays scenarios; the session stands behind it."""

    def __call__(
        self,
        scenario: str,
        *,
        seed: int | None = None,
        out: Path | None = None,
        until_s: float | None = None,
        speed: float | None = None,
    ) -> Played:
        """Play a scenario to its end.

        Raises:
            InputError: The scenario cannot be used.
        """


class Replayer(Protocol):
    """Plays recorded runs again; the session stands behind it."""

    def __call__(
        self,
        run: Path,
        *,
        out: Path | None = None,
        until_s: float | None = None,
        speed: float | None = None,
    ) -> Played:
        """Play a run again from its file alone; no run file is kept unless `out` names one.

        Raises:
            InputError: The file cannot be read or played, or `out` not be written.
        """


@dataclass(frozen=True, slots=True)
class Context:
    """What one call may use."""

    program: str = "fedlab"
    """fedlab, kubectl or karmadactl: whose habits the answer follows."""
    world: World | None = None
    writer: Writer | None = None
    directory: Path = field(default_factory=Path)
    """Where relative paths of `-f` start."""
    terminal: bool = False
    """Standard output is a terminal (colour, if at all, only then)."""
    verb: str = ""
    cluster: str = ""
    """Where changes go and `get` looks when the line does not say: the hub, or a member."""
    faults: FaultDesk | None = None
    player: Player | None = None
    replayer: Replayer | None = None

    def reading(self, args: Args) -> World:
        """Return the world at the moment `--at` asks for.

        Raises:
            InputError: There is no run to read, or `--at` lies outside.
        """
        if self.world is None:
            raise InputError(
                f'"{self.verb}" reads a run, and there is none: play a scenario first '
                "(fedlab run SCENARIO), or name a run file with --run FILE"
            )
        at_s = args.seconds("at")
        return self.world if at_s is None else self.world.at(at_s)

    def faulting(self) -> tuple[World, FaultDesk]:
        """Return the live world and what lets faults begin and end in it.

        Raises:
            InputError: This is a shell, or a recorded run: nothing can fail there.
        """
        if self.world is None or self.faults is None:
            instead = f"as a step of a scenario (steps: [{{at: 1m, run: fedlab {self.verb} …}}])"
            raise InputError(
                f'"{self.verb}" acts on a live federation, and a shell has none: write the line '
                f"{instead}"
            )
        return self.world, self.faults

    def writing(self) -> tuple[World, Writer]:
        """Return the live world and what writes to it.

        Raises:
            InputError: This is a shell, or a recorded run: nothing can be changed there.
        """
        if self.world is None or self.writer is None:
            raise InputError(
                f'"{self.verb}" changes a live federation, and a shell has none: write the line '
                f"as a step of a scenario (steps: [{{at: 1m, run: {self.program} {self.verb} …}}])"
            )
        return self.world, self.writer

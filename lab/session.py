"""The front door: open a scenario, drive it, ask it, close it.

A session is one federation with its whole past, written to a run file as it happens. Screens,
the command line and tests use nothing else of the house.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab.commands.context import Context
from lab.commands.line import Command, parse_line
from lab.commands.live import History, LiveWorld, LiveWriter
from lab.commands.rehearsal import load_rehearsed
from lab.commands.snapshot import Snapshot, take_snapshot
from lab.commands.verb import Result
from lab.core.errors import ApiError, InputError, LabError, did_you_mean
from lab.core.fleet import FleetSpec
from lab.core.invariants import EndState, end_state
from lab.core.kinds import HUB_KINDS
from lab.core.model import HUB
from lab.drivers.federation import Federation, Settings, cluster_manifest
from lab.drivers.observing import FederationObjects, observe
from lab.recording import Recording, ScriptLine
from lab.runs.writer import RunWriter
from lab.scenario.aborting import AbortWatch
from lab.scenario.fault_free import has_faults, without_faults
from lab.scenario.model import Scenario
from lab.scenario.runner import Progress as Progress
from lab.scenario.runner import Verdict, run_scenario
from lab.scenario.shelf import overhearing, shelved
from lab.scenario.watch import Watch
from lab.scenario.world import CommandError, FederationWorld

Pace = Callable[[float], None]
"""Lets a session's time pass, up to a second of the run: at once, in slices, or at human pace."""


def check_step_line(line: str) -> Command:
    """Check the command line of a scenario's step.

    Raises:
        InputError: It cannot be understood, or its verb cannot be a step.
    """
    command = parse_line(line)
    if command.verb.needs == "nothing":
        raise InputError(f'"{command.verb.name}" cannot be a step: it is about files, not a run')
    return command


class Session:
    """One federation under control.

    Args:
        fleet: The member clusters.
        settings: Gates, flags and timings.
        seed: Of all chance.
        name: What the run is called.
        directory: Where relative paths of commands start.
        out: The run file to write; None keeps the run in memory only.
        meta: More for the run file to remember.
        scenario: What `play` plays, and whose files the run file keeps.
    """

    def __init__(
        self,
        fleet: FleetSpec,
        settings: Settings | None = None,
        *,
        seed: int = 0,
        name: str = "session",
        directory: Path = Path(),
        out: Path | None = None,
        meta: Mapping[str, Any] | None = None,
        scenario: Scenario | None = None,
    ) -> None:
        self.name = name
        self.seed = seed
        self.scenario = scenario
        self.directory = directory
        self.federation = Federation(fleet, settings, seed=seed)
        names = tuple(spec.name for spec in fleet.clusters)
        self._recording: Recording | None = None
        self._digest = (-1, "")
        self._playing = False
        self.script: deque[ScriptLine] = deque()
        """Command lines that are carried out when their moment comes: a session played again."""
        self.history = History()
        if out is not None:
            described = {"scenario": name, "seed": seed, "members": list(names), **(meta or {})}
            self._recording = Recording(out, self.federation, self.history, described, scenario)
        for cluster in (HUB, *names):
            self.history.watch(cluster, self.federation.store_of(cluster), lambda: self.now_s)
        kinds = HUB_KINDS() if scenario is None else scenario.kinds
        asked = FederationWorld(self.federation)
        self._aborts = AbortWatch(asked, self.federation.injector, kinds)
        karmada, objects = self.federation.settings.karmada, FederationObjects(self.federation)
        self.watch = Watch.of(scenario, karmada, objects, lambda: self.now_s)
        if scenario is not None and "Q2" in scenario.laws and has_faults(scenario):
            self.watch.monitor.scene.reference = self._end_without_faults
        if self._recording is not None:
            self.watch.monitor.listeners.append(self._recording.violated)
        observe(self.federation, [self.watch.monitor, self.watch.ledger])
        self.world = LiveWorld(self.federation, names, self.history)
        self.writer = LiveWriter(self.federation, self._join)

    @classmethod
    def open(
        cls, scenario: Scenario | str | Path, *, seed: int | None = None, out: Path | None = None
    ) -> Session:
        """Return a session at second 0 of a scenario: its fleet has booted, nothing is applied.

        Args:
            scenario: A loaded scenario, or the file or folder of one.
            seed: Instead of the scenario's own.
            out: The run file to write; None keeps the run in memory only.

        Raises:
            InputError: The scenario cannot be used, or the run file not be written.
        """
        if not isinstance(scenario, Scenario):
            scenario = load_rehearsed(scenario, check_step_line)
        return cls(
            scenario.fleet,
            Settings(scenario.karmada, scenario.members),
            seed=scenario.seed if seed is None else seed,
            name=scenario.name,
            directory=Path(scenario.path).parent,
            out=out,
            meta={"path": scenario.path, "horizonS": scenario.horizon_s},
            scenario=scenario,
        )

    # ── driving ────────────────────────────────────────────────────────────────────────────────

    @property
    def now_s(self) -> float:
        """Second of the run."""
        return self.federation.now_s

    @property
    def run_file(self) -> Path | None:
        """The run file being written, or None."""
        return None if self._writer is None else self._writer.path

    @property
    def _writer(self) -> RunWriter | None:
        return None if self._recording is None else self._recording.writer

    def run_until(self, until_s: float) -> None:
        """Let time pass up to and including `until_s` (seconds of the run)."""
        while self.script and self.script[0].time_s <= until_s:
            line = self.script[0]
            self._let_pass(max(line.time_s, self.now_s))
            if len(self.federation.trace.records) < line.after and self.now_s >= until_s:
                break  # a step of the scenario came before it, at the same moment
            self.script.popleft()
            with shelved(line.files):
                self.command(line.line, line.cluster)
        self._let_pass(until_s)
        if not self._playing:
            self.flush()

    def _let_pass(self, until_s: float) -> None:
        """Let time pass; a fault whose condition comes true meanwhile is ended then."""
        self._aborts.run_until(self.federation.run_until, until_s)

    def play(
        self, pace: Pace | None = None, on_progress: Callable[[Progress], None] | None = None
    ) -> Verdict:
        """Play the scenario from second 0 to its end, and return which checks held.

        Args:
            pace: Lets time pass (`run_until` if not given: as fast as it goes).
            on_progress: Told of every step, check and advance before time passes.
        """
        assert self.scenario is not None, "only a session opened from a scenario can play"
        world = FederationWorld(self.federation, self._step_line, self._let_pass, self.watch)
        if self._recording is not None:
            self._recording.plays()

        def told(item: Progress) -> None:
            if self._recording is not None:
                self._recording.told(item)
            if on_progress is not None:
                on_progress(item)

        self._playing = True
        try:
            verdict = run_scenario(self.scenario, world, told, pace or self.run_until)
        finally:
            self._playing = False
        if self._recording is not None:
            self._recording.watched(verdict.watched)
        if self._writer is not None:
            self._writer.set_meta({"passed": verdict.passed})
        return verdict

    def _end_without_faults(self) -> EndState:
        """Play the scenario once more, in memory and without its faults, and return its end."""
        assert self.scenario is not None
        with Session.open(without_faults(self.scenario), seed=self.seed) as other:
            other.play()
            return end_state(FederationObjects(other.federation))

    def command(self, line: str, cluster: str = HUB) -> Result:
        """Carry out one command line (kubectl, karmadactl or fedlab) now.

        What a user can mend comes back as a result with its exit code, as a console shows it.

        Args:
            line: The line.
            cluster: Where it acts when it does not say: the hub, or a member.
        """
        from lab.commands.targets import server_error

        try:
            return self.carry_out(line, cluster)
        except ApiError as error:
            return Result("", (server_error(error),), None, error.exit_code)
        except LabError as error:
            errors = (error, *getattr(error, "problems", ()))
            return Result("", tuple(f"error: {each}" for each in errors), None, error.exit_code)

    def carry_out(self, line: str, cluster: str = HUB) -> Result:
        """Carry out one command line now.

        Args:
            line: The line.
            cluster: Where it acts when it does not say: the hub, or a member.

        Raises:
            InputError: The line cannot be understood, or not used here.
            ApiError: A server refused all of it.
        """
        command = parse_line(line)
        recording = self._recording if command.verb.needs == "write" else None
        if recording is None:
            return self._carry_out(command, cluster)
        recording.commands(line, cluster)
        try:
            return self._carry_out(command, cluster)
        finally:
            recording.command_ends()
            self.flush()

    def _carry_out(self, command: Command, cluster: str, cause: int = 0) -> Result:
        context = Context(
            program=command.program,
            world=self.world,
            writer=self.writer,
            directory=self.directory,
            verb=command.verb.name,
            cluster=cluster,
            faults=self.federation.injector,
        )
        if command.verb.needs == "write":
            self.federation.acting("user", {"text": command.line}, cause=cause)
        if self._recording is None:
            return command.verb.run(context, command.args)
        with overhearing(self._recording.heard):
            return command.verb.run(context, command.args)

    def _step_line(self, line: str, cluster: str) -> str:
        """Carry out the line of a scenario's step, which must succeed."""
        result = self._carry_out(parse_line(line), cluster, self.federation.step_record)
        if result.exit_code:
            said = [result.text, *result.notes]
            raise CommandError(f"{line}: " + "; ".join(part for part in said if part))
        return result.text

    def snapshot(self) -> Snapshot:
        """Return what stands now, frozen: safe to hand to a screen in another thread."""
        return take_snapshot(self.world)

    def flush(self) -> None:
        """Write to the run file what is waiting: a killed process loses only what comes after."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Finish the run file; the session cannot be driven any more."""
        if self._recording is not None:
            self._recording.watched(self.watch.found())  # also of a run that was cut short
            self._recording.close()

    def digest(self) -> str:
        """Return the SHA-256 of the trace so far: equal for equal scenario, seed and commands."""
        if self._recording is not None:
            return self._recording.digest()
        trace = self.federation.trace
        if self._digest[0] != len(trace.records):
            self._digest = (len(trace.records), trace.digest())
        return self._digest[1]

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ── a person's own hands ───────────────────────────────────────────────────────────────────

    def _join(self, name: str, changes: Mapping[str, Any], dry_run: bool) -> None:
        fleet = self.federation.fleet
        spec = fleet.cluster(name)
        if spec is None:
            names = [each.name for each in fleet.clusters]
            near = did_you_mean(name, names) or f" (its clusters are: {', '.join(names)})"
            raise InputError(f'the fleet has no cluster "{name}"{near}')
        manifest = dict(cluster_manifest(spec))
        manifest["spec"] = {**manifest["spec"], **changes}
        self.federation.hub.store.create(manifest, self.now_s, dry_run=dry_run)

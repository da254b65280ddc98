"""The front door: open a scenario, drive it, ask it, close it.

A session is one federation with its whole past, written to a run file as it happens. Screens,
the command line and tests use nothing else of the house.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.commands.context import Context
from lab.commands.line import parse_line
from lab.commands.live import Entry, History, LiveWorld, LiveWriter
from lab.commands.verb import Result
from lab.core.errors import ApiError, InputError, LabError, did_you_mean
from lab.core.fleet import FleetSpec
from lab.core.manifest import Manifest
from lab.core.model import HUB
from lab.drivers.federation import Federation, Settings, cluster_manifest
from lab.runs.writer import RunWriter

if TYPE_CHECKING:
    from lab.engine.trace import TraceRecord


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
    ) -> None:
        self.name = name
        self.seed = seed
        self.directory = directory
        self.federation = Federation(fleet, settings, seed=seed)
        names = tuple(spec.name for spec in fleet.clusters)
        self._writer: RunWriter | None = None
        self.history = History()
        if out is not None:
            described = {"scenario": name, "seed": seed, "members": list(names), **(meta or {})}
            self._writer = RunWriter(out, described)
            self.history.listeners.append(self._changed)
        self._record_trace()
        for cluster in (HUB, *names):
            self.history.watch(cluster, self.federation.store_of(cluster), lambda: self.now_s)
        self.world = LiveWorld(self.federation, names, self.history)
        self.writer = LiveWriter(self.federation, self._join)

    # ── driving ────────────────────────────────────────────────────────────────────────────────

    @property
    def now_s(self) -> float:
        """Second of the run."""
        return self.federation.now_s

    @property
    def run_file(self) -> Path | None:
        """The run file being written, or None."""
        return None if self._writer is None else self._writer.path

    def run_until(self, until_s: float) -> None:
        """Let time pass up to and including `until_s` (seconds of the run)."""
        self.federation.run_until(until_s)

    def command(self, line: str) -> Result:
        """Carry out one command line (kubectl, karmadactl or fedlab) now.

        What a user can mend comes back as a result with its exit code, as a console shows it.
        """
        from lab.commands.targets import server_error

        try:
            return self.carry_out(line)
        except ApiError as error:
            return Result("", (server_error(error),), None, error.exit_code)
        except LabError as error:
            return Result("", (f"error: {error}",), None, error.exit_code)

    def carry_out(self, line: str) -> Result:
        """Carry out one command line now.

        Raises:
            InputError: The line cannot be understood, or not used here.
            ApiError: A server refused all of it.
        """
        command = parse_line(line)
        if command.verb.needs == "write":
            self.federation.acting("user", {"text": line})
        context = Context(
            program=command.program,
            world=self.world,
            writer=self.writer,
            directory=self.directory,
            verb=command.verb.name,
        )
        return command.verb.run(context, command.args)

    def close(self) -> None:
        """Finish the run file; the session cannot be driven any more."""
        if self._writer is None:
            return
        trace = self.federation.trace
        self._writer.set_meta({"endS": self.now_s, "digest": trace.digest()})
        self._writer.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ── what goes into the run file ────────────────────────────────────────────────────────────

    def _changed(self, entry: Entry) -> None:
        assert self._writer is not None
        self._writer.change(entry.key.cluster, entry.time_s, entry.type, entry.object, entry.old)

    def _record_trace(self) -> None:
        writer = self._writer
        if writer is None:
            return

        def record(each: TraceRecord) -> None:
            writer.record(
                each.number, each.time_s, each.type, each.actor, each.cause, each.key, each.detail
            )

        for each in self.federation.trace.records:
            record(each)
        self.federation.trace.listen(record)

    # ── a person's own hands ───────────────────────────────────────────────────────────────────

    def _join(self, name: str, changes: Mapping[str, Any], dry_run: bool) -> None:
        fleet = self.federation.fleet
        spec = fleet.cluster(name)
        if spec is None:
            names = [each.name for each in fleet.clusters]
            near = did_you_mean(name, names) or f" (its clusters are: {', '.join(names)})"
            raise InputError(f'the fleet has no cluster "{name}"{near}')
        manifest: Manifest = cluster_manifest(spec)
        manifest = {**manifest, "spec": {**manifest["spec"], **changes}}
        self.federation.hub.store.create(manifest, self.now_s, dry_run=dry_run)


Progress = Callable[[float], None]
"""Told the second of the run, now and then."""

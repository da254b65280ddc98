"""Writes what happens in a session to its run file, as it happens: what went in, what came out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.commands.version import MODELLED, program_version
from lab.core.model import HUB, Key
from lab.core.settings import KarmadaSettings
from lab.runs.writer import RunWriter
from lab.scenario.runner import CheckResult, StepResult

if TYPE_CHECKING:
    from lab.commands.live import Entry, History
    from lab.core.invariants import Violation
    from lab.drivers.federation import Federation
    from lab.engine.trace import TraceRecord
    from lab.scenario.model import Scenario
    from lab.scenario.runner import Progress
    from lab.scenario.watch import Watched

CHECKPOINT_EVERY = 1_000
"""Records of the trace between two digests."""


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """A command line of an earlier session, to be carried out again at its moment."""

    time_s: float
    after: int
    """How many records the trace had."""
    line: str
    cluster: str
    files: Mapping[str, str] = field(default_factory=dict)
    """Every file as it was then."""


class Recording:
    """A run file that a session fills.

    Args:
        path: The file.
        federation: Whose trace it keeps.
        history: Whose objects it keeps.
        meta: What the run is.
        scenario: Whose files it keeps, so that the run can be played from the file alone.
    """

    def __init__(
        self,
        path: Path,
        federation: Federation,
        history: History,
        meta: Mapping[str, Any],
        scenario: Scenario | None = None,
    ) -> None:
        self._federation = federation
        self._digest = hashlib.sha256()
        self._records = 0
        self._root = ""
        self._absolute = False
        self._command = 0
        self._errors: list[str] = []
        expectations = () if scenario is None else scenario.expectations
        self._expected = {each.violates for each in expectations if each.violates}
        described = {
            "version": program_version(),
            "models": dict(MODELLED),
            "karmada": unusual_settings(federation.settings.karmada),
            **meta,
        }
        if scenario is not None and scenario.files:
            self._root = os.path.dirname(os.path.abspath(os.path.dirname(scenario.path)))
            self._absolute = os.path.isabs(scenario.path)
            described["path"] = self._stored_paths(scenario.path)[0]
            described["expectations"] = [each.name for each in scenario.expectations]
            described["description"] = scenario.description
        self._known = {} if scenario is None else dict(scenario.files)
        files = [(as_, t) for name, t in self._known.items() for as_ in self._stored_paths(name)]
        self.writer = RunWriter(path, described, files=files)
        for record in federation.trace.records:
            self._record(record)
        federation.trace.listen(self._record)
        history.listeners.append(self._changed)
        for member in federation.members.values():
            listeners = getattr(member, "on_service", None)
            if listeners is not None:
                listeners.append(self._counted)

    # ── what goes in ───────────────────────────────────────────────────────────────────────────

    def plays(self) -> None:
        """Note that the scenario begins to play."""
        self.writer.input("play", self._federation.now_s, self._records, "")

    def commands(self, line: str, cluster: str) -> None:
        """Note a command line of a person, before it is carried out."""
        now_s = self._federation.now_s
        self._command = self.writer.input("command", now_s, self._records, line, cluster)

    def command_ends(self) -> None:
        """Note that what is read from now on is read by no command."""
        self._command = 0

    def heard(self, path: str, text: str) -> None:
        """Note a file that was read, unless it was read before and has not changed."""
        if self._known.get(path) == text:
            return
        self._known[path] = text
        for stored in self._stored_paths(path):
            self.writer.input(
                "file", self._federation.now_s, self._records, text, stored, self._command
            )

    def _stored_paths(self, path: str) -> list[str]:
        """Return how the file calls a path: as seen from where the scenario's folder stands.

        So it says nothing of the machine, and a scenario may name its own folder from outside.
        """
        if path == "-" or not self._root or (os.path.isabs(path) and not self._absolute):
            return [path]
        inside = os.path.relpath(os.path.abspath(path), self._root)
        return [inside, path] if inside.startswith("..") and os.path.isabs(path) else [inside]

    # ── what comes out ─────────────────────────────────────────────────────────────────────────

    def told(self, item: Progress) -> None:
        """Note a step that failed, or a check that is decided."""
        if isinstance(item, StepResult) and not item.ok:
            self._errors.append(f'step "{item.step.name}" at {item.time_s:.3f}s: {item.error}')
            self.writer.set_meta({"errors": self._errors})
        elif isinstance(item, CheckResult):
            name = item.expectation.name
            self.writer.verdict(item.time_s, name, item.passed, item.message, {})

    def violated(self, violation: Violation) -> None:
        """Note a breach of an invariant, when it is seen for the first time."""
        self.writer.violation(
            violation.time_s,
            violation.law,
            violation.message,
            key=violation.key,
            cause=violation.record,
            detail={"name": violation.name, "expected": violation.law in self._expected},
        )

    def watched(self, found: Watched) -> None:
        """Note what came of the applications, and what could not be judged."""
        meta = {
            "outcomes": [each.to_dict() for each in found.outcomes],
            "remarks": [each.to_dict() for each in found.remarks],
            "notJudged": list(found.notes),
        }
        self.writer.set_meta(meta)

    def digest(self) -> str:
        """Return the SHA-256 of the trace so far."""
        return self._digest.hexdigest()

    def close(self) -> None:
        """Finish the file."""
        if self._records % CHECKPOINT_EVERY:
            self.writer.checkpoint(self._records, self.digest())
        self.writer.set_meta({"endS": self._federation.now_s, "digest": self.digest()})
        self.writer.close()

    def _record(self, record: TraceRecord) -> None:
        self.writer.record(
            record.number, record.time_s, record.type, record.actor, record.cause, record.key,
            _detail(record),
        )  # fmt: skip
        self._digest.update(f"{record.to_line()}\n".encode())
        self._records = record.number
        if record.number % CHECKPOINT_EVERY == 0:
            self.writer.checkpoint(record.number, self.digest())

    def _changed(self, entry: Entry) -> None:
        self.writer.change(entry.key.cluster, entry.time_s, entry.type, entry.object, entry.old)

    def _counted(self, time_s: float, key: Key, count: Any) -> None:
        self.writer.sample(time_s, key, count.desired, count.ready, count.serving)


def unusual_settings(settings: KarmadaSettings) -> dict[str, Any]:
    """Return the settings that are not the default, by name; gates one by one."""
    usual = KarmadaSettings()
    found: dict[str, Any] = {}
    for each in fields(KarmadaSettings):
        value, default = getattr(settings, each.name), getattr(usual, each.name)
        if value == default:
            continue
        if isinstance(value, Mapping):
            found.update({k: v for k, v in sorted(value.items()) if default.get(k) != v})
        else:
            found[each.name] = value
    return found


def _detail(record: TraceRecord) -> Mapping[str, Any]:
    """Return a record's detail; what a member told, with the version of the object it told of.

    The member wrote it some moments before: only the version says which of its writes it was.
    """
    key, after = record.key, record.after
    if record.type != "change" or key is None or key.cluster == HUB or after is None:
        return record.detail
    return {**record.detail, "version": after["metadata"].get("resourceVersion", "")}

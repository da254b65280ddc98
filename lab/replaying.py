"""A recorded run, played again from its file alone: nothing of the disk is read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.commands.rehearsal import load_rehearsed
from lab.core.errors import InputError
from lab.recording import ScriptLine
from lab.runs.reader import RunReader
from lab.runs.schema import NothingPlayedError
from lab.runs.stored import StoredInput
from lab.scenario.shelf import shelved
from lab.session import Session, check_step_line


@dataclass(slots=True)
class Replay:
    """A session that repeats a recorded one."""

    session: Session
    end_s: float
    """Where the recorded run ended, as far as its file tells."""
    plays_s: float | None
    """When the scenario began to play; None if it never did."""


@contextmanager
def reopened(reader: RunReader, out: Path | None = None) -> Iterator[Replay]:
    """Open a session that repeats a run; the files it reads are those of the run inside.

    Raises:
        InputError: The file does not hold what the run was played from, or cannot be written.
    """
    inputs = reader.inputs()
    files = {each.path: each.text for each in reversed(inputs)
             if each.kind == "file" and not each.command}  # fmt: skip
    path = str(reader.meta.get("path") or "")
    if path not in files:
        raise InputError(
            f"{reader.path} cannot be played again: it was not played from a scenario's files"
        )
    if not reader.finished and not reader.record_count():
        raise NothingPlayedError(reader.path)
    with shelved(files):
        scenario = load_rehearsed(path, check_step_line)
        session = Session.open(scenario, seed=int(reader.meta.get("seed") or 0), out=out)
        session.script = _script(inputs, files)
        plays = next((each.time_s for each in inputs if each.kind == "play"), None)
        try:
            yield Replay(session, reader.end_s, plays)
        finally:
            session.close()


def _script(inputs: Sequence[StoredInput], files: Mapping[str, str]) -> deque[ScriptLine]:
    """Return the command lines of a person, each with the files as they were then."""
    known = dict(files)
    lines: deque[ScriptLine] = deque()
    for each in inputs:
        if each.kind != "command":
            continue
        read = {f.path: f.text for f in inputs if f.kind == "file" and f.command == each.number}
        known = {**known, **read}
        lines.append(ScriptLine(each.time_s, each.after, each.text, each.path, known))
    return lines

"""A run in a few words, without reading all of it: what `fedlab runs` lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lab.core.errors import InputError
from lab.runs.place import runs_directory
from lab.runs.reader import RunReader
from lab.runs.schema import NothingPlayedError, is_run_file

Result = Literal["passed", "FAILED", "stopped", "unfinished", "unreadable"]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run file.

    Attributes:
        path: The file.
        name: Of the scenario.
        started_at: Wall-clock time, ISO 8601.
        seed: Of all chance.
        result: passed or FAILED; stopped before the end of its scenario; unfinished if it still
            runs or its process was killed; unreadable if the file is damaged.
        checks: How many held, and how many were decided.
        violations: Breaches of invariants that the scenario does not expect.
        outcomes: RTO and what else was computed of each application, as the file has it.
        length_s: Seconds of fleet time.
        size_bytes: Of the file.
        error: Why it cannot be read.
    """

    path: Path
    name: str = ""
    started_at: str = ""
    seed: int = 0
    result: Result = "unreadable"
    checks: tuple[int, int] = (0, 0)
    violations: int = 0
    outcomes: tuple[dict[str, Any], ...] = field(default=())
    length_s: float = 0.0
    size_bytes: int = 0
    error: str = ""

    @property
    def rto_s(self) -> float | None:
        """The longest RTO of its applications, None if nothing fell below its target."""
        found = [each.get("rtoS") for each in self.outcomes]
        return max((float(each) for each in found if each is not None), default=None)


def kept_runs() -> list[RunSummary]:
    """Return the runs that are kept, the newest first."""
    found = [path for path in runs_directory().glob("*.run") if path.is_file()]
    return sorted(map(summarise, found), key=lambda each: each.path.name, reverse=True)


def summarise(path: Path) -> RunSummary:
    """Return what a run file says of itself; one that cannot be read says why."""
    size = sum(each.stat().st_size for each in (path, Path(f"{path}-wal")) if each.exists())
    if size and not is_run_file(path):
        return RunSummary(path, path.stem, size_bytes=size, error=f"{path} is no run file")
    try:
        with RunReader(path, check=False) as reader:
            return _summary(reader, size)
    except NothingPlayedError as error:
        return RunSummary(path, path.stem, result="unfinished", size_bytes=size, error=str(error))
    except InputError as error:
        return RunSummary(path, path.stem, size_bytes=size, error=str(error))


def _summary(reader: RunReader, size: int) -> RunSummary:
    meta, verdicts = reader.meta, reader.verdicts()
    result: Result = "unfinished" if not reader.finished else "stopped"
    if "passed" in meta:
        result = "passed" if meta["passed"] else "FAILED"
    outcomes = meta.get("outcomes") or ()
    return RunSummary(
        reader.path,
        str(meta.get("scenario") or ""),
        str(meta.get("startedAt") or ""),
        int(meta.get("seed") or 0),
        result,
        (sum(each.passed for each in verdicts), len(verdicts)),
        sum(not each.detail.get("expected") for each in reader.violations()),
        tuple(each for each in outcomes if isinstance(each, dict)),
        max(0.0, reader.end_s),
        size,
    )

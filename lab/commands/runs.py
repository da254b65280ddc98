"""runs: the run files that are kept: what they are, how they went, how large they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Flag, Result, Verb

if TYPE_CHECKING:
    from pathlib import Path

    from lab.runs.summary import RunSummary


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.printers import documents
    from lab.commands.printers.text import columns
    from lab.runs.place import runs_directory
    from lab.runs.summary import kept_runs, summarise

    names = args.words("files")
    if names and names[0] in {"rm", "delete"}:
        return _remove(names[1:], every=args.on("all"))
    found = [summarise(find_run(name)) for name in names] if names else kept_runs()
    data = [_data(each) for each in found]
    text = documents.rendered(args.text("output"), data, [each.path.stem for each in found])
    if text is not None:
        return Result(text, (), data)
    notes = tuple(f"error: {each.error}" for each in found if each.error)
    if not found:
        return Result("", (f"No runs are kept in {runs_directory()}.",), data)
    wide = args.text("output") == "wide"
    header = ["NAME", "SEED", "RESULT", "CHECKS", "VIOLATIONS", "RTO", "LENGTH", "SIZE"]
    rows = [header, *(_row(each) for each in found)]
    if wide:
        for row, one in zip(rows, [None, *found], strict=True):
            row.insert(1, "SCENARIO" if one is None else one.name)
            row.insert(2, "STARTED" if one is None else one.started_at)
            row.append("FILE" if one is None else str(one.path))
    if args.on("no-headers"):
        rows = rows[1:]
    return Result(columns(rows), notes, data)


def _remove(names: tuple[str, ...], *, every: bool) -> Result:
    from lab.core.errors import InputError
    from lab.runs.place import runs_directory
    from lab.runs.schema import is_run_file, remove

    if bool(names) == every:
        raise InputError("runs rm needs the names of runs, or --all, one of them")
    paths = sorted(runs_directory().glob("*.run")) if every else [find_run(n) for n in names]
    said, notes = list[str](), list[str]()
    for path in paths:
        try:
            if not is_run_file(path):
                raise InputError(f"{path} is no run file: it is left alone")
            remove(path)
            said.append(f'run "{path.stem}" deleted')
        except OSError as error:
            notes.append(f"error: cannot delete {path}: {error.strerror}")
        except InputError as error:
            notes.append(f"error: {error}")
    return Result("\n".join(said), tuple(notes), None, 1 if notes else 0)


def find_run(name: str) -> Path:
    """Return the file a word means: a path, the name of a run that is kept, or `latest`.

    Raises:
        InputError: There is none.
    """
    from pathlib import Path

    from lab.core.errors import InputError, did_you_mean, quoted
    from lab.runs.place import newest_run, runs_directory

    path = Path(name)
    if path.exists():
        return path
    kept = runs_directory() / f"{name.removesuffix('.run')}.run"
    if "/" not in name and kept.exists():
        return kept
    newest = newest_run()
    if name == "latest" and newest is not None:
        return newest
    if path.suffix or len(path.parts) > 1:
        raise InputError(f"there is no run file {path}")
    known = sorted(each.stem for each in runs_directory().glob("*.run"))
    near = did_you_mean(name, known) or " (fedlab runs lists those that are kept)"
    raise InputError(f"there is no run {quoted(name, 200)}{near}")


def _row(run: RunSummary) -> list[str]:
    if run.error:
        return [run.path.stem, "-", run.result, "-", "-", "-", "-", size_text(run.size_bytes)]
    from lab.core.duration import format_duration

    rto_s = run.rto_s
    return [
        run.path.stem,
        str(run.seed),
        run.result,
        f"{run.checks[0]}/{run.checks[1]}",
        str(run.violations),
        "-" if rto_s is None else format_duration(round(rto_s, 1)),
        format_duration(round(run.length_s, 1)),
        size_text(run.size_bytes),
    ]


def size_text(size: int) -> str:
    """Return a size as people read it.

    Example:
        >>> size_text(900), size_text(250_000), size_text(31_000_000)
        ('1 kB', '250 kB', '31.0 MB')
    """
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"


def _data(run: RunSummary) -> dict[str, Any]:
    return {
        "name": run.path.stem,
        "file": str(run.path),
        "scenario": run.name,
        "startedAt": run.started_at,
        "seed": run.seed,
        "result": run.result,
        "checksHeld": run.checks[0],
        "checks": run.checks[1],
        "violations": run.violations,
        "outcomes": list(run.outcomes),
        "rtoS": run.rto_s,
        "lengthS": run.length_s,
        "sizeBytes": run.size_bytes,
        **({"error": run.error} if run.error else {}),
    }


VERB = Verb(
    "runs",
    "the run files that are kept: how each went, how long and how large it is",
    "Runs",
    run,
    (Argument("files", "run files or names of runs (default: all that are kept); "
              "rm NAME… deletes", "*"),),
    (
        Flag("all", "runs rm: delete all that are kept", type="bool", default=False),
        Flag("no-headers", "without the row of column names", type="bool", default=False),
        flags.OUTPUT_DATA,
    ),
    examples=("runs", "runs -o wide", "runs rm 20261121-025452-cordon"),
)  # fmt: skip

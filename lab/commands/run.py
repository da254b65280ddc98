"""run: play scenarios headless: what happened, what the members hold, which checks held."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Flag, Result, Verb

if TYPE_CHECKING:
    from lab.commands.context import Played
    from lab.core.errors import LabError


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.outfile import STDOUT, check_out, check_run_out
    from lab.core.errors import InputError, LabError

    if context.player is None:
        raise InputError('"run" plays a scenario of its own: it cannot be a step of one')
    if args.text("on") == "real":
        raise InputError(
            "--on real is not built yet: this version plays scenarios on simulated clusters only"
        )
    deep = args.on("recursive")
    scenarios = [each for name in args.words("scenarios") for each in scenario_files(name, deep)]
    if len(scenarios) > 1 and args.text("out"):
        raise InputError("--out names one run file, and there are several scenarios")
    junit = context.directory / args.text("junit") if args.text("junit") else None
    present = [each for each in scenarios if Path(each).exists()]
    check_run_out(args.text("out"))
    if junit is not None:
        if args.text("junit") == STDOUT:
            raise InputError("--junit -: standard output has the timeline, name a file")
        if junit.exists() and any(map(junit.samefile, present)):
            raise InputError(f"--junit {args.text('junit')} is a scenario: name another file")
        if args.text("out") and junit.resolve() == Path(args.text("out")).resolve():
            raise InputError(f"--junit {args.text('junit')} is the run file: name another file")
        check_out(junit, "--junit")
    if args.number("seed") is not None and not 0 <= (args.number("seed") or 0) < 2**63:
        raise InputError("--seed needs a number from 0 to 9223372036854775807")
    played: list[Played] = []
    failed: list[tuple[str, LabError]] = []
    for scenario in scenarios:
        try:
            played.append(_play(context, args, scenario))
        except LabError as error:
            if len(scenarios) == 1:
                raise
            failed.append((scenario, error))
    return _result(context, args, played, failed)


def scenario_files(name: str, recursive: bool = False) -> list[str]:
    """Return the scenarios that a word means: a file, a folder's scenario.yaml, or all of a folder.

    Args:
        name: A file or folder.
        recursive: Also those of the folders below it.

    Raises:
        InputError: The folder holds no scenario.
    """
    from lab.commands.fleets import is_scenario
    from lab.core.errors import InputError, quoted

    if not Path(name).is_dir() or is_scenario(name):
        return [name]
    below = sorted(str(each) for each in Path(name).rglob("*") if each.is_dir())
    found = _within(name, lenient=bool(below))
    if recursive:
        whole: list[str] = []  # folders that are a scenario: their other files belong to it
        for folder in below:
            if any(folder.startswith(f"{each}{os.sep}") for each in whole):
                continue
            if is_scenario(folder):
                whole.append(folder)
                found.append(folder)
            else:
                found += _within(folder, lenient=True)
    if not found:
        more = "" if recursive or not below else "; -R looks into the folders below it"
        text = f"folder {quoted(name, 200)} holds no scenario (kind: Scenario){more}"
        raise InputError(text)
    return found


def _within(folder: str, *, lenient: bool) -> list[str]:
    """Return the scenarios among the files of a folder; `lenient`: it may hold none."""
    from lab.commands.fleets import is_scenario
    from lab.core.errors import InputError
    from lab.scenario.files import manifest_files

    def wanted(file: str) -> bool:
        try:
            return is_scenario(file)
        except InputError:
            return True  # nobody knows what it is: playing it says what is wrong

    try:
        return [file for file in manifest_files(folder) if wanted(file)]
    except InputError:
        if not lenient:
            raise
        return []


def _play(context: Context, args: Args, scenario: str) -> Played:
    assert context.player is not None
    out = Path(args.text("out")) if args.text("out") else None
    return context.player(
        scenario,
        seed=args.number("seed"),
        out=out,
        until_s=args.seconds("until"),
        speed=speed_of(args),
    )


def speed_of(args: Args) -> float | None:
    """Return the factor that `--speed` asks for, None if it is not given.

    Raises:
        InputError: It is no number above 0.
    """
    from lab.core.errors import InputError

    if not args.text("speed"):
        return None
    try:
        speed = float(args.text("speed").removeprefix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1e9:
        raise InputError(f'--speed "{args.text("speed")}" needs a factor above 0, such as 10')
    return speed


def _result(
    context: Context, args: Args, played: list[Played], failed: list[tuple[str, LabError]]
) -> Result:
    from lab.commands.printers import documents
    from lab.commands.printers.played import play_report, width_of

    if args.text("junit"):
        _write_junit(context, args.text("junit"), played, failed)
    code = max([0 if each.passed else 1 for each in played] + [e.exit_code for _, e in failed])
    notes = [f"error: {error}" for _, error in failed]
    notes += [
        f"run file: {each.run_file}"
        if each.run_file is not None
        else "run file: none, its folder cannot be written (--out FILE names another place)"
        for each in played
    ]
    form = args.text("output")
    if form in {"json", "yaml", "name"}:
        data = [play_data(each) for each in played]
        document: Any = data[0] if len(data) == 1 and not failed else data
        text = documents.rendered(form, document, [each.name for each in played])
        return Result(text or "", tuple(notes), document, code)
    verbose, width = args.on("verbose"), width_of(context)
    blocks = ["\n".join(play_report(each, verbose=verbose, width=width)) for each in played]
    if len(played) + len(failed) > 1:
        blocks.append(_summary(played, failed))
    return Result("\n\n".join(blocks), tuple(notes), None, code)


def play_data(played: Played) -> dict[str, Any]:
    """Return a played scenario as JSON-ready data."""
    from lab.commands.printers.documents import without_managed_fields
    from lab.commands.printers.placed import placed_objects
    from lab.commands.printers.timeline import timeline
    from lab.commands.printers.verdicts import law_data

    objects: dict[str, list[Any]] = {name: [] for name in played.world.members()}
    for cluster, manifest in placed_objects(played.world):
        objects[cluster].append(without_managed_fields(manifest))
    return {
        "scenario": played.name,
        "path": played.path,
        "seed": played.seed,
        "passed": played.passed,
        "checks": [
            {"name": c.name, "passed": c.passed, "message": c.message, "time": c.time_s}
            for c in played.checks
        ],
        "errors": list(played.errors),
        "undecided": list(played.undecided),
        "outcomes": [each.to_dict() for each in played.outcomes],
        "invariants": law_data(played),
        "timeline": [each.to_dict() for each in timeline(played.world)],
        "members": objects,
        "endS": played.world.now_s,
        "digest": played.digest,
        "runFile": None if played.run_file is None else str(played.run_file),
    }


def _summary(played: list[Played], failed: list[tuple[str, LabError]]) -> str:
    from lab.commands.printers.text import columns
    from lab.commands.printers.timeline import clock

    rows = [["SCENARIO", "RESULT", "CHECKS", "FLEET TIME", "SECONDS"]]
    for each in played:
        held = sum(check.passed for check in each.checks)
        rows.append([each.name, "passed" if each.passed else "FAILED",
                     f"{held}/{len(each.checks)}", clock(each.world.now_s),
                     f"{each.wall_s:.1f}"])  # fmt: skip
    rows += [[path, "INVALID", "-", "-", "-"] for path, _ in failed]
    return columns(rows)


def _write_junit(
    context: Context, file: str, played: list[Played], failed: list[tuple[str, LabError]]
) -> None:
    from lab.commands.junit import junit_xml
    from lab.commands.outfile import write_document

    write_document(context.directory / file, junit_xml(played, failed), "--junit")


VERB = Verb(
    "run",
    "play scenarios: a timeline, the members' objects, and a verdict",
    "Play and plan",
    run,
    (Argument("scenarios", "scenario files, or folders of them", "+"),),
    (
        flags.RECURSIVE,
        Flag("seed", "instead of the scenario's seed", type="int", metavar="N"),
        Flag("out", "where to write the run file", metavar="FILE"),
        Flag("junit", "write the checks as a JUnit file", metavar="FILE"),
        Flag("on", "simulated or real clusters", default="sim", choices=("sim", "real"),
             metavar="sim|real"),
        Flag("speed", "fleet seconds per second (default: as fast as possible)", metavar="X"),
        Flag("until", "stop at this moment", type="time", metavar="TIME"),
        Flag("verbose", "everything, however much it is", "v", "bool", False),
        flags.OUTPUT_DATA,
    ),
    examples=("run scenario.yaml", "run scenarios/ --junit report.xml"),
)  # fmt: skip

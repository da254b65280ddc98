"""replay: play a recorded run again from its file alone, and see whether it is the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Flag, Result, Verb

if TYPE_CHECKING:
    from lab.commands.context import Played
    from lab.runs.divergence import Divergence
    from lab.runs.reader import RunReader


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.outfile import check_run_out
    from lab.commands.printers.played import play_report, width_of
    from lab.commands.run import play_data, speed_of
    from lab.commands.runs import find_run
    from lab.core.errors import InputError

    if context.replayer is None:
        raise InputError('"replay" plays a run of its own: it cannot be a step of one')
    path = find_run(args.text("run"))
    check_run_out(args.text("out"))
    out = Path(args.text("out")) if args.text("out") else None
    if out is not None and out.resolve() == path.resolve():
        raise InputError(f"--out {out} is the run itself: name another file")
    until_s, speed = args.seconds("until"), speed_of(args)
    if args.on("verify"):
        return _verify(context, args, path, out)
    played = context.replayer(path, out=out, until_s=until_s, speed=speed)
    notes = (*_version_notes(path), *(() if out is None else (f"run file: {out}",)))
    form = args.text("output")
    code = 0 if played.passed else 1
    if form in {"json", "yaml", "name"}:
        from lab.commands.printers import documents

        data = play_data(played)
        return Result(documents.rendered(form, data, [played.name]) or "", notes, data, code)
    lines = play_report(played, verbose=args.on("verbose"), width=width_of(context))
    return Result("\n".join(lines), notes, None, code)


def _verify(context: Context, args: Args, path: Path, out: Path | None) -> Result:
    import tempfile

    from lab.commands.printers import documents
    from lab.runs.divergence import first_divergence
    from lab.runs.reader import RunReader

    assert context.replayer is not None
    with tempfile.TemporaryDirectory(prefix="fedlab-") as folder:
        again = out or Path(folder) / "replayed.run"
        played = context.replayer(
            path, out=again, until_s=args.seconds("until"), speed=_speed(args)
        )
        with RunReader(path) as reader, RunReader(again) as replayed:
            # A run that was cut off holds the beginning of what is played again, and so does
            # what was only played again up to `--until`.
            part = "passed" not in reader.meta or args.seconds("until") is not None
            found = first_divergence(reader, replayed, prefix=part)
            counts = reader.record_count(), replayed.record_count()
            data = _data(reader, replayed, played, found, min(counts) if part else counts[0])
    text = documents.rendered(args.text("output"), data, [path.stem])
    if text is None:
        text = "\n".join(_lines(data))
    return Result(text, _version_notes_of(data), data, 1 if found else 0)


def _speed(args: Args) -> float | None:
    from lab.commands.run import speed_of

    return speed_of(args)


def _data(
    reader: RunReader, replayed: RunReader, played: Played, found: Divergence | None, compared: int
) -> dict[str, Any]:
    from lab.commands.recorded import RecordedWorld

    data: dict[str, Any] = {
        "run": str(reader.path),
        "scenario": played.name,
        "seed": played.seed,
        "same": found is None,
        "recordsCompared": compared if found is None else found.number,
        "digest": played.digest,
        "version": {
            "recorded": str(reader.meta.get("version") or ""),
            "replayed": str(replayed.meta.get("version") or ""),
        },
    }
    if found is not None:
        sides = (("recorded", reader, found.left), ("replayed", replayed, found.right))
        data["divergence"] = {
            "event": found.number,
            "checkpoint": _checkpoint_after(reader, found.number),
            **{name: _side(RecordedWorld(run, run.end_s), record) for name, run, record in sides},
        }
        if found.change is not None:
            data["divergence"]["changes"] = dict(
                zip(("recorded", "replayed"), found.change, strict=True)
            )
    return data


def _side(world: Any, record: Any) -> dict[str, Any] | None:
    from lab.commands.explain_event import chain_of, step_data

    if record is None:
        return None
    chain = chain_of(world, record.number)
    return step_data(world, chain, len(chain) - 1)


def _checkpoint_after(reader: RunReader, number: int) -> int | None:
    return next((each for each in sorted(reader.checkpoints()) if each >= number), None)


def _lines(data: dict[str, Any]) -> list[str]:
    from lab.commands.printers.text import columns, safe
    from lab.commands.printers.timeline import clock

    head = f"{data['scenario']} (seed {data['seed']})"
    found = data.get("divergence")
    if found is None:
        return [safe(f"{head}: the same"), f"{data['recordsCompared']} events compared, "
                f"digest {data['digest']}"]  # fmt: skip
    lines = [safe(f"{head}: differs from event #{found['event']} on")]
    if found["checkpoint"]:
        lines.append(f"the digest of event #{found['checkpoint']} is another one")
    rows = []
    for name in ("recorded", "replayed"):
        side = found[name]
        if side is None:
            rows.append([name, "", "", "has ended"])
            continue
        when = ("-" if side["time"] < 0 else "") + clock(abs(side["time"]))
        rows.append([name, when, f"#{side['number']}", side["what"]])
    lines.append(columns(rows, padding=2, indent="  "))
    if "changes" in found:
        from lab.commands.printers import documents

        for name, change in found["changes"].items():
            lines.append(f"  {name} wrote")
            shown = "nothing" if change is None else documents.to_yaml(change)
            lines += [f"    {safe(line)}" for line in shown.splitlines()]
    return lines


def _version_notes(path: Path) -> tuple[str, ...]:
    from lab.commands.version import program_version
    from lab.runs.reader import RunReader

    with RunReader(path, check=False) as reader:
        recorded = str(reader.meta.get("version") or "?")
    versions = {"recorded": recorded, "replayed": program_version()}
    return _version_notes_of({"version": versions})


def _version_notes_of(data: dict[str, Any]) -> tuple[str, ...]:
    recorded, now = data["version"]["recorded"], data["version"]["replayed"]
    if recorded == now:
        return ()
    return (f"note: the run was played by fedlab {recorded}, this is {now}: it may differ",)


VERB = Verb(
    "replay",
    "play a recorded run again from its file alone, and see whether it is the same",
    "Runs",
    run,
    (Argument("run", "a run file, the name of a run that is kept, or latest"),),
    (
        Flag("verify", "compare with what was recorded; the first difference, if there is one",
             type="bool", default=False),
        Flag("until", "stop at this moment", type="time", metavar="TIME"),
        Flag("out", "keep what is played in this run file", metavar="FILE"),
        Flag("speed", "fleet seconds per second (default: as fast as possible)", metavar="X"),
        Flag("verbose", "everything, however much it is", "v", "bool", False),
        flags.OUTPUT_DATA,
    ),
    examples=("replay latest --verify", "replay a.run --until 5m --out b.run"),
)  # fmt: skip

"""compare: two runs phase by phase, and where they part, with the causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Flag, Result, Verb

if TYPE_CHECKING:
    from pathlib import Path


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from contextlib import ExitStack

    from lab.commands.comparing import comparison, side
    from lab.commands.printers import documents
    from lab.commands.printers.comparison import render
    from lab.commands.recorded import open_run

    paths = [run_of(context, args, args.text(name)) for name in ("a", "b")]
    with ExitStack() as stack:
        worlds = [open_run(path) for path in paths]
        for world in worlds:
            stack.callback(world.reader.close)
        data = comparison(side("A", worlds[0]), side("B", worlds[1]))
    form = args.text("output")
    text = documents.rendered(form, data, [path.stem for path in paths])
    if text is None:
        text = "\n".join(render(data, 0 if form == "wide" else 80))
    return Result(text, (), data)


def run_of(context: Context, args: Args, name: str) -> Path:
    """Return the run file that a word means; a scenario is played, and its run kept.

    Raises:
        InputError: It is neither.
    """
    from pathlib import Path

    from lab.commands.run import scenario_files
    from lab.commands.runs import find_run
    from lab.core.errors import InputError, quoted
    from lab.runs.schema import is_run_file

    path = Path(name)
    if not path.exists() or is_run_file(path):
        return find_run(name)
    if path.suffix == ".run":
        raise InputError(f"{path} is no run file (fedlab run SCENARIO --out FILE writes one)")
    found = scenario_files(name)
    if len(found) != 1:
        raise InputError(f"folder {quoted(name, 200)} holds {len(found)} scenarios: name one")
    if context.player is None:
        raise InputError(f"{path} is a scenario: it is played by the shell's fedlab compare only")
    played = context.player(found[0], seed=args.number("seed"))
    if played.run_file is None:
        raise InputError(f"the run of {name} cannot be kept: play it with fedlab run --out FILE")
    return played.run_file


VERB = Verb(
    "compare",
    "two runs phase by phase: detect, taint, evict, schedule, apply, ready; and where they part",
    "Runs",
    run,
    (
        Argument("a", "a run file, the name of a run that is kept, or a scenario (it is played)"),
        Argument("b", "the other one"),
    ),
    (
        Flag("seed", "play scenarios with this seed", type="int", metavar="N"),
        flags.OUTPUT_DATA,
    ),
    examples=("compare before.run after.run", "compare slow.yaml fast.yaml"),
)

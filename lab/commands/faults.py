"""faults: the kinds there are, one kind explained, or the faults of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Flag, Result, Verb

if TYPE_CHECKING:
    from lab.commands.context import World


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    word = args.text("kind")
    if word:
        return _one_kind(word, args)
    world = _world(context, args)
    if args.on("kinds") or world is None:
        return _kinds(args)
    return _of_run(world, args)


def _world(context: Context, args: Args) -> World | None:
    """Return the run to tell of: the session's, or the one that `--run` names."""
    if context.world is None and not {"run", "at"} & args.given:
        return None
    if context.world is None:
        from lab.commands.recorded import open_run
        from lab.commands.runs import find_run

        world: World = open_run(find_run(args.text("run") or "latest"))
        at_s = args.seconds("at")
        return world if at_s is None else world.at(at_s)
    return context.reading(args)


def _kinds(args: Args) -> Result:
    from lab.commands.printers import documents
    from lab.commands.printers.faults import kind_data, kinds_text
    from lab.core.faults import KINDS

    kinds, form = list(KINDS.values()), args.text("output")
    data = [kind_data(each) for each in kinds]
    text = documents.rendered(form, data, [each.name for each in kinds])
    if text is None:
        text = kinds_text(kinds, wide=form == "wide")
        text += "\n\nfedlab faults KIND explains one; docs/faults.md has all."
    return Result(text, (), data)


def _one_kind(word: str, args: Args) -> Result:
    from lab.commands.printers import documents
    from lab.commands.printers.faults import kind_data, kind_text
    from lab.core.faults import find_kind

    kind = find_kind(word)
    data = kind_data(kind)
    text = documents.rendered(args.text("output"), data, [kind.name])
    return Result(kind_text(kind) if text is None else text, (), data)


def _of_run(world: World, args: Args) -> Result:
    from lab.commands.printers import documents
    from lab.commands.printers.faults import seen_faults, seen_text

    seen, form = seen_faults(world.happenings(("fault",))), args.text("output")
    data = [each.to_dict() for each in seen]
    text = documents.rendered(form, data, [each.name for each in seen])
    if text is not None:
        return Result(text, (), data)
    if not seen:
        return Result("", ("No fault so far (fedlab faults --kinds lists the kinds).",), data)
    return Result(seen_text(seen, wide=form == "wide"), (), data)


VERB = Verb(
    "faults",
    "the kinds of faults, one kind explained, or the faults of a run",
    "Break and heal (in a session or as a scenario step)",
    run,
    (Argument("kind", "the kind to explain (default: the faults of the run, or all kinds)", "?"),),
    (
        Flag("kinds", "the table of kinds, also where there is a run", type="bool", default=False),
        flags.OUTPUT_DATA,
        flags.AT,
        flags.RUN,
    ),
    needs="maybe",
    examples=("faults", "faults SlowApi", "faults --run newest.run --at 5m"),
)

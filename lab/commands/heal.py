"""heal: end faults that are active."""

from __future__ import annotations

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Flag, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.printers import documents
    from lab.commands.printers.faults import state_data
    from lab.commands.printers.text import safe
    from lab.core.errors import InputError
    from lab.scenario.model import EVERY_FAULT

    world, desk = context.faulting()
    names, every = list(dict.fromkeys(args.words("names"))), args.on("all")
    if names == [EVERY_FAULT]:
        names, every = [], True
    if bool(names) is every:
        active = ", ".join(each.name for each in desk.active()) or "none"
        raise InputError(f"heal takes names or --all (active: {active})")
    if every:
        names = [each.name for each in desk.active()]
    known = {each.name for each in desk.active()}
    for name in names:
        if name not in known:
            desk.heal(name)  # says what is wrong before any other is healed
    healed = [desk.heal(name) for name in names]
    data = [state_data(each, world.now_s) for each in healed]
    text = documents.rendered(args.text("output"), data, [each.name for each in healed])
    if text is None:
        text = "\n".join(safe(f"{each.name} healed") for each in healed) or "no fault is active"
    return Result(text, (), data)


VERB = Verb(
    "heal",
    "end faults that are active",
    "Break and heal (in a session or as a scenario step)",
    run,
    (Argument("names", "names of faults (fedlab faults in a session lists them)", "*"),),
    (Flag("all", "all faults", type="bool", default=False), flags.OUTPUT_DATA),
    needs="write",
    examples=("heal region-outage", "heal --all"),
)

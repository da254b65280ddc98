"""Which run a shell reads: the one `--run` names, or the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.cli.exits import complain
from lab.commands.verb import Args

if TYPE_CHECKING:
    from lab.commands.context import World


def world_to_read(args: Args) -> World | None:
    """Return the run to read; None if there is none (the verb then says what to do).

    Raises:
        InputError: `--run` names something that is no run file.
    """
    from lab.commands.recorded import open_run
    from lab.commands.runs import find_run
    from lab.core.duration import format_duration
    from lab.runs.place import newest_run

    if args.text("run"):
        return open_run(find_run(args.text("run")))
    path = newest_run()
    if path is None:
        return None
    world = open_run(path)
    moment_s = args.seconds("at")
    at = "its end" if moment_s is None else format_duration(moment_s)
    name = world.reader.meta.get("scenario") or "?"
    complain(f"reading {path.name} (scenario {name}, at {at}); --run FILE reads another")
    return world

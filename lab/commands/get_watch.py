"""`get -w` over a recorded run: the objects at one moment, then a row for every later change."""

from __future__ import annotations

from lab.commands.context import Context, World
from lab.commands.get import Found, names_of, places, search, table_of
from lab.commands.printers.text import columns
from lab.commands.targets import namespace_of_call, parse_filter
from lab.commands.verb import Args, Result
from lab.core.errors import InputError


def watch(
    context: Context,
    args: Args,
    world: World,
    found: list[Found],
    errors: list[str],
    karmadactl: bool,
) -> Result:
    """Print the objects at one moment and then every later change as a row of its own."""
    if context.writer is not None:
        raise InputError(
            "-w needs a run that has ended: in a step or a console the answer is given at once"
        )
    if args.text("output") not in {"", "table", "wide"}:
        raise InputError("-w prints rows: -o table or -o wide")
    wanted, inside = parse_filter(args), namespace_of_call(args, listing=True)
    clusters, _ = places(context, args, world)
    if "at" not in args.given:
        world = world.at(0.0)
        found, errors = search(world, clusters, args.words("targets"), inside, wanted)
    if len(found) != 1:
        raise InputError("you may only specify a single resource type when watching")
    each, wide = found[0], args.text("output") == "wide"
    rows = table_of(args, world.now_s, each, karmadactl, wide=wide, with_kind=False)
    names = names_of(args)
    later = sorted(
        (change.time_s, place, index, change)
        for place, cluster in enumerate(clusters)
        for index, change in enumerate(
            world.changes(cluster, each.kind.api_version, each.kind.kind, world.now_s)
        )
        if wanted.admits(change.object)
        and (not names or change.key.name in names)
        and (inside is None or change.key.namespace in {"", inside})
    )
    for time_s, _, _, change in later:
        one = Found(each.kind, [(change.key.cluster, change.object)])
        rows += table_of(args, time_s, one, karmadactl, wide=wide, with_kind=False)[1:]
    if args.on("no-headers"):
        rows = rows[1:]
    return Result(columns(rows), () if later else tuple(errors))

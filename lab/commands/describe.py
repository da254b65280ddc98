"""describe: one object in full, with its conditions and Events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lab.commands import flags
from lab.commands.context import Context, World
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Flag, Result, Verb

if TYPE_CHECKING:
    from lab.core.manifest import Manifest


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.get import places, search
    from lab.commands.printers import documents
    from lab.commands.printers.describe import describe
    from lab.commands.targets import namespace_of_call, object_word, parse_filter
    from lab.core.manifest import name_of

    world = context.reading(args)
    clusters, _ = places(context, args, world)
    found, errors = search(
        world,
        clusters,
        args.words("targets"),
        namespace_of_call(args, listing=True),
        parse_filter(args),
    )
    blocks, data = [], []
    for each in found:
        for cluster, manifest in each.objects:
            events = events_about(world, cluster, manifest) if args.on("show-events") else []
            blocks.append(describe(manifest, events, world.now_s, cluster=cluster))
            data.append({"cluster": cluster, "object": manifest, "events": list(events)})
    notes, code = tuple(errors), 1 if errors else 0
    names = [
        object_word(each.kind, name_of(manifest)) for each in found for _, manifest in each.objects
    ]
    text = documents.rendered(args.text("output"), data, names)
    if text is not None:
        return Result(text, notes, data, code)
    if not blocks and not errors:
        notes = ("No resources found",)
    return Result("\n\n\n".join(blocks), notes, data, code)


def events_about(world: World, cluster: str, manifest: Manifest) -> Sequence[Manifest]:
    """Return the Kubernetes Events about an object, oldest first."""
    from lab.commands.printers.core_objects import event_seconds
    from lab.core.manifest import name_of, namespace_of, uid_of

    found = []
    for event in world.list(cluster, "v1", "Event", namespace_of(manifest) or None):
        about = event.get("involvedObject") or {}
        same = (about.get("kind"), about.get("name")) == (manifest.get("kind"), name_of(manifest))
        uid = about.get("uid")
        if same and (not uid or uid == uid_of(manifest)):
            found.append(event)
    return sorted(found, key=event_seconds)


VERB = Verb(
    "describe",
    "one object in full, with its conditions and Events",
    "Look",
    run,
    (Argument("targets", "what: KIND NAME…, KIND/NAME…, KIND", "+"),),
    (
        flags.OUTPUT_DATA,
        flags.NAMESPACE,
        flags.ALL_NAMESPACES,
        flags.SELECTOR,
        flags.SCOPE,
        flags.CLUSTERS,
        Flag("show-events", "with the object's Events", type="bool", default=True),
        *flags.READING,
    ),
    needs="read",
    examples=("describe rb web-deployment", "describe deploy web -C member1"),
    programs=ALL_PROGRAMS,
)

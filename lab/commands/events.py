"""events: what happened, oldest first: the Kubernetes Events of hub and members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lab.commands import flags
from lab.commands.context import Context, World
from lab.commands.verb import Args, Flag, Result, Verb
from lab.core.model import HUB, Key

if TYPE_CHECKING:
    from lab.core.manifest import Manifest


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.get import places
    from lab.commands.printers import documents
    from lab.commands.printers.text import columns
    from lab.commands.targets import namespace_of_call

    world = context.reading(args)
    clusters, _ = places(context, args, world)
    namespace = namespace_of_call(args, listing=True)
    found = [item for item in _events(world, clusters, namespace) if _wanted(args, item[1])]
    document = documents.object_list([event for _, event in found])
    names = [f"event/{(event.get('metadata') or {}).get('name', '')}" for _, event in found]
    text = documents.rendered(args.text("output"), document, names)
    if text is not None:
        return Result(text, (), document)
    if not found:
        inside = "" if namespace is None else f" in {namespace} namespace"
        return Result("", (f"No events found{inside}.",))
    rows = [_row(event, world.now_s) for _, event in found]
    header = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    table = [header, *rows]
    if context.program == "fedlab":
        _add_numbers(world, table, [event for _, event in found])
    if clusters != [""]:
        for row, (cluster, _) in zip(table, [("CLUSTER", None), *found], strict=True):
            row.insert(1, cluster or "Karmada")
    if namespace is None:
        for row, (_, event) in zip(table[1:], found, strict=True):
            row.insert(0, str((event.get("metadata") or {}).get("namespace") or ""))
        header.insert(0, "NAMESPACE")
    return Result(columns(table), (), [event for _, event in found])


def _add_numbers(world: World, table: Sequence[list[str]], events: Sequence[Manifest]) -> None:
    """Put in front of the messages the numbers that `fedlab explain event` takes.

    An Event that was counted up has the number of its last occurrence.
    """
    numbers = {
        (record.key, record.detail.get("reason"), record.detail.get("message")): record.number
        for record in world.happenings(("note",))
    }
    table[0].insert(-1, "EVENT")
    for row, event in zip(table[1:], events, strict=True):
        number = numbers.get((_regarding(event), event.get("reason"), event.get("message")))
        row.insert(-1, f"#{number}" if number else "")


def _regarding(event: Manifest) -> Key:
    about = event.get("involvedObject") or {}
    fields = ("apiVersion", "kind", "namespace", "name")
    return Key(HUB, *(str(about.get(field) or "") for field in fields))


def _events(
    world: World, clusters: Sequence[str], namespace: str | None
) -> list[tuple[str, Manifest]]:
    from lab.commands.printers.core_objects import event_seconds

    found = [
        (cluster, event)
        for cluster in clusters
        for event in world.list(cluster, "v1", "Event", namespace)
    ]
    return sorted(found, key=lambda item: event_seconds(item[1]))


def _wanted(args: Args, event: Manifest) -> bool:
    types = [word.lower() for word in args.words("types")]
    if types and str(event.get("type") or "").lower() not in types:
        return False
    target = args.text("for")
    if not target:
        return True
    kind, _, name = target.partition("/")
    about = event.get("involvedObject") or {}
    return str(about.get("kind") or "").lower() == kind.lower().split(".")[0] and (
        not name or about.get("name") == name
    )


def _row(event: Manifest, now_s: float) -> list[str]:
    from lab.commands.printers.column import age_since
    from lab.commands.printers.core_objects import event_object, event_seen

    count = int(event.get("count") or 1)
    seen = age_since(event_seen(event, "last"), now_s)
    if count > 1:
        seen += f" (x{count} over {age_since(event_seen(event, 'first'), now_s)})"
    return [
        seen,
        str(event.get("type") or ""),
        str(event.get("reason") or ""),
        event_object(event),
        str(event.get("message") or "").strip(),
    ]


VERB = Verb(
    "events",
    "the Kubernetes Events of the hub or of members, oldest first",
    "Look",
    run,
    flags=(
        Flag("for", "only about KIND or KIND/NAME", metavar="OBJECT"),
        Flag("types", "only Normal or Warning", type="list", metavar="TYPES"),
        flags.NAMESPACE,
        flags.ALL_NAMESPACES,
        flags.SCOPE,
        flags.CLUSTERS,
        flags.OUTPUT_DATA,
        *flags.READING,
    ),
    needs="read",
    examples=("events -A", "events --for resourcebinding/web-deployment"),
    programs=("fedlab", "kubectl"),
)

"""get: objects as a table, as YAML or JSON: of the hub, of members, or of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context, World
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Flag, Result, Verb

if TYPE_CHECKING:
    from lab.commands.targets import Filter, Target
    from lab.core.kinds import Kind
    from lab.core.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Found:
    """The objects of one kind, each with the cluster it stands in."""

    kind: Kind
    objects: list[tuple[str, Manifest]]


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.targets import namespace_of_call, parse_filter

    world = context.reading(args)
    clusters, karmadactl = places(context, args, world)
    namespace = namespace_of_call(args, listing=True)
    found, errors = search(world, clusters, args.words("targets"), namespace, parse_filter(args),
                           bool(args.text("selector") or args.text("field-selector")))  # fmt: skip
    if args.on("ignore-not-found"):
        errors = [error for error in errors if "(NotFound)" not in error]
    form = args.text("output") or "table"
    if args.on("watch"):
        from lab.commands.get_watch import watch

        return watch(context, args, world, found, errors, karmadactl)
    if form in {"table", "wide"}:
        return _as_table(args, world, found, errors, karmadactl, wide=form == "wide")
    return _as_data(args, found, errors, form)


def places(context: Context, args: Args, world: World) -> tuple[list[str], bool]:
    """Return the clusters to look into ("" is the hub), and whether to answer as karmadactl does.

    Raises:
        InputError: A cluster that is no member.
    """
    from lab.commands.targets import HUB_WORDS, check_members, context_cluster
    from lab.core.model import HUB

    chosen = [name for name in args.words("clusters") if name not in HUB_WORDS]
    check_members(chosen, world)
    scope = args.text("operation-scope")
    if not chosen and not scope and (args.text("context") or context.cluster):
        return [context_cluster(context, args, world)], False
    if not scope:
        # karmadactl looks at -C only with -s members|all; ours takes -C alone for "members".
        scope = "members" if chosen and context.program == "fedlab" else "karmada"
    karmadactl = context.program == "karmadactl" or scope != "karmada"
    members = chosen or registered(world)
    if scope == "members":
        return list(members), karmadactl
    return [HUB, *members] if scope == "all" else [HUB], karmadactl


def registered(world: World) -> list[str]:
    """Return the members that have joined, as the hub lists them."""
    from lab.core.manifest import name_of
    from lab.core.model import HUB

    return [name_of(cluster) for cluster in world.list(HUB, *CLUSTER)]


CLUSTER = ("cluster.karmada.io/v1alpha1", "Cluster")


def search(
    world: World,
    clusters: Sequence[str],
    words: Sequence[str],
    namespace: str | None,
    wanted: Filter,
    filtered: bool = False,
) -> tuple[list[Found], list[str]]:
    """Return what the words name in the clusters, and the errors of single names.

    Raises:
        InputError: The words cannot be read, or name a kind that no cluster has.
    """
    from lab.commands.targets import key_for, not_found, parse_targets, server_error
    from lab.core.errors import InputError

    by_kind: dict[tuple[str, str], Found] = {}
    errors: list[str] = []
    unknown: InputError | None = None
    understood = False
    for cluster in clusters:
        label = f"cluster({cluster}): " if len(clusters) > 1 and cluster else ""
        try:
            targets = parse_targets(words, world.kinds(cluster))
        except InputError as error:
            unknown = unknown or error
            continue
        understood = True
        for target in targets:
            found = by_kind.setdefault(
                (target.kind.group, target.kind.kind), Found(target.kind, [])
            )
            if target.name and filtered:
                raise InputError("name cannot be provided when a selector is specified")
            if not target.name:
                found.objects.extend((cluster, each) for each in _listed(
                    world, cluster, target, namespace) if wanted.admits(each))  # fmt: skip
                continue
            if namespace is None and target.kind.namespaced:
                raise InputError("a resource cannot be retrieved by name across all namespaces")
            manifest = world.find(key_for(target.kind, target.name, namespace, cluster))
            if manifest is None:
                errors.append(label + server_error(not_found(target.kind, target.name)))
            else:
                found.objects.append((cluster, manifest))
    if unknown is not None and not understood:
        raise unknown
    return list(by_kind.values()), errors


def _listed(
    world: World, cluster: str, target: Target, namespace: str | None
) -> Sequence[Manifest]:
    kind = target.kind
    inside = namespace if kind.namespaced else None
    return world.list(cluster, kind.api_version, kind.kind, inside)


def _as_table(args: Args, world: World, found: list[Found], errors: list[str],
              karmadactl: bool, *, wide: bool) -> Result:  # fmt: skip
    from lab.commands.printers.text import columns

    # As kubectl: a category such as "all" is always several kinds.
    many = len([each for each in found if each.objects]) > 1 or "all" in args.words("targets")
    blocks = []
    for each in found:
        if not each.objects:
            continue
        rows = table_of(args, world.now_s, each, karmadactl, wide=wide, with_kind=many)
        if args.on("no-headers"):
            rows = rows[1:]
        blocks.append(columns(rows))
    notes = list(errors)
    if not blocks and not errors and not args.on("ignore-not-found"):
        notes.append(_nothing(args, found))
    return Result("\n\n".join(blocks), tuple(notes), _listing(found), 1 if errors else 0)


def table_of(args: Args, now_s: float, found: Found, karmadactl: bool, *, wide: bool,
             with_kind: bool) -> list[list[str]]:  # fmt: skip
    """Return header and rows of one kind's objects, as the line asks for them."""
    from lab.commands.printers.table import columns_of, table_rows
    from lab.commands.targets import object_word

    return table_rows(
        _sorted(args, found),
        columns_of(found.kind),
        now_s,
        wide=wide,
        namespaces=args.on("all-namespaces") and found.kind.namespaced,
        clusters=karmadactl,
        adoption=karmadactl and found.kind.plural != "pods",
        labels=args.on("show-labels"),
        label_columns=args.words("label-columns"),
        prefix=object_word(found.kind, "") if with_kind else "",
    )


def _sorted(args: Args, found: Found) -> list[tuple[str, Manifest]]:
    by = args.text("sort-by")
    if by:
        from lab.core.jsonpath import find, value_text

        def order(item: tuple[str, Manifest]) -> tuple[float, str]:
            value = next(iter(find(by.strip("{}"), item[1])), "")
            number = float(value) if isinstance(value, int | float) else 0.0
            return number, value_text(value)

        return sorted(found.objects, key=order)
    if found.kind.kind == "Event":
        from lab.commands.printers.core_objects import event_seconds

        return sorted(found.objects, key=lambda item: event_seconds(item[1]))
    return found.objects


def _nothing(args: Args, found: list[Found]) -> str:
    namespaced = all(each.kind.namespaced for each in found)
    if namespaced and not args.on("all-namespaces"):
        return f"No resources found in {args.text('namespace') or 'default'} namespace."
    return "No resources found"


def _listing(found: list[Found]) -> Any:
    return [
        {"cluster": cluster, "object": manifest}
        for each in found
        for cluster, manifest in each.objects
    ]


def _as_data(args: Args, found: list[Found], errors: list[str], form: str) -> Result:
    from lab.commands.printers import documents
    from lab.commands.targets import object_word
    from lab.core.manifest import name_of

    objects = [manifest for each in found for _, manifest in _sorted(args, each)]
    if not args.on("show-managed-fields"):
        objects = [documents.without_managed_fields(manifest) for manifest in objects]
    code = 1 if errors else 0
    if form == "name":
        lines = [
            object_word(each.kind, name_of(manifest))
            for each in found
            for _, manifest in _sorted(args, each)
        ]
        from lab.commands.printers.text import safe

        return Result("\n".join(map(safe, lines)), tuple(errors), lines, code)
    single = len(objects) == 1 and _named_one(args)
    document: Any = objects[0] if single else documents.object_list(objects)
    if errors and not objects:
        return Result("", tuple(errors), None, code)
    if form.startswith("custom-columns"):
        from lab.commands.printers.custom_columns import rows
        from lab.commands.printers.text import columns

        table = rows(form.partition("=")[2], objects)
        shown = columns(table[1:] if args.on("no-headers") else table)
        return Result(shown, tuple(errors), objects, code)
    if form.startswith("jsonpath"):
        from lab.core.jsonpath import render

        return Result(render(form.partition("=")[2], document), tuple(errors), document, code)
    text = documents.to_json(document) if form == "json" else documents.to_yaml(document)
    return Result(text, tuple(errors), document, code)


def _named_one(args: Args) -> bool:
    return len(names_of(args)) == 1 and "," not in args.words("targets")[0]


def names_of(args: Args) -> set[str]:
    """Return the names a line gives; none if it lists whole kinds."""
    words = args.words("targets")
    if any("/" in word for word in words):
        return {word.partition("/")[2] for word in words}
    return set(words[1:])


VERB = Verb(
    "get",
    "objects of the hub or of members, as a table, YAML or JSON",
    "Look",
    run,
    (Argument("targets", "what: KIND, KIND NAME…, KIND/NAME…, KIND,KIND, all", "*"),),
    (
        flags.OUTPUT,
        flags.NAMESPACE,
        flags.ALL_NAMESPACES,
        flags.SELECTOR,
        flags.FIELD_SELECTOR,
        flags.SCOPE,
        flags.CLUSTERS,
        Flag("watch", "also every later change, to the end of the run", "w", "bool", False),
        flags.NO_HEADERS,
        Flag(
            "show-managed-fields",
            "keep metadata.managedFields in JSON and YAML",
            type="bool",
            default=False,
        ),
        Flag("show-labels", "a column with all labels", type="bool", default=False),
        Flag("label-columns", "labels to show as columns", "L", "list", metavar="KEYS"),
        Flag("sort-by", "JSONPath of the field to sort by", metavar="PATH"),
        Flag("ignore-not-found", "a missing object is no error", type="bool", default=False),
        *flags.READING,
    ),
    needs="read",
    examples=("get rb -A", "get deploy web -o yaml", "get pods -C member1,member2 --at 90s"),
    programs=ALL_PROGRAMS,
)

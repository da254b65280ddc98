"""apply: make the objects of files, or change those that are there, as kubectl does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context, World
from lab.commands.verb import ALL_PROGRAMS, Args, Flag, Result, Verb

if TYPE_CHECKING:
    from lab.core.manifest import Manifest

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.change import Answer, carry_out
    from lab.commands.files import read_manifests
    from lab.commands.targets import context_cluster, key_for, object_word
    from lab.core.errors import ApiError
    from lab.core.manifest import name_of, namespace_of
    from lab.core.model import Apply
    from lab.scenario.doing import FIELD_MANAGER

    refuse_kustomize(args)
    world, writer = context.writing()
    promoted = _promoted(context, args, world)
    cluster = context.cluster if promoted else context_cluster(context, args, world)
    sources = read_manifests(context, args, world.kinds(cluster))
    wanted = [placed(source.manifest, args, world, cluster) for source in sources]
    if promoted:
        from lab.commands.promotion import with_policies

        wanted = with_policies(wanted, world.kinds(cluster), args.words("clusters"))
    answer = Answer.begin(args)
    server_side = args.on("server-side")
    for manifest in wanted:
        kind = world.kinds(cluster).kind_of(manifest)
        word = object_word(kind, name_of(manifest))
        before = world.find(key_for(kind, name_of(manifest), namespace_of(manifest), cluster))
        body = manifest if server_side else _with_last_applied(manifest, context.program)
        force = args.on("force-conflicts") or not server_side
        action = Apply(cluster, body, args.text("field-manager") or FIELD_MANAGER, force)
        try:
            after = carry_out(args, writer, action)
        except ApiError as error:
            answer.fail(_conflict_help(error))
            continue
        if server_side:
            said = "serverside-applied"
        elif before is None:
            said = "created"
        else:
            said = "unchanged" if same_version(before, after) else "configured"
        answer.add(f"{word} {said}", word, after)
    return answer.result()


def refuse_kustomize(args: Args) -> None:
    """Say that kustomizations are not rendered here.

    Raises:
        InputError: `-k` is given.
    """
    from lab.core.errors import InputError

    if args.text("kustomize"):
        raise InputError(
            f"-k {args.text('kustomize')}: kustomizations are not rendered here; render it "
            f"(kubectl kustomize {args.text('kustomize')} > all.yaml) and write -f all.yaml"
        )


def _promoted(context: Context, args: Args, world: World) -> bool:
    """Tell whether this is karmadactl's `apply -C` (or --all-clusters): objects with policies.

    Raises:
        InputError: Both are given, or a cluster has not joined.
    """
    from lab.commands.get import registered
    from lab.core.errors import InputError

    clusters = args.words("clusters") if context.program == "karmadactl" else ()
    if args.on("all-clusters") and clusters:
        raise InputError("--all-clusters and --cluster cannot be used together")
    for name in clusters:
        if name not in registered(world):
            raise InputError(f"cluster {name} does not exist")
    return args.on("all-clusters") or bool(clusters)


def placed(manifest: Manifest, args: Args, world: World, cluster: str) -> Manifest:
    """Return a manifest with the namespace that `-n`, or the default, gives it.

    Raises:
        InputError: The manifest names another namespace than `-n`.
    """
    from lab.commands.targets import DEFAULT_NAMESPACE
    from lab.core.errors import InputError
    from lab.core.manifest import namespace_of, set_in

    kind = world.kinds(cluster).get(str(manifest.get("apiVersion")), str(manifest.get("kind")))
    given, own = args.text("namespace"), namespace_of(manifest)
    if kind is not None and not kind.namespaced:
        return manifest
    if given and own and given != own:
        raise InputError(
            f'the namespace from the provided object "{own}" does not match the namespace '
            f"\"{given}\". You must pass '--namespace={own}' to perform this operation."
        )
    if own:
        return manifest
    return set_in(manifest, ("metadata", "namespace"), given or DEFAULT_NAMESPACE)


def same_version(before: Manifest, after: Manifest | None) -> bool:
    """Tell whether a write changed nothing (the server kept the resourceVersion)."""
    if after is None:
        return False
    return bool(_bare(before) == _bare(after))


def _bare(manifest: Manifest) -> Any:
    metadata = {
        key: value
        for key, value in (manifest.get("metadata") or {}).items()
        if key not in {"managedFields", "resourceVersion"}
    }
    return {**manifest, "metadata": metadata}


def _with_last_applied(manifest: Manifest, program: str) -> Manifest:
    """Add the annotation that kubectl leaves; Karmada carries it to the members like any other."""
    if program == "fedlab":
        return manifest
    from lab.core.manifest import annotations_of, set_in

    kept = {key: value for key, value in annotations_of(manifest).items() if key != LAST_APPLIED}
    shown = set_in(manifest, ("metadata", "annotations"), kept)
    text = json.dumps(shown, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"
    return set_in(manifest, ("metadata", "annotations"), {**kept, LAST_APPLIED: text})


def _conflict_help(error: Any) -> Any:
    if error.reason != "Conflict" or "conflict" not in error.message.lower():
        return error
    from lab.commands.targets import server_error

    return (
        f"{server_error(error)}\nPlease review the fields above--they currently have other "
        "managers: use --force-conflicts to take them over, or leave them out of the manifest"
    )


KUSTOMIZE = Flag("kustomize", "not built: render it first", "k", metavar="FOLDER")
VERB = Verb(
    "apply",
    "make or change the objects of files",
    "Change (in a session or as a scenario step)",
    run,
    flags=(
        flags.FILENAME,
        flags.RECURSIVE,
        KUSTOMIZE,
        Flag("wait", "accepted: a step never waits", type="bool", default=False),
        Flag("validate", "accepted: fields are always checked", default="strict", metavar="HOW"),
        Flag("server-side", "server-side apply, with field managers", type="bool", default=False),
        Flag("force-conflicts", "take fields over from other managers", type="bool", default=False),
        Flag(
            "all-clusters",
            "with a policy that propagates the objects to all members",
            type="bool",
            default=False,
            programs=("karmadactl",),
        ),
        flags.OUTPUT_CHANGED,
        *flags.CHANGING,
    ),
    needs="write",
    examples=("apply -f web.yaml", "apply -f manifests/ -R -n prod"),
    programs=ALL_PROGRAMS,
)

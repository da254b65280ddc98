"""create: make the objects of files, or a namespace; one that exists is an error."""

from __future__ import annotations

from lab.commands import flags
from lab.commands.context import Context, Writer
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.apply import placed
    from lab.commands.change import Answer, carry_out
    from lab.commands.files import read_manifests
    from lab.commands.targets import context_cluster, object_word, server_error
    from lab.core.errors import ApiError
    from lab.core.manifest import name_of
    from lab.core.model import Create

    world, writer = context.writing()
    cluster = context_cluster(context, args, world)
    if args.words("object"):
        return _namespace(args, writer, cluster)
    sources = read_manifests(context, args, world.kinds(cluster))
    wanted = [(source, placed(source.manifest, args, world, cluster)) for source in sources]
    answer = Answer.begin(args)
    for source, manifest in wanted:
        kind = world.kinds(cluster).kind_of(manifest)
        word = object_word(kind, name_of(manifest))
        try:
            after = carry_out(args, writer, Create(cluster, manifest))
        except ApiError as error:
            text = server_error(error)
            if error.reason == "AlreadyExists":
                place = source.location()
                text = (
                    f"Error from server (AlreadyExists): error when creating "
                    f'"{place.file}": {error.message}'
                )
            answer.fail(text)
        else:
            answer.add(f"{word} created", word, after)
    return answer.result()


def _namespace(args: Args, writer: Writer, cluster: str) -> Result:
    from lab.commands.change import Answer, carry_out
    from lab.core.errors import ApiError, InputError
    from lab.core.model import Create

    words = args.words("object")
    if len(words) != 2 or words[0] not in {"namespace", "ns"}:
        raise InputError('create makes the objects of files (-f), or "namespace NAME"')
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": words[1]}}
    answer = Answer.begin(args)
    try:
        after = carry_out(args, writer, Create(cluster, manifest))
    except ApiError as error:
        answer.fail(error)
    else:
        answer.add(f"namespace/{words[1]} created", f"namespace/{words[1]}", after)
    return answer.result()


VERB = Verb(
    "create",
    "make the objects of files, or a namespace; one that exists is an error",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("object", "namespace NAME (or objects from -f)", "*"),),
    (flags.FILENAME, flags.RECURSIVE, flags.OUTPUT_CHANGED, *flags.CHANGING),
    needs="write",
    examples=("create -f web.yaml", "create namespace prod"),
    programs=ALL_PROGRAMS,
)

"""create: make the objects of files, or one by words; one that exists is an error."""

from __future__ import annotations

from lab.commands import flags
from lab.commands.apply import KUSTOMIZE
from lab.commands.context import Context, World, Writer
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Flag, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.apply import placed, refuse_kustomize
    from lab.commands.change import Answer, carry_out
    from lab.commands.files import read_manifests
    from lab.commands.targets import context_cluster, object_word, server_error
    from lab.core.errors import ApiError
    from lab.core.manifest import name_of
    from lab.core.model import Create

    refuse_kustomize(args)
    world, writer = context.writing()
    cluster = context_cluster(context, args, world)
    if args.words("object"):
        return _by_words(context, args, world, writer, cluster)
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


def _by_words(context: Context, args: Args, world: World, writer: Writer, cluster: str) -> Result:
    """Make the object that the words describe: `create deployment web --image=nginx`."""
    from lab.commands.apply import placed
    from lab.commands.change import Answer, carry_out
    from lab.commands.create_forms import made
    from lab.commands.targets import object_word
    from lab.core.admission.structure import Problem
    from lab.core.errors import ApiError, InputError
    from lab.core.manifest import name_of
    from lab.core.model import Create
    from lab.scenario.checks import manifest_problems

    if args.words("filename"):
        raise InputError("create takes files (-f) or the words of one object, not both")
    kinds = world.kinds(cluster)
    manifest = placed(made(args.words("object"), args), args, world, cluster)
    problems: list[Problem] = manifest_problems(manifest, kinds)
    if problems:
        raise InputError(problems[0].message)
    word = object_word(kinds.kind_of(manifest), name_of(manifest))
    answer = Answer.begin(args)
    try:
        after = carry_out(args, writer, Create(cluster, manifest))
    except ApiError as error:
        answer.fail(error)
    else:
        answer.add(f"{word} created", word, after)
    return answer.result()


VERB = Verb(
    "create",
    "make the objects of files, or one by words; one that exists is an error",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("object", "KIND NAME: namespace, deployment … (or -f)", "*"),),
    (
        flags.FILENAME,
        flags.RECURSIVE,
        KUSTOMIZE,
        Flag(
            "image", "of a deployment: its image (again for more)", type="repeat", metavar="IMAGE"
        ),
        Flag("replicas", "of a deployment: how many", "r", "int", metavar="COUNT"),
        Flag("port", "of a deployment: the port its containers listen on", type="int"),
        Flag("from-literal", "of a configmap or secret: KEY=VALUE", type="repeat", metavar="PAIR"),
        Flag("save-config", "accepted and not used", type="bool", default=False),
        Flag("validate", "accepted: fields are always checked", default="strict", metavar="HOW"),
        flags.OUTPUT_CHANGED,
        *flags.CHANGING,
    ),
    needs="write",
    examples=("create -f web.yaml", "create namespace prod", "create deployment web --image=nginx"),
    programs=ALL_PROGRAMS,
)

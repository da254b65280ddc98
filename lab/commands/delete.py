"""delete: remove objects by name, selector or file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Flag, Result, Verb

if TYPE_CHECKING:
    from lab.commands.change import Answer, Subject
    from lab.commands.context import World

_CASCADE = {"background": "Background", "foreground": "Foreground", "orphan": "Orphan"}


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.change import Answer, carry_out, subjects
    from lab.core.errors import ApiError
    from lab.core.model import Delete

    world, writer = context.writing()
    answer = Answer.begin(args)
    if args.words("filename"):
        found = _from_files(context, args, world, answer)
    else:
        found = subjects(context, args, args.words("targets"), answer)
    cascade = _CASCADE[args.text("cascade") or "background"]
    for subject in found:
        try:
            carry_out(args, writer, Delete(subject.key, cascade))  # type: ignore[arg-type]
        except ApiError as error:
            answer.fail(error)
        else:
            place = f" from {subject.key.namespace} namespace" if subject.key.namespace else ""
            shown = subject.word.partition("/")[0]
            answer.add(f'{shown} "{subject.key.name}" deleted{place}', subject.word)
    if args.on("ignore-not-found"):
        answer.errors = [error for error in answer.errors if "(NotFound)" not in error]
    elif not found and not answer.errors:
        return Result("No resources found")
    return answer.result()


def _from_files(context: Context, args: Args, world: World, answer: Answer) -> list[Subject]:
    from lab.commands.apply import placed
    from lab.commands.change import Subject
    from lab.commands.files import read_manifests
    from lab.commands.targets import context_cluster, key_for, not_found
    from lab.core.manifest import name_of, namespace_of

    cluster = context_cluster(context, args, world)
    found = []
    for source in read_manifests(context, args, world.kinds(cluster)):
        manifest = placed(source.manifest, args, world, cluster)
        kind = world.kinds(cluster).kind_of(manifest)
        key = key_for(kind, name_of(manifest), namespace_of(manifest), cluster)
        if world.find(key) is None:
            answer.fail(not_found(kind, key.name))
        else:
            found.append(Subject(kind, key, manifest))
    return found


VERB = Verb(
    "delete",
    "remove objects",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("targets", "what: KIND NAME…, KIND/NAME…, KIND with -l or --all", "*"),),
    (
        flags.FILENAME,
        flags.RECURSIVE,
        flags.SELECTOR,
        flags.FIELD_SELECTOR,
        flags.ALL,
        flags.ALL_NAMESPACES,
        Flag(
            "cascade",
            "what happens to owned objects",
            type="optional",
            default="background",
            choices=tuple(_CASCADE),
            alone="background",
        ),
        Flag("ignore-not-found", "a missing object is no error", type="bool", default=False),
        Flag("wait", "accepted: a step never waits", type="bool", default=True),
        Flag("now", "accepted: pods end after their own grace period", type="bool", default=False),
        Flag(
            "force", "accepted: pods end after their own grace period", type="bool", default=False
        ),
        Flag("grace-period", "accepted: pods end after their own grace period", type="int"),
        Flag("output", "print only the names", "o", choices=("name",), metavar="name"),
        *flags.CHANGING,
    ),
    needs="write",
    examples=("delete deployment web", "delete pp -l app=web", "delete -f web.yaml"),
    programs=ALL_PROGRAMS,
)

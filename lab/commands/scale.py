"""scale: set the replicas of a workload."""

from __future__ import annotations

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Flag, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.change import Answer, Subject, carry_out, subjects
    from lab.core.errors import ApiError, InputError
    from lab.core.manifest import get_in
    from lab.core.model import Patch

    replicas = args.number("replicas")
    if replicas is None or replicas < 0:
        raise InputError("The --replicas=COUNT flag is required, and COUNT must be 0 or more")
    _, writer = context.writing()
    answer = Answer.begin(args)
    body = {"spec": {"replicas": replicas}}

    def scaled(subject: Subject) -> None:
        current = get_in(subject.object, ("spec", "replicas"), 1)
        expected = args.number("current-replicas")
        if expected is not None and current != expected:
            answer.fail(f"error: Expected replicas to be {expected}, was {current}")
            return
        after = carry_out(args, writer, Patch(subject.key, body, "merge", "scale"))
        answer.add(f"{subject.word} scaled", subject.word, after)

    for subject in subjects(context, args, args.words("targets"), answer):
        try:
            scaled(subject)
        except ApiError as error:
            answer.fail(error)
    return answer.result()


VERB = Verb(
    "scale",
    "set the replicas of a workload",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("targets", "what: KIND/NAME…, KIND NAME…", "+"),),
    (
        Flag("replicas", "how many", type="int", metavar="COUNT"),
        Flag("current-replicas", "only if it has so many now", type="int", metavar="COUNT"),
        flags.SELECTOR,
        flags.FIELD_SELECTOR,
        flags.ALL,
        Flag("timeout", "accepted: a step never waits", metavar="TIME"),
        flags.OUTPUT_CHANGED,
        *flags.CHANGING,
    ),
    needs="write",
    examples=("scale deployment/web --replicas=12 -n prod",),
    programs=ALL_PROGRAMS,
)

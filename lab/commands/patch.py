"""patch: change fields of an object with a strategic, merge or JSON patch."""

from __future__ import annotations

from typing import Any

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Flag, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.apply import same_version
    from lab.commands.change import Answer, carry_out, subjects
    from lab.core.errors import ApiError
    from lab.core.model import Patch

    body = _body(context, args)
    _, writer = context.writing()
    answer = Answer.begin(args)
    kind: Any = args.text("type") or "strategic"
    subresource: Any = args.text("subresource")
    for subject in subjects(context, args, args.words("targets"), answer):
        try:
            after = carry_out(args, writer, Patch(subject.key, body, kind, subresource))
        except ApiError as error:
            answer.fail(error)
            continue
        nothing = " (no change)" if same_version(subject.object, after) else ""
        answer.add(f"{subject.word} patched{nothing}", subject.word, after)
    return answer.result()


def _body(context: Context, args: Args) -> Any:
    import yaml

    from lab.core.errors import InputError, quoted

    text, file = args.text("patch"), args.text("patch-file")
    if bool(text) == bool(file):
        raise InputError("must specify --patch or --patch-file, one of them")
    if file:
        from lab.scenario.files import read_text

        text = read_text(str(context.directory / file))
    try:
        body = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (at character {mark.index + 1})" if mark is not None else ""
        why = getattr(error, "problem", None) or "it is neither JSON nor YAML"
        raise InputError(f"unable to parse the patch {quoted(text, 120)}: {why}{where}") from None
    wanted = list if args.text("type") == "json" else dict
    if not isinstance(body, wanted):
        word = "a list of operations" if wanted is list else "a map of fields"
        raise InputError(f"--type={args.text('type') or 'strategic'} needs {word} as patch")
    return body


VERB = Verb(
    "patch",
    "change fields of an object",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("targets", "what: KIND/NAME, KIND NAME", "+"),),
    (
        Flag("patch", "the patch, as JSON or YAML", "p", metavar="TEXT"),
        Flag("patch-file", "a file with the patch", metavar="FILE"),
        Flag(
            "type",
            "how the patch is meant",
            default="strategic",
            choices=("strategic", "merge", "json"),
            metavar="TYPE",
        ),
        Flag("subresource", "status or scale", choices=("status", "scale"), metavar="NAME"),
        flags.OUTPUT_CHANGED,
        *flags.CHANGING,
    ),
    needs="write",
    examples=('patch deployment web -p \'{"spec":{"replicas":3}}\'',),
    programs=ALL_PROGRAMS,
)

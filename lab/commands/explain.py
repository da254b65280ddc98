"""explain: why an object is where it is, or what a field means.

`explain deployment/web` and `explain rb/web-deployment` answer why; `explain event 812` follows the
causes of one thing that happened; `explain pp.spec.placement` (and every line of kubectl and
karmadactl) is the field table.
"""

from __future__ import annotations

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Flag, Result, Verb


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    words = args.words("targets")
    if context.program == "fedlab" and len(words) == 2 and words[0] in {"event", "record"}:
        from lab.commands.explain_event import explain_event

        return explain_event(context.reading(args), args, words[1])
    if context.program != "fedlab" or (len(words) == 1 and "/" not in words[0]):
        from lab.commands.explain_fields import explain_fields

        return explain_fields(context, args)
    from lab.commands.explain_object import explain_object

    return explain_object(context.reading(args), args)


VERB = Verb(
    "explain",
    "why an object is where it is: every filter, score, division (or a field's documentation)",
    "Look",
    run,
    (Argument("targets", "KIND/NAME (template or binding), event N, or KIND.field.path",
              "+"),),
    (
        flags.NAMESPACE,
        flags.OUTPUT_DATA,
        Flag("recursive", "with the fields of fields", type="bool", default=False),
        Flag("api-version", "the version of the API", metavar="VERSION"),
        *flags.READING,
    ),
    needs="read",
    examples=("explain deployment/web", "explain rb/web-deployment --at 5m",
              "explain event 812", "explain pp.spec.placement"),
    programs=ALL_PROGRAMS,
)  # fmt: skip

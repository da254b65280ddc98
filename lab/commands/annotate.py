"""annotate: set or remove annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.label import OVERWRITE
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Result, Verb

if TYPE_CHECKING:
    from lab.commands.change import Subject


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.change import patch_each, split_changes
    from lab.core.errors import InputError
    from lab.core.manifest import annotations_of

    objects, changes = split_changes(args.words("words"), "annotation")

    def body(subject: Subject) -> Any:
        there = annotations_of(subject.object)
        taken = [
            f"'{key}' already has a value ({there[key]})"
            for key, value in changes.items()
            if value is not None and key in there
        ]
        if taken and not args.on("overwrite"):
            raise InputError(
                "--overwrite is false but found the following declared annotation(s): "
                + "; ".join(taken)
            )
        return {"metadata": {"annotations": changes}}

    return patch_each(context, args, objects, body, lambda before, after: "annotated")


VERB = Verb(
    "annotate",
    "set or remove annotations",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("words", "KIND NAME… key=value… (key- removes)", "+"),),
    (
        OVERWRITE,
        flags.SELECTOR,
        flags.FIELD_SELECTOR,
        flags.ALL,
        flags.OUTPUT_CHANGED,
        *flags.CHANGING,
    ),
    needs="write",
    examples=("annotate deployment web note=checked",),
    programs=ALL_PROGRAMS,
)

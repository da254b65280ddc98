"""label: set or remove labels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import ALL_PROGRAMS, Args, Argument, Flag, Result, Verb

if TYPE_CHECKING:
    from lab.commands.change import Subject
    from lab.core.manifest import Manifest


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.change import patch_each, split_changes
    from lab.core.errors import InputError
    from lab.core.manifest import labels_of
    from lab.core.selectors import label_key_error, label_value_error

    objects, changes = split_changes(args.words("words"), "label")
    for key, value in changes.items():
        error = label_key_error(key) or (label_value_error(value) if value else None)
        if error:
            raise InputError(error)

    def body(subject: Subject) -> Any:
        labels = labels_of(subject.object)
        for key, value in changes.items():
            if value is not None and key in labels and not args.on("overwrite"):
                raise InputError(
                    f"'{key}' already has a value ({labels[key]}), and --overwrite is false"
                )
        return {"metadata": {"labels": changes}}

    def said(before: Manifest, after: Manifest) -> str:
        old, new = labels_of(before), labels_of(after)
        if old == new:
            return "not labeled"
        shorter = len(json.dumps(dict(new))) < len(json.dumps(dict(old)))
        return "unlabeled" if shorter and not args.on("overwrite") else "labeled"

    return patch_each(context, args, objects, body, said)


OVERWRITE = Flag("overwrite", "replace a value that is there already", type="bool", default=False)
VERB = Verb(
    "label",
    "set or remove labels",
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
    examples=("label cluster member1 tier=gold --overwrite",),
    programs=ALL_PROGRAMS,
)

"""set image: change the images of a workload's containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Result, Verb

if TYPE_CHECKING:
    from lab.core.manifest import Manifest

_TEMPLATES = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_TEMPLATE = ("spec", "template", "spec")


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.change import Answer, carry_out, subjects
    from lab.core.errors import ApiError, InputError
    from lab.core.model import Update

    objects = [word for word in args.words("words") if "=" not in word]
    images = dict(word.split("=", 1) for word in args.words("words") if "=" in word)
    if not objects or not images:
        raise InputError("write KIND/NAME and CONTAINER=IMAGE (or *=IMAGE)")
    _, writer = context.writing()
    answer = Answer.begin(args)
    for subject in subjects(context, args, objects, answer):
        path = _TEMPLATES.get(subject.kind.kind, _TEMPLATE)
        try:
            after = carry_out(
                args, writer, Update(subject.key.cluster, _changed(subject.object, path, images))
            )
        except ApiError as error:
            answer.fail(error)
        except InputError as error:
            answer.fail(f"error: {error}")
        else:
            answer.add(f"{subject.word} image updated", subject.word, after)
    return answer.result()


def _changed(manifest: Manifest, path: tuple[str, ...], images: dict[str, str]) -> Manifest:
    from lab.core.errors import InputError, did_you_mean
    from lab.core.manifest import get_in, set_in

    names = [
        str(each.get("name"))
        for field in ("initContainers", "containers")
        for each in get_in(manifest, (*path, field)) or ()
    ]
    for name in images:
        if name != "*" and name not in names:
            raise InputError(f'unable to find container named "{name}"{did_you_mean(name, names)}')
    for field in ("initContainers", "containers"):
        found = get_in(manifest, (*path, field))
        if found:
            changed = [
                {**each, "image": images.get(str(each.get("name")), images.get("*", each["image"]))}
                for each in found
            ]
            manifest = set_in(manifest, (*path, field), changed)
    return manifest


VERB = Verb(
    "set image",
    "change the images of a workload's containers",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("words", "KIND/NAME… CONTAINER=IMAGE…", "+"),),
    (flags.SELECTOR, flags.ALL, flags.OUTPUT_CHANGED, *flags.CHANGING),
    needs="write",
    examples=("set image deployment/web nginx=nginx:1.27",),
    programs=("fedlab", "kubectl"),
)

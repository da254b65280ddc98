"""rollout restart: replace all pods of a workload, as a rolling update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context
from lab.commands.verb import Args, Argument, Result, Verb

if TYPE_CHECKING:
    from lab.commands.change import Subject

_KINDS = {"Deployment", "StatefulSet", "DaemonSet"}


def run(context: Context, args: Args) -> Result:
    """Carry out the verb."""
    from lab.commands.change import patch_each
    from lab.core.errors import InputError
    from lab.core.manifest import timestamp

    world, _ = context.writing()
    mark = {"kubectl.kubernetes.io/restartedAt": timestamp(world.now_s)}

    def body(subject: Subject) -> Any:
        if subject.kind.kind not in _KINDS:
            raise InputError(f"{subject.word} restarting is not supported")
        return {"spec": {"template": {"metadata": {"annotations": mark}}}}

    return patch_each(context, args, args.words("targets"), body, lambda before, after: "restarted")


VERB = Verb(
    "rollout restart",
    "replace all pods of a workload, as a rolling update",
    "Change (in a session or as a scenario step)",
    run,
    (Argument("targets", "what: KIND/NAME…, KIND NAME…", "+"),),
    (flags.SELECTOR, flags.OUTPUT_CHANGED, *flags.CHANGING),
    needs="write",
    examples=("rollout restart deployment/web",),
    programs=("fedlab", "kubectl"),
)

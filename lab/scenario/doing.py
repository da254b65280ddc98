"""Carry out one step on a world; the answer is what kubectl would print."""

from __future__ import annotations

from lab.core.kinds import HUB_KINDS
from lab.core.manifest import name_of
from lab.core.model import Apply, Delete, Patch, key_of
from lab.scenario.model import (
    EVERY_FAULT,
    ApplyAction,
    DeleteAction,
    FaultAction,
    HealAction,
    PatchAction,
    RunAction,
    Step,
)
from lab.scenario.world import World

FIELD_MANAGER = "fedlab-scenario"


def do(step: Step, world: World) -> str:
    """Carry out a step.

    Raises:
        LabError: A server refused, or a command failed; what came before it is done.
    """
    action, lines = step.action, list[str]()
    if isinstance(action, ApplyAction):
        for source in action.manifests:
            key = key_of(source.manifest, step.cluster)
            before = world.find(key)
            after = world.execute(Apply(step.cluster, source.manifest, FIELD_MANAGER, force=True))
            word = "created" if before is None else "configured"
            lines.append(
                f"{_named(key.api_version, key.kind, key.name)} "
                f"{'unchanged' if before is not None and after == before else word}"
            )
    elif isinstance(action, DeleteAction):
        for key in action.keys:
            world.execute(Delete(key))
            lines.append(f"{_named(key.api_version, key.kind, key.name)} deleted")
    elif isinstance(action, PatchAction):
        after = world.execute(Patch(action.key, action.body, action.patch_type))
        name = name_of(after) if after is not None else action.key.name
        lines.append(f"{_named(action.key.api_version, action.key.kind, name)} patched")
    elif isinstance(action, FaultAction):
        lines.append(world.inject(action.fault))
    elif isinstance(action, HealAction):
        lines.append(world.heal("" if action.name == EVERY_FAULT else action.name))
    elif isinstance(action, RunAction):
        lines += [world.run(line, step.cluster).rstrip("\n") for line in action.lines]
    return "\n".join(line for line in lines if line)


def _named(api_version: str, kind: str, name: str) -> str:
    """Return an object as kubectl names it: `deployment.apps/nginx`."""
    group = api_version.rpartition("/")[0]
    known = HUB_KINDS().get(api_version, kind)
    word = known.singular if known is not None and known.singular else kind.lower()
    return f"{word}.{group}/{name}" if group else f"{word}/{name}"

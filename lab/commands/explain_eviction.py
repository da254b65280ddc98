"""Why an object left a cluster, is about to, or stays on one that is tainted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lab.core.model import HUB, Key

if TYPE_CHECKING:
    from lab.commands.context import World
    from lab.core.manifest import Manifest

CLUSTER = ("cluster.karmada.io/v1alpha1", "Cluster")
KINDS = ("eviction", "eviction-task", "application-failover")
"""Kinds of decisions that tell about leaving a cluster."""
_MANY = 12


def eviction_history(world: World, binding: Key, found: Manifest | None) -> dict[str, Any]:
    """Return the tasks a binding has now, what was decided about them, and what keeps it back.

    `held` is what the taint manager says of the taints of its present clusters, where they move
    nothing at all.
    """
    from lab.core.manifest import spec_of

    spec = {} if found is None else spec_of(found)
    decided = [
        {
            "time": each.time_s,
            "actor": each.actor,
            "kind": each.detail.get("kind"),
            "summary": each.detail.get("summary", ""),
            "explanation": each.detail.get("explanation") or {},
        }
        for each in world.happenings(("decision",), binding)
        if each.detail.get("kind") in KINDS
    ]
    targets = [str(target.get("name")) for target in spec.get("clusters") or ()]
    return {
        "tasks": [dict(task) for task in spec.get("gracefulEvictionTasks") or ()],
        "decisions": decided,
        "held": list(_held(world, targets)),
    }


def _held(world: World, targets: Sequence[str]) -> Iterator[dict[str, Any]]:
    from lab.core.manifest import spec_of

    for name in targets:
        key = Key(HUB, *CLUSTER, "", name)
        cluster = world.find(key)
        if cluster is None or not spec_of(cluster).get("taints"):
            continue
        told = [e for e in world.happenings(("decision",), key) if e.detail.get("kind") == KINDS[0]]
        if told:
            yield {"time": told[-1].time_s, "summary": told[-1].detail.get("summary", "")}


def eviction_lines(data: Mapping[str, Any]) -> list[str]:
    """Return the history as a person reads it; nothing if there is none."""
    from lab.commands.printers.text import columns, safe
    from lab.core.duration import format_duration

    decided, held = data["decisions"], data["held"]
    if not decided and not data["tasks"] and not held:
        return []
    lines = ["Evictions"]
    for task in data["tasks"]:
        replicas = f" with {task['replicas']} replicas" if task.get("replicas") else ""
        lines.append(
            safe(
                f"  being evicted from {task.get('fromCluster')}{replicas}: {task.get('reason')}, "
                f"{task.get('purgeMode') or 'no purge mode'}, by {task.get('producer')}"
            )
        )
    lines += [safe(f"  {each['summary']}") for each in held]
    if len(decided) > _MANY:
        lines.append(f"  ({len(decided) - _MANY} earlier decisions are left out)")
    rows = [[f"  {format_duration(each['time'])}", each["summary"]] for each in decided[-_MANY:]]
    if rows:
        lines.append(columns([["  AT", "WHAT"], *rows]))
    return [*lines, ""]

"""S5: a copy that is moved Directly is gone, or fenced, before the new one starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lab.core.eviction import tasks_of
from lab.core.invariants.law import Law
from lab.core.invariants.scene import (
    BINDINGS,
    WORK,
    Change,
    Scene,
    binding_of_work,
    carried,
    member_object,
)
from lab.core.invariants.violation import Finding
from lab.core.labels import EXECUTION_PREFIX
from lab.core.manifest import Manifest, spec_of, status_of
from lab.core.model import Key
from lab.core.reading import whole
from lab.core.scheduling.request import assigned_of

DIRECTLY = "Directly"
_FIELDS = ("replicas", "parallelism")


@dataclass(slots=True)
class _Leaving:
    """A cluster that a binding was evicted from Directly, and who had what then."""

    assigned: dict[str, int]
    had: frozenset[str]


class StatefulAtMostOne(Law):
    """Looked at: eviction tasks with purgeMode Directly, and the Works of their bindings.

    Directly is how a policy says that two copies must never run (Karmada means it for stateful
    applications); any other way of moving says that two for a while are better than none, and is
    not judged. From such a task on, no Work of the binding may be made in another cluster, or
    its replicas be raised beyond what was assigned there before, while the evicted cluster's
    object still stands and its pods serve. Gone means that the object is gone from its member;
    fenced, that none of its pods truly serves (nodes that are dead serve nothing, a cluster that
    is only cut off serves on). A suspended Work starts nothing. It holds on after the task has
    timed out: then Karmada itself starts the second copy.
    """

    id = "S5"
    name = "stateful-at-most-one"
    sentence = "what is moved Directly starts anew only when the old copy is gone or fenced"
    hub_kinds = (*BINDINGS, WORK)

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._leaving: dict[Key, dict[str, _Leaving]] = {}

    def changed(self, change: Change) -> Iterator[Finding]:
        """Note who has to leave; judge who comes."""
        if (change.key.api_version, change.key.kind) == WORK:
            yield from self._comes(change)
            return
        after = change.after
        if after is None:
            self._leaving.pop(change.key, None)
            return
        known = {str(task.get("fromCluster")) for task in tasks_of(change.before)}
        for task in tasks_of(after):
            name = str(task.get("fromCluster"))
            if task.get("purgeMode") == DIRECTLY and name not in known:
                assigned = assigned_of(spec_of(after))
                leaving = _Leaving(assigned, frozenset(assigned))
                self._leaving.setdefault(change.key, {})[name] = leaving
        if (leavings := self._leaving.get(change.key)) is not None:
            for name in assigned_of(spec_of(after)):
                leavings.pop(name, None)  # it was placed there again

    def _comes(self, change: Change) -> Iterator[Finding]:
        work = change.after
        if not self._leaving or work is None:
            return
        owner = binding_of_work(work)
        leavings = None if owner is None else self._leaving.get(owner)
        if not leavings or owner is None or spec_of(work).get("suspendDispatching"):
            return
        cluster = change.key.namespace.removeprefix(EXECUTION_PREFIX)
        count, before = _replicas(work), _replicas(change.before)
        if change.before is not None and count <= before:
            return
        binding = self.scene.objects.find(owner)
        if binding is None:
            return
        for name, leaving in list(leavings.items()):
            if name == cluster:
                continue
            if cluster in leaving.had and count <= leaving.assigned.get(cluster, 0):
                continue  # decided before
            serving = self._serves(member_object(binding, name))
            if serving is None:
                del leavings[name]
                continue
            if serving:
                verb = "made" if change.before is None else f"raised from {before} to {count}"
                yield Finding(
                    owner,
                    f"its Work in {cluster} is {verb} while the copy in {name}, evicted Directly, "
                    f"still serves with {serving} pods",
                )

    def _serves(self, key: Key) -> int | None:
        """Return how many pods of a copy serve; None: it is gone."""
        copy = self.scene.objects.find(key)
        if copy is None:
            return None
        if key in self.scene.serving:
            return self.scene.serving[key]
        return whole(status_of(copy).get("readyReplicas"))


def _replicas(work: Manifest | None) -> int:
    manifest = carried(work)
    if manifest is None:
        return 0
    spec = spec_of(manifest)
    return next((whole(spec[field]) for field in _FIELDS if field in spec), 1)

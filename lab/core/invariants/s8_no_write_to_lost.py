"""S8: who cannot be reached, or asked not to be written to, receives no write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lab.core.invariants.law import Law
from lab.core.invariants.scene import WORK, Change, Record, Scene, carried, span
from lab.core.invariants.violation import Finding
from lab.core.labels import EXECUTION_PREFIX
from lab.core.manifest import spec_of
from lab.core.model import HUB, Key, key_of

IN_FLIGHT_S = 5.0
"""What was decided so long before may still be on its way."""


class NoWriteToLost(Law):
    """Looked at: every request of a controller to a member (trace records of type action).

    No create, update, patch, apply or delete may be sent to a member whose Cluster has not been
    Ready for 5 s (longer while the hub's answers are slow or stale), nor may an object be
    written whose Work has been suspended for so long (spec.suspendDispatching; its deletion is
    not held back, as in Karmada). Members with syncMode Pull are written to by their own agents,
    which need no hub to do so; they are left out. Karmada has no clusters that only reading is
    denied to, so that part of the law has no object here.
    """

    id = "S8"
    name = "no-write-to-lost"
    sentence = "clusters that are lost or suspended receive no write"
    hub_kinds = (WORK,)
    record_types = ("action",)

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._suspended: dict[Key, float] = {}

    def changed(self, change: Change) -> Iterable[Finding]:
        """Note which member objects a suspended Work holds back, and since when."""
        before, after = change.before, change.after
        if before is not None and after is not None and before.get("spec") is after.get("spec"):
            return ()
        for work in (before, after):
            manifest = carried(work)
            if work is None or manifest is None:
                continue
            key = key_of(manifest, change.key.namespace.removeprefix(EXECUTION_PREFIX))
            if work is change.after and spec_of(work).get("suspendDispatching"):
                self._suspended.setdefault(key, change.time_s)
            elif work is change.after or change.after is None:
                self._suspended.pop(key, None)
        return ()

    def heard(self, record: Record) -> Iterator[Finding]:
        """Judge one request."""
        key = record.key
        if key is None or key.cluster == HUB:
            return
        scene = self.scene
        verb = str(record.detail.get("verb") or "")
        bound_s = IN_FLIGHT_S + scene.extra_lag_s
        lost_s = scene.now_s - scene.not_ready_since_s(key.cluster)
        if lost_s > bound_s and not scene.pulls(key.cluster):
            yield Finding(
                key,
                f"{record.actor} sends {verb} to {key.cluster}, not Ready for {span(lost_s)}",
                record.number,
            )
        since_s = self._suspended.get(key)
        if since_s is not None and verb != "delete" and scene.now_s - since_s > bound_s:
            yield Finding(
                key,
                f"{record.actor} sends {verb}, while its Work is suspended for "
                f"{span(scene.now_s - since_s)}",
                record.number,
            )

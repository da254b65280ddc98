"""S7: versions only grow, and nobody overwrites what he has not seen."""

from __future__ import annotations

from collections.abc import Sequence

from lab.core.invariants.law import Law
from lab.core.invariants.scene import Change, Record, Scene
from lab.core.invariants.violation import Finding
from lab.core.manifest import Manifest
from lab.core.model import Key


class VersionsGrow(Law):
    """Looked at: every change of every object, in the hub and in the members.

    In one API server each write must have a greater resourceVersion than all writes before it.
    While an object keeps its uid, neither metadata.generation nor status.observedGeneration (nor a
    binding's schedulerObservedGeneration) may go back, and what is observed may not be greater
    than the generation. What a change says the object was before must be the last version that
    server wrote. An update that names the resourceVersion it is based on must be accepted only
    while that is the present one (looked at in the hub, where the trace says on what a request is
    based).

    The template's status.observedGeneration is Karmada's sum over the members and is judged like
    any other. A server that came back from a torn journal begins anew: its versions go back by the
    fault's own doing.
    """

    id = "S7"
    name = "versions-grow"
    sentence = "resourceVersion and observedGeneration never go back, no stale write is accepted"
    every_kind = ("hub", "members")
    record_types = ("action", "fault")

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._last: dict[str, int] = {}
        self._versions: dict[Key, str] = {}
        self._based: dict[int, str] = {}
        self._torn: dict[str, set[Key]] = {}
        """What changed since its server came back from a torn journal."""

    def changed(self, change: Change) -> Sequence[Finding]:
        """Compare a write with the one before it."""
        key, before, after = change.key, change.before, change.after
        if after is None:
            self._versions.pop(key, None)
            return ()
        found: list[Finding] = []
        version = str(after["metadata"].get("resourceVersion") or "")
        if version.isdigit():
            number, last = int(version), self._last.get(key.cluster, 0)
            if number > last:
                self._last[key.cluster] = number
            else:
                text = f"written with resourceVersion {number} after {last} was given out"
                found.append(Finding(key, text))
        known = self._versions.get(key)
        self._versions[key] = version
        if before is None:
            return found
        read = str(before["metadata"].get("resourceVersion") or "")
        if known is not None and known != read:
            text = f"changed from resourceVersion {read}, while {known} was the last one written"
            found.append(Finding(key, text))
        based = self._based.pop(change.cause, "") if self._based else ""
        if based and based != read:
            text = f"a write based on resourceVersion {based} was accepted over {read}"
            found.append(Finding(key, text))
        since = self._torn.get(key.cluster) if self._torn else None
        if since is not None and key not in since:
            since.add(key)  # back to what it was is the fault's doing
            return found
        _generations(key, before, after, found)
        return found

    def heard(self, record: Record) -> Sequence[Finding]:
        """Remember on what an update is based; forget a server that lost its journal."""
        detail = record.detail
        if record.type == "action":
            if based := detail.get("basedOn"):
                if len(self._based) > 10_000:
                    self._based.clear()
                self._based[record.number] = str(based)
            return ()
        if detail.get("kind") == "TornJournal" or "lose" in (detail.get("parameters") or {}):
            for cluster in detail.get("clusters") or ():
                self.forget(str(cluster))
        return ()

    def forget(self, cluster: str) -> None:
        """Begin anew with a server."""
        self._last.pop(cluster, None)
        self._torn[cluster] = set()
        for key in [key for key in self._versions if key.cluster == cluster]:
            del self._versions[key]


def _generations(key: Key, before: Manifest, after: Manifest, found: list[Finding]) -> None:
    old, new = before["metadata"], after["metadata"]
    was, now = old.get("generation") or 0, new.get("generation") or 0
    earlier, later = before.get("status"), after.get("status")
    if was == now and earlier is later:
        return
    if old.get("uid") != new.get("uid"):
        return
    if now < was:
        found.append(Finding(key, f"generation went back from {was} to {now}"))
    for field in ("observedGeneration", "schedulerObservedGeneration"):
        seen_before, seen = (earlier or {}).get(field), (later or {}).get(field)
        if not isinstance(seen, int):
            continue
        if isinstance(seen_before, int) and seen < seen_before:
            text = f"status.{field} went back from {seen_before} to {seen}"
            found.append(Finding(key, text))
        if seen > now:
            found.append(Finding(key, f"status.{field} is {seen}, the generation only {now}"))

"""Hears what happens in a run and holds it against the laws that are on.

The monitor is told; it asks nobody and moves no time. Each piece of news goes only to the laws
that look at objects of its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from lab.core.invariants.law import Law
from lab.core.invariants.registry import LAWS
from lab.core.invariants.scene import CLUSTER, Bounds, Change, Count, Objects, Record, Scene, span
from lab.core.invariants.violation import Finding, Violation
from lab.core.manifest import Manifest
from lab.core.model import HUB, Key
from lab.core.settings import KarmadaSettings

Look = tuple[Law, Callable[[Change], Iterable[Finding]]]
_LATE = ("lag", "delay", "window")
"""Parameters of faults that make controllers see later what is."""
MOST = 200
"""More objects of one law than this are counted, not listed: a run in ruins says little more."""


class Monitor:
    """All laws over one run.

    Args:
        objects: All API servers.
        settings: Karmada's, as the run has them.
        laws: Ids of the laws that are on; None means all.
        bounds: What the scenario sets about them.
    """

    def __init__(
        self,
        objects: Objects,
        settings: KarmadaSettings | None = None,
        laws: Sequence[str] | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.scene = Scene(objects, settings or KarmadaSettings(), bounds or Bounds())
        self.on = [law.id for law in LAWS if law.judged_in_run and (laws is None or law.id in laws)]
        self._laws = [law(self.scene) for law in LAWS if law.id in self.on]
        self._by_id = {law.id: law for law in self._laws}
        self._found: dict[tuple[str, Key], Violation] = {}
        self._remarks: dict[tuple[str, Key], Violation] = {}
        self._beyond: dict[str, int] = {}
        self.listeners: list[Callable[[Violation], None]] = []
        """Called with every violation when it is seen for the first time."""
        self._last_number = 0
        self._looks: dict[tuple[bool, str, str], list[Look]] = {}
        self._hearing: dict[str, list[Law]] = {}
        self._counting: list[Law] = []
        for law in self._laws:
            for word in law.record_types:
                self._hearing.setdefault(word, []).append(law)
            if law.counts:
                self._counting.append(law)

    # ── what is told ───────────────────────────────────────────────────────────────────────────

    def hear(self, record: Record) -> None:
        """Take in a trace record; a change of the hub is looked at here."""
        scene, time_s, number = self.scene, record.time_s, record.number
        if scene.timers.next_s <= time_s:
            self._pass_to(time_s)
        scene.now_s = time_s
        self._last_number = number
        kind, key = record.type, record.key
        if key is not None:
            scene.numbers[key] = number
        if kind == "change":
            if key is not None and key[0] == HUB:
                if key[2] != "Cluster":
                    scene.changed_s = time_s
                if scene.faults and record.actor in scene.people:
                    scene.meddled = True
                self._changed(
                    Change(
                        time_s, key, record.before, record.after, number, record.actor, record.cause
                    )
                )
        elif kind == "step":
            scene.disturbed_s = time_s
            scene.people.add(record.actor)
        elif kind == "fault":
            self._fault(record)
        hearing = self._hearing.get(kind)
        if hearing is not None:
            for law in hearing:
                self._take(law, law.heard(record))
        if scene.timers.next_s <= time_s:
            self._pass_to(time_s)

    def saw(self, time_s: float, key: Key, before: Manifest | None, after: Manifest | None) -> None:
        """Take in a change of a member's object, as its API server wrote it."""
        if self.scene.timers.next_s <= time_s:
            self._pass_to(time_s)
        self.scene.now_s = time_s
        number = self.scene.numbers.get(key, self._last_number)
        self._changed(Change(time_s, key, before, after, number, key[0]))

    def served(self, time_s: float, key: Key, count: Count) -> None:
        """Take in how many pods of a member's workload truly serve."""
        self._pass_to(time_s)
        self.scene.serving[key] = count.serving
        for law in self._counting:
            self._take(law, law.served(key, count))

    def pass_time(self, now_s: float) -> None:
        """Say how late it is, when nothing has happened."""
        self._pass_to(max(self.scene.now_s, now_s))

    # ── what is found ──────────────────────────────────────────────────────────────────────────

    def finish(self, now_s: float) -> None:
        """Judge the end of a run, or a moment of rest: the laws that need quiet only if it is."""
        self.pass_time(now_s)
        why = self._unquiet()
        for law in self._laws:
            if why and law.needs_quiet:
                continue
            self._take(law, law.at_end())
        if why and any(law.needs_quiet for law in self._laws):
            ids = ", ".join(law.id for law in self._laws if law.needs_quiet)
            self.scene.notes.append(f"{ids}: not judged at the end, {why}")

    def _unquiet(self) -> str:
        """Return why the end is no moment of rest, empty if it is."""
        scene = self.scene
        if scene.faults:
            return f"as {', '.join(scene.faults)} is not healed"
        still_s = scene.now_s - max(scene.changed_s, scene.disturbed_s)
        if still_s < scene.bounds.settle_s:
            return (
                f"as something changed {span(still_s)} before "
                f"(it must be quiet for {span(scene.bounds.settle_s)})"
            )
        return ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be judged, and why."""
        return tuple(dict.fromkeys(self.scene.notes))

    @property
    def violations(self) -> tuple[Violation, ...]:
        """All violations, by time of their first sight."""
        return tuple(sorted(self._found.values(), key=lambda each: (each.time_s, each.law)))

    @property
    def remarks(self) -> tuple[Violation, ...]:
        """What is worth telling, and breaks no law."""
        return tuple(sorted(self._remarks.values(), key=lambda each: (each.time_s, each.law)))

    @property
    def beyond(self) -> Mapping[str, int]:
        """How many further objects broke a law, by its id, after the list was full."""
        return self._beyond

    # ── within ─────────────────────────────────────────────────────────────────────────────────

    def _changed(self, change: Change) -> None:
        key = change.key
        place = (key[0] == HUB, key[1], key[2])
        looks = self._looks.get(place)
        if looks is None:
            looks = self._looks[place] = self._looks_at(*place)
        if place == (True, *CLUSTER):
            self.scene.cluster_changed(change)
        for law, look in looks:
            for found in look(change):
                self._add(law, found, change.record)

    def _looks_at(self, in_hub: bool, api_version: str, kind: str) -> list[Look]:
        """Return who looks at changes of a kind, in the order of the laws."""
        what = (api_version, kind)
        return [
            (law, law.changed)
            for law in self._laws
            if ("hub" if in_hub else "members") in law.every_kind
            or what in (law.hub_kinds if in_hub else law.member_kinds)
        ]

    def _fault(self, record: Record) -> None:
        scene, detail = self.scene, record.detail
        scene.disturbed_s = record.time_s
        scene.had_faults = True
        name = str(detail.get("fault") or "")
        if detail.get("phase") == "begin":
            scene.faults[name] = detail
            given = detail.get("parameters") or {}
            late_s = sum(float(given.get(name) or 0.0) for name in _LATE)
            scene.extra_lag_s = max(scene.extra_lag_s, late_s)
        elif detail.get("over", True):
            scene.faults.pop(name, None)

    def _pass_to(self, now_s: float) -> None:
        """Take the looks whose time has come, each as of its own moment."""
        scene = self.scene
        while scene.timers.next_s <= now_s:
            scene.now_s = max(scene.now_s, scene.timers.next_s)
            due = scene.timers.pop(scene.now_s)
            assert due is not None
            law, look = due
            self._take(self._by_id[law], look())
        scene.now_s = now_s

    def _take(self, law: Law, found: Iterable[Finding], record: int = 0) -> None:
        for each in found:
            self._add(law, each, record)

    def _add(self, law: Law, found: Finding, record: int) -> None:
        table = self._remarks if found.remark else self._found
        identity = (law.id, found.key)
        known = table.get(identity)
        now_s = self.scene.now_s
        if known is not None:
            table[identity] = replace(known, last_s=now_s, count=known.count + 1)
            return
        if sum(1 for law_id, _ in table if law_id == law.id) >= MOST:
            self._beyond[law.id] = self._beyond.get(law.id, 0) + 1
            return
        number = found.record or record or self.scene.numbers.get(found.key, self._last_number)
        violation = table[identity] = Violation(
            law.id, law.name, now_s, found.key, found.message, number, now_s, 1, found.remark
        )
        if not found.remark:
            for listener in self.listeners:
                listener(violation)

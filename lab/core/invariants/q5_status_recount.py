"""Q5: what the hub says of the members is what a recount in the members gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.core.binding import resource_key
from lab.core.interpreter import Operation, native_interpreter
from lab.core.interpreter.fields import InterpretError
from lab.core.invariants.law import Law
from lab.core.invariants.placing import scheduled
from lab.core.invariants.q1_converges import RETRY_MAX_S
from lab.core.invariants.scene import Record, Scene, member_object
from lab.core.invariants.violation import Finding
from lab.core.labels import CLUSTER_POLICY_ID, POLICY_ID
from lab.core.manifest import Manifest, condition, is_deleting, labels_of, spec_of, status_of
from lab.core.model import Key

_CLAIMS = frozenset({POLICY_ID, CLUSTER_POLICY_ID})
_CUSTOMIZED = ("config.karmada.io/v1alpha1", "ResourceInterpreterCustomization")


class StatusRecount(Law):
    """Looked at, at the end of a quiet run: each binding, its template, its members' objects.

    Each entry of status.aggregatedStatus whose Work is applied must carry the status that the
    interpreter reads off the member's object as it stands there, and its health. The template's
    status must be what the interpreter sums up from those entries. No target may lack its entry.
    Clusters that are not Ready cannot be asked: their entries are remarks if they differ, and a
    Work that is suspended or refused by its member is left out. Where the last write of a status
    was refused (a conflict, say), its controller tries again within 1000 s, the longest back-off
    of Karmada's queues: until then what differs is a remark.

    Conditions must be of the present generation: a binding whose Scheduled is True must have been
    looked at by the scheduler in its present generation, unless scheduling is suspended or its
    policy is gone.
    """

    id = "Q5"
    name = "status-recount"
    sentence = "the aggregated status equals a recount from the members"
    needs_quiet = True
    record_types = ("refusal", "change")

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._interpreter = native_interpreter(scene.settings)
        self._refused_s: dict[Key, float] = {}

    def heard(self, record: Record) -> Iterator[Finding]:
        """Note whose last write was refused."""
        if record.type == "refusal" and record.key is not None:
            self._refused_s[record.key] = record.time_s
        elif self._refused_s and record.key is not None:
            self._refused_s.pop(record.key, None)
        yield from ()

    def _due(self, key: Key) -> bool:
        """Tell whether a controller has yet to try its last write of an object again."""
        refused_s = self._refused_s.get(key)
        return refused_s is not None and self.scene.now_s - refused_s <= RETRY_MAX_S

    def at_end(self) -> Iterator[Finding]:
        """Recount every binding."""
        if self.scene.objects.list("", *_CUSTOMIZED):
            self.scene.notes.append(
                f"{self.id} is not judged: kinds are interpreted by a customization"
            )
            return
        for key, binding in self.scene.bindings():
            if is_deleting(binding):
                continue
            yield from self._generation(key, binding)
            items = status_of(binding).get("aggregatedStatus") or ()
            for item in items:
                yield from self._item(key, binding, item)
            yield from self._missing(key, binding, items)
            yield from self._template(binding, items)

    def _generation(self, key: Key, binding: Manifest) -> Iterator[Finding]:
        entry = condition(binding, "Scheduled")
        spec = spec_of(binding)
        if spec.get("placement") is None or (spec.get("suspension") or {}).get("scheduling"):
            return
        if not _CLAIMS & labels_of(binding).keys():
            return  # its policy is gone: the scheduler looks at it no more
        if entry is not None and entry.get("status") == "True" and not scheduled(binding):
            seen = status_of(binding).get("schedulerObservedGeneration")
            generation = binding["metadata"].get("generation")
            yield Finding(
                key, f"Scheduled is True for generation {seen}, the present one is {generation}"
            )

    def _item(self, key: Key, binding: Manifest, item: Mapping[str, Any]) -> Iterator[Finding]:
        cluster = str(item.get("clusterName"))
        if not item.get("applied"):
            return
        work = self.scene.work_for(resource_key(binding), cluster)
        if work is None or spec_of(work).get("suspendDispatching"):
            return
        place = member_object(binding, cluster)
        standing = self.scene.objects.find(place)
        away = not self.scene.ready(cluster) or self._due(key)
        if standing is None:
            yield Finding(key, f"says it is applied in {cluster}, where {place.kind} "
                               f"{place.name} does not exist", remark=away)  # fmt: skip
            return
        try:
            status = self._interpreter.status(standing)
        except InterpretError:
            return
        told = item.get("status")
        if (told or {}) != (status or {}):
            yield Finding(
                key,
                f"the status of {cluster} differs from a recount: {_difference(told, status)}",
                remark=away,
            )
        health = self._interpreter.health_word(standing)
        if item.get("health") != health:
            yield Finding(key, f"says {cluster} is {item.get('health')}, a look says {health}",
                          remark=away)  # fmt: skip

    def _missing(self, key: Key, binding: Manifest, items: Any) -> Iterator[Finding]:
        told = {item.get("clusterName") for item in items}
        for target in spec_of(binding).get("clusters") or ():
            name = str(target.get("name"))
            cluster = self.scene.cluster(name)
            if name not in told and cluster is not None and not cluster.deleting:
                away = not self.scene.ready(name) or self._due(key)
                yield Finding(key, f"says nothing about {name}, where it is placed", remark=away)

    def _template(self, binding: Manifest, items: Any) -> Iterator[Finding]:
        if not items and not status_of(binding).get("lastScheduledTime"):
            return  # Karmada sums nothing up before a binding was scheduled for the first time
        place = resource_key(binding)
        template = self.scene.objects.find(place)
        if template is None or not self._interpreter.has(template, Operation.AGGREGATE):
            return
        if not items and not status_of(template):
            return  # scheduled to nowhere: no Work has ever called for a sum
        try:
            summed = self._interpreter.aggregate(template, items, self.scene.now_s)
        except InterpretError:
            return
        if status_of(summed) != status_of(template):
            text = _difference(status_of(template), status_of(summed))
            yield Finding(place, f"its status is not the sum of its members': {text}",
                          remark=self._due(place))  # fmt: skip


def _difference(told: Any, counted: Any) -> str:
    """Return what the hub says and what was counted, field by field."""
    was = told if isinstance(told, Mapping) else {}
    now = counted if isinstance(counted, Mapping) else {}
    fields = [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]
    return "; ".join(
        f"{name} is {_short(was.get(name))}, counted {_short(now.get(name))}" for name in fields[:4]
    )


def _short(value: Any) -> str:
    if value is None:
        return "absent"
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"

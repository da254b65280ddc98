"""Room just given away (gate SchedulingOvercommitProtection): placed, but not healthy yet.

What a binding was given in a member counts as taken there until its status says Healthy, it leaves
the member, is deleted, or five minutes have gone by.
Source: Karmada v1.19 `pkg/scheduler/cache/cache.go`, `updateAssumptionsCache`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.core.manifest import Manifest, spec_of, status_of
from lab.core.model import Key
from lab.core.scheduling.framework import Component
from lab.core.scheduling.request import components_of
from lab.core.scheduling.triggers import is_workload

TTL_S = 300.0


@dataclass(slots=True)
class _Held:
    """What one binding holds: member to components; and until when."""

    until_s: float = 0.0
    members: dict[str, Sequence[Component]] = field(default_factory=dict)


@dataclass(slots=True)
class Assumptions:
    """The scheduler's memory of what it just gave away."""

    _held: dict[Key, _Held] = field(default_factory=dict)

    def placed(
        self, key: Key, binding: Manifest, clusters: Sequence[Mapping[str, Any]], now_s: float
    ) -> None:
        """Remember where a binding was put; members it left give their room back.

        Args:
            key: The binding's key.
            binding: The binding as it was before the turn.
            clusters: Its spec.clusters after the turn.
            now_s: When the result was written (s).
        """
        spec = spec_of(binding)
        if not is_workload(spec):
            return
        names = {str(target["name"]) for target in clusters}
        for target in spec.get("clusters") or ():
            if target.get("name") not in names:
                self.released(key, str(target.get("name")))
        for target in clusters:
            held = self._held.setdefault(key, _Held())
            held.until_s = round(now_s + TTL_S, 6)
            held.members[str(target["name"])] = _components(spec, target)

    def observed(self, key: Key, old: Manifest | None, new: Manifest | None) -> None:
        """Give back the room of members that have just become healthy, or of a binding gone."""
        if key not in self._held:
            return
        if new is None:
            del self._held[key]
            return
        before = _healthy(old)
        for name in _healthy(new):
            if name not in before:
                self.released(key, name)

    def released(self, key: Key, cluster: str) -> None:
        """Give back what a binding holds in one member."""
        held = self._held.get(key)
        if held is not None:
            held.members.pop(cluster, None)
            if not held.members:
                del self._held[key]

    def by_cluster(self, now_s: float) -> dict[str, list[Sequence[Component]]]:
        """Return what is held in each member; what is past its time is forgotten."""
        for key in [key for key, held in self._held.items() if now_s > held.until_s]:
            del self._held[key]
        found: dict[str, list[Sequence[Component]]] = {}
        for held in self._held.values():
            for name, components in held.members.items():
                found.setdefault(name, []).append(components)
        return found


def _components(spec: Mapping[str, Any], target: Mapping[str, Any]) -> Sequence[Component]:
    if spec.get("components"):
        return components_of(spec)
    requirements = spec.get("replicaRequirements")
    requests = None if requirements is None else requirements.get("resourceRequest") or {}
    name = str((spec.get("resource") or {}).get("name") or "")
    return [Component(name, int(target.get("replicas") or 0), requests)]


def _healthy(binding: Manifest | None) -> list[str]:
    items = () if binding is None else status_of(binding).get("aggregatedStatus") or ()
    return [str(item.get("clusterName")) for item in items if item.get("health") == "Healthy"]

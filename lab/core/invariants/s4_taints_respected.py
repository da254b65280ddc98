"""S4: taints keep out what does not tolerate them, and drive out only what they may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.core.cluster import Cluster
from lab.core.eviction import tasks_of
from lab.core.invariants.law import Law
from lab.core.invariants.placing import applied_placement, present_placement
from lab.core.invariants.scene import BINDINGS, Change, Scene, span
from lab.core.invariants.violation import Finding
from lab.core.manifest import Manifest, is_deleting, seconds_of, spec_of
from lab.core.model import Key
from lab.core.policy import Placement
from lab.core.scheduling.request import assigned_of
from lab.core.taints import Taint, taints_of

RACE_S = 2.0
"""A cluster that was a target so short a time ago is one to a scheduler that has not seen it go."""
CLOCK_S = 1.0
"""Taint times have whole seconds."""


class TaintsRespected(Law):
    """Looked at: every change of a binding's spec.clusters and gracefulEvictionTasks.

    A cluster that comes into spec.clusters must not have a NoSchedule or NoExecute taint that the
    placement which decided it does not tolerate (unless the taint is younger than 10 s, or the
    cluster was a target within the last 2 s: what the scheduler read was older). Present targets
    may stay, as in Karmada.

    A task with reason TaintUntolerated may come only if its cluster has (or had up to 10 s before)
    a NoExecute taint that the placement does not tolerate, or tolerates for tolerationSeconds that
    are over, within the 1 s that taint times are coarse. A toleration without tolerationSeconds
    is for ever.
    """

    id = "S4"
    name = "taints-respected"
    sentence = "nothing new on a cluster whose taint it does not tolerate, no eviction too early"
    hub_kinds = BINDINGS

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._left: dict[Key, dict[str, float]] = {}

    def changed(self, change: Change) -> Iterator[Finding]:
        """Judge what came into spec.clusters, and who was sent away."""
        after, before = change.after, change.before
        if after is None or is_deleting(after):
            self._left.pop(change.key, None)
            return
        spec, old = spec_of(after), {} if before is None else spec_of(before)
        if spec.get("clusters") is not old.get("clusters"):
            yield from self._arrivals(change, after, old)
        if before is not None and spec.get("gracefulEvictionTasks"):
            yield from self._evictions(change, before, after)

    # ── arrivals ───────────────────────────────────────────────────────────────────────────────

    def _arrivals(
        self, change: Change, after: Manifest, old: Mapping[str, Any]
    ) -> Iterator[Finding]:
        targets, earlier = assigned_of(spec_of(after)), assigned_of(old)
        left = self._left.get(change.key)
        for name in targets:
            if name in earlier:
                continue
            race_s = RACE_S + self.scene.extra_lag_s
            if left and change.time_s - left.get(name, float("-inf")) < race_s:
                continue
            placement = applied_placement(after) or present_placement(after)
            if placement is not None and (taint := self._refuses(name, placement)) is not None:
                yield Finding(
                    change.key, f"placed on {name} in spite of its taint {taint}, not tolerated"
                )
        for name in earlier:
            if name not in targets:
                self._left.setdefault(change.key, {})[name] = change.time_s

    def _refuses(self, name: str, placement: Placement) -> Taint | None:
        """Return a taint that keeps the placement out in all recent versions of a cluster."""
        found: Taint | None = None
        for version in self.scene.cluster_versions(name):
            if version is None:
                continue
            taint = _untolerated(version, placement)
            if taint is None:
                return None
            found = found or taint
        return found

    # ── evictions ──────────────────────────────────────────────────────────────────────────────

    def _evictions(self, change: Change, before: Manifest, after: Manifest) -> Iterator[Finding]:
        known = {str(task.get("fromCluster")) for task in tasks_of(before)}
        for task in tasks_of(after):
            name = str(task.get("fromCluster"))
            if name in known or task.get("reason") != "TaintUntolerated":
                continue
            # The taint manager reads the placement that put the binding there.
            placement = applied_placement(before) or applied_placement(after)
            if placement is None:
                continue
            text = self._too_early(change, name, placement)
            if text:
                yield Finding(change.key, f"evicted from {name}: {text}")

    def _too_early(self, change: Change, name: str, placement: Placement) -> str:
        """Return why a binding should not have been evicted yet; empty if it should."""
        reasons: list[str] = []
        for version in self.scene.cluster_versions(name):
            if version is None:
                continue
            text = _verdict(version.manifest, placement, change.time_s)
            if not text:
                return ""
            reasons.append(text)
        return reasons[0] if reasons else ""


def _untolerated(cluster: Cluster, placement: Placement) -> Taint | None:
    for taint in cluster.taints:
        blocks = taint.effect in {"NoSchedule", "NoExecute"}
        if blocks and not any(each.tolerates(taint) for each in placement.tolerations):
            return taint
    return None


def _verdict(cluster: Manifest, placement: Placement, now_s: float) -> str:
    sources = [
        source
        for source in spec_of(cluster).get("taints") or ()
        if isinstance(source, Mapping) and source.get("effect") == "NoExecute"
    ]
    if not sources:
        return "it has no NoExecute taint"
    waits: list[float] = []
    for source in sources:
        (taint,) = taints_of([source])
        tolerating = [each for each in placement.tolerations if each.tolerates(taint)]
        if not tolerating:
            return ""
        seconds = [each.seconds for each in tolerating if each.seconds is not None]
        if seconds:
            waits.append(_added_s(source, now_s) + min(seconds))
    if not waits:
        return "all its NoExecute taints are tolerated for ever"
    if now_s < min(waits) - CLOCK_S:
        return f"its taint is tolerated for another {span(min(waits) - now_s)}"
    return ""


def _added_s(taint: Mapping[str, Any], now_s: float) -> float:
    try:
        return seconds_of(str(taint.get("timeAdded")))
    except ValueError:
        return now_s

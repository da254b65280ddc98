"""S2: no cluster runs more than it should, and nothing runs where it should not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lab.core.binding import resource_key
from lab.core.eviction import tasks_of
from lab.core.invariants.law import Law
from lab.core.invariants.scene import (
    BINDINGS,
    WORK,
    Change,
    Scene,
    binding_of_work,
    carried,
    hub_key,
    span,
)
from lab.core.invariants.violation import Finding
from lab.core.labels import EXECUTION_PREFIX, MANAGED, RETAIN_REPLICAS
from lab.core.manifest import (
    Manifest,
    get_in,
    is_deleting,
    labels_of,
    namespace_of,
    spec_of,
    status_of,
)
from lab.core.model import Key, key_of
from lab.core.reading import whole
from lab.core.work import existing_clusters

TASK_SLACK_S = 15.0
"""What a graceful eviction may take beyond its grace: the loop looks again in steps."""
_COUNTS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("apps/v1", "Deployment"): ("replicas", "replicas"),
    ("apps/v1", "StatefulSet"): ("replicas", "replicas"),
    ("batch/v1", "Job"): ("parallelism", "active"),
}
"""Kind to (field of the spec that says how many pods, field of the status that counts them)."""


class NoSurplus(Law):
    """Looked at: Deployments, StatefulSets and Jobs of the members, Works, eviction tasks.

    Too many pods: the pods of a workload in one member (status.replicas, or active of a Job: ready
    and starting, not terminating ones) may be more than desired plus surge only for `rollout`
    (60 s), the time it takes to scale down. Desired is what its Work says if Karmada manages it
    (so that Duplicated replicas, overrides and drift are judged rightly), what the object says
    itself if it is the member's own, keeps its replicas there, or its Work is suspended. Surge is
    maxSurge of a Deployment (25 %, rounded up, by default).

    Too many copies: a Work in a cluster where its binding is neither placed nor evicted from (by a
    task that is not Directly) must be gone after `leftover` (5 min), counted from when it became
    so or from when the cluster became Ready, whichever is later: what runs in a cluster that
    cannot be reached cannot be removed. A Work gone bad like this counts only if its object stands
    in the member.

    Too long: an eviction task may stand no longer than its gracePeriodSeconds, or the
    graceful-eviction-timeout, and 15 s; one with suppressDeletion waits for a person.
    """

    id = "S2"
    name = "no-surplus"
    sentence = "no more pods than desired and surge; extra copies only under an eviction's grace"
    hub_kinds = (*BINDINGS, WORK)
    member_kinds = tuple(_COUNTS)

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._over: dict[Key, tuple[float, str]] = {}
        self._leftover: dict[Key, tuple[float, str]] = {}
        self._told: dict[Key, Key] = {}
        self._grace: dict[tuple[Key, str, str], tuple[float, float]] = {}

    def changed(self, change: Change) -> Iterable[Finding]:
        """Look at what changed; what is not right yet is looked at again when its time is up."""
        if change.key.cluster:
            return self._count(change.key, change.after)
        if (change.key.api_version, change.key.kind) == WORK:
            return self._look_at_work(change.key, change.after)
        return self._look_at_binding(change.key, change.before, change.after)

    # ── pods of one workload ───────────────────────────────────────────────────────────────────

    def _count(self, key: Key, manifest: Manifest | None) -> Iterator[Finding]:
        text = "" if manifest is None else self._excess(key, manifest)
        known = self._over.get(key)
        if not text:
            if known is not None:
                del self._over[key]
                yield from self._too_many(key, *known)  # nothing was heard when its time was up
            return
        since_s = self.scene.now_s if known is None else known[0]
        self._over[key] = (since_s, text)
        if known is None:
            due_s = since_s + self.scene.bounds.rollout_s
            self.scene.timers.at(due_s, self.id, lambda: self._recount(key, since_s))

    def _recount(self, key: Key, since_s: float) -> Iterator[Finding]:
        known = self._over.get(key)
        if known is None or known[0] != since_s:
            return
        yield from self._too_many(key, *known)

    def _too_many(self, key: Key, since_s: float, text: str) -> Iterator[Finding]:
        if self.scene.now_s - since_s >= self.scene.bounds.rollout_s:
            yield Finding(key, f"{text}, for {span(self.scene.now_s - since_s)}")

    def _excess(self, key: Key, manifest: Manifest) -> str:
        """Return how many pods a workload has beyond what it may have, in words."""
        wish, count = _COUNTS[key.api_version, key.kind]
        pods = whole(status_of(manifest).get(count))
        if not pods:
            return ""
        desired, source = self._desired(manifest, wish)
        most = desired + _surge(manifest, desired)
        if pods <= most:
            return ""
        extra = f" and {most - desired} of surge" if most > desired else ""
        return f"{pods} pods run or start, {desired} desired{source}{extra}"

    def _desired(self, manifest: Manifest, wish: str) -> tuple[int, str]:
        own = spec_of(manifest).get(wish)
        desired = 1 if own is None else whole(own)
        labels = labels_of(manifest)
        if labels.get(MANAGED) != "true" or labels.get(RETAIN_REPLICAS) == "true":
            return desired, ""
        work = self.scene.work_of(manifest)
        if work is None or spec_of(work).get("suspendDispatching"):
            return desired, ""
        told = get_in(carried(work), ("spec", wish))
        if told is None or whole(told) >= desired:
            return desired, ""
        cluster = _cluster_of(work)
        if not self.scene.ready(cluster):
            return desired, ""  # nobody can tell it
        return whole(told), " by its Work"

    # ── copies ─────────────────────────────────────────────────────────────────────────────────

    def _look_at_work(self, key: Key, work: Manifest | None) -> Iterator[Finding]:
        known = self._leftover.get(key)
        if work is not None and self._is_leftover(key, work):
            if known is None:
                since_s, text = self.scene.now_s, _whose(work)
                self._leftover[key] = (since_s, text)
                due_s = since_s + self.scene.bounds.leftover_s
                self.scene.timers.at(due_s, self.id, lambda: self._still_there(key, since_s))
        elif known is not None:
            del self._leftover[key]
            place = self._told.pop(key, None)
            if place is not None:
                open_s = self.scene.now_s - known[0]
                yield Finding(place, f"stood in {place.cluster} for {span(open_s)}")

    def _is_leftover(self, key: Key, work: Manifest) -> bool:
        """Tell whether a Work stands where its binding is neither placed nor being evicted."""
        owner = binding_of_work(work)
        cluster = _cluster_of(work)
        if owner is None or not cluster:
            return False
        binding = self.scene.objects.find(owner)
        return binding is None or cluster not in existing_clusters(spec_of(binding))

    def _still_there(self, key: Key, since_s: float) -> Iterator[Finding]:
        known = self._leftover.get(key)
        if known is None or known[0] != since_s:
            return
        ready_s, bound_s = (
            self.scene.ready_since_s(_cluster_of_key(key)),
            self.scene.bounds.leftover_s,
        )
        if self.scene.now_s < max(since_s, ready_s) + bound_s:  # it could not be reached so long
            due_s = min(ready_s, self.scene.now_s) + bound_s
            self.scene.timers.at(due_s, self.id, lambda: self._still_there(key, since_s))
            return
        yield from self._copy_stands(key, *known)

    def _copy_stands(self, key: Key, since_s: float, text: str) -> Iterator[Finding]:
        """Tell of a copy that stands too long in a cluster that can be reached."""
        cluster = _cluster_of_key(key)
        open_s = self.scene.now_s - max(since_s, self.scene.ready_since_s(cluster))
        manifest = carried(self.scene.objects.find(key))
        if manifest is None:
            return
        place = key_of(manifest, cluster)
        copy = self.scene.objects.find(place)
        if copy is not None and labels_of(copy).get(MANAGED) == "true":
            self._told[key] = place
            yield Finding(
                place,
                f"stands in {cluster} for {span(open_s)}{_pods(copy)}: {text}",
                self.scene.numbers.get(key, 0),
            )

    # ── eviction tasks ─────────────────────────────────────────────────────────────────────────

    def _look_at_binding(
        self, key: Key, before: Manifest | None, after: Manifest | None
    ) -> Iterator[Finding]:
        old = {} if before is None else spec_of(before)
        new = {} if after is None else spec_of(after)
        fields = ("clusters", "gracefulEvictionTasks", "requiredBy")
        if all(old.get(field) is new.get(field) for field in fields):
            return
        about = after or before
        assert about is not None
        places = dict.fromkeys([*existing_clusters(old), *existing_clusters(new)])
        for cluster in places:
            work = self.scene.work_for(resource_key(about), cluster)
            if work is not None:
                yield from self._look_at_work(hub_key(work), work)
        standing = {self._look_at_task(key, task) for task in tasks_of(after)}
        for identity in [each for each in self._grace if each[0] == key]:
            if identity not in standing:
                del self._grace[identity]

    def _look_at_task(self, key: Key, task: Mapping[str, Any]) -> tuple[Key, str, str]:
        stamp, cluster = str(task.get("creationTimestamp") or ""), str(task.get("fromCluster"))
        identity = (key, cluster, stamp)
        if not stamp or task.get("suppressDeletion"):
            self._grace.pop(identity, None)
            return identity
        grace_s, known = _grace_s(task, self.scene), self._grace.get(identity)
        since_s = self.scene.now_s if known is None else known[0]
        self._grace[identity] = (since_s, grace_s)
        if known is None:
            self._look_at_grace(identity, since_s, grace_s)
        return identity

    def _look_at_grace(
        self, identity: tuple[Key, str, str], since_s: float, grace_s: float
    ) -> None:
        due_s = since_s + grace_s + TASK_SLACK_S
        self.scene.timers.at(due_s, self.id, lambda: self._over_grace(identity, since_s))

    def _over_grace(self, identity: tuple[Key, str, str], since_s: float) -> Iterator[Finding]:
        known = self._grace.get(identity)
        if known is None or known[0] != since_s:
            return
        grace_s, open_s = known[1], self.scene.now_s - since_s
        if open_s < grace_s + TASK_SLACK_S:  # its grace has grown meanwhile
            self._look_at_grace(identity, since_s, grace_s)
            return
        key, cluster, _ = identity
        yield Finding(
            key,
            f"the eviction from {cluster} is open for {span(open_s)}, its grace is {span(grace_s)}",
        )


def _whose(work: Manifest) -> str:
    return f"{binding_of_work(work)} neither places nor evicts it there"


def _grace_s(task: Mapping[str, Any], scene: Scene) -> float:
    seconds = task.get("gracePeriodSeconds")
    return scene.settings.graceful_eviction_timeout_s if seconds is None else float(seconds)


def _cluster_of(work: Manifest) -> str:
    return namespace_of(work).removeprefix(EXECUTION_PREFIX)


def _cluster_of_key(work: Key) -> str:
    return work.namespace.removeprefix(EXECUTION_PREFIX)


def _pods(copy: Manifest) -> str:
    count = _COUNTS.get((str(copy.get("apiVersion")), str(copy.get("kind"))))
    pods = whole(status_of(copy).get(count[1])) if count else 0
    deleting = ", being deleted" if is_deleting(copy) else ""
    return f" ({pods} pods{deleting})" if pods else deleting


def _surge(manifest: Manifest, desired: int) -> int:
    """Return how many pods a rolling update may add."""
    if manifest.get("kind") != "Deployment":
        return 0
    strategy = spec_of(manifest).get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0
    given = get_in(strategy, ("rollingUpdate", "maxSurge"), "25%")
    if isinstance(given, str) and given.endswith("%"):
        try:
            return math.ceil(desired * float(given[:-1]) / 100)
        except ValueError:
            return 0
    return whole(given)

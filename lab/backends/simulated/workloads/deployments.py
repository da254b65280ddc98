"""Deployment: ReplicaSets that take turns. Source: kube-controller-manager `deployment`, v1.36."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.backends.simulated.pods.pods import FINISHED, State
from lab.backends.simulated.workbench import Workbench, owner_of
from lab.backends.simulated.workloads.deployment_status import (
    REVISION,
    is_complete,
    latest_progress,
    new_status,
    with_condition,
)
from lab.backends.simulated.workloads.replica_sets import generation_of, replicas_of
from lab.backends.simulated.workloads.revisions import HASH_LABEL, same_template, template_hash
from lab.backends.simulated.workloads.rolling import proportional, surge_and_unavailable
from lab.core.manifest import (
    Manifest,
    annotations_of,
    get_in,
    is_deleting,
    name_of,
    namespace_of,
    set_in,
    spec_of,
    status_of,
    uid_of,
    with_annotations,
)
from lab.core.model import Key, key_of

DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
_NOT_COPIED = {
    REVISION,
    DESIRED,
    MAXIMUM,
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision-history",
    "deprecated.deployment.rollback.to",
}


class Deployments:
    """The Deployment controller."""

    api_version = "apps/v1"
    kind = "Deployment"

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._known: tuple[tuple[str, int], tuple[Manifest | None, list[Manifest]]] | None = None

    def reconcile(self, key: Key, now_s: float) -> None:
        """Bring the ReplicaSets one step nearer to the template, then write the status."""
        deployment = self._bench.store.find(key)
        if deployment is None:
            return
        if is_deleting(deployment):
            self._write_status(key, now_s, progress=False)
            return
        if spec_of(deployment).get("paused"):
            deployment = self._pause_condition(deployment, now_s)
            self._scale_only(key, deployment, now_s)
            return
        deployment = self._resume_condition(deployment, now_s)
        if self._is_scaling(deployment):
            self._scale_only(key, deployment, now_s)
            return
        self._new_replica_set(deployment, now_s, create=True)
        deployment = self._bench.store.get(key)
        if self._strategy(deployment) == "Recreate":
            self._recreate(deployment, now_s)
        elif not self._grow_new(deployment, now_s):
            self._shrink_old(deployment, now_s)
        if self._write_status(key, now_s, progress=True):
            self._clean_up(key, now_s)

    # ── which ReplicaSets there are ────────────────────────────────────────────────────────────

    def _all(self, deployment: Manifest) -> list[Manifest]:
        """Return its ReplicaSets by age, ties by name."""
        owned = self._bench.owned_by(deployment, "ReplicaSet")
        return sorted(owned, key=lambda rs: (rs["metadata"]["creationTimestamp"], name_of(rs)))

    def _split(self, deployment: Manifest) -> tuple[Manifest | None, list[Manifest]]:
        """Return the ReplicaSet of the current template (None: not made yet), and the others."""
        # Asked several times in one reconcile; the answer holds until something is written.
        moment = (uid_of(deployment), self._bench.store.resource_version)
        if self._known is not None and self._known[0] == moment:
            return self._known[1]
        owned = self._all(deployment)
        template = spec_of(deployment).get("template") or {}
        current = next((rs for rs in owned if same_template(rs, template)), None)
        answer = current, [rs for rs in owned if rs is not current]
        self._known = moment, answer
        return answer

    @staticmethod
    def _strategy(deployment: Manifest) -> str:
        return str(get_in(deployment, ("spec", "strategy", "type")) or "RollingUpdate")

    def _maximum(self, deployment: Manifest) -> int:
        if self._strategy(deployment) == "Recreate":
            return replicas_of(deployment)
        return replicas_of(deployment) + surge_and_unavailable(deployment)[0]

    def _new_replica_set(
        self, deployment: Manifest, now_s: float, *, create: bool
    ) -> Manifest | None:
        """Return the current ReplicaSet, kept in step with the Deployment; made if asked for."""
        bench = self._bench
        current, old = self._split(deployment)
        revision = 1 + max((_revision(rs) for rs in old), default=0)
        if current is not None:
            revision = max(revision, _revision(current))
            current = self._follow(deployment, current, revision, now_s)
        elif create:
            current = self._make(deployment, old, revision, now_s)
        if current is not None:
            self._note_revision(deployment, current, revision, now_s)
        return current if current is None else bench.store.get(key_of(current, bench.name))

    def _follow(
        self, deployment: Manifest, current: Manifest, revision: int, now_s: float
    ) -> Manifest:
        wanted = with_annotations(current, {**_copied(deployment), REVISION: str(revision)})
        min_ready = spec_of(deployment).get("minReadySeconds") or 0
        if (spec_of(current).get("minReadySeconds") or 0) != min_ready:
            wanted = set_in(wanted, ("spec", "minReadySeconds"), min_ready)
        return current if wanted is current else self._bench.write(wanted, now_s)

    def _sizes(self, deployment: Manifest) -> dict[str, str]:
        return {
            DESIRED: str(replicas_of(deployment)),
            MAXIMUM: str(self._maximum(deployment)),
        }

    def _make(
        self, deployment: Manifest, old: Sequence[Manifest], revision: int, now_s: float
    ) -> Manifest | None:
        spec = spec_of(deployment)
        template = spec.get("template") or {}
        collisions = int(status_of(deployment).get("collisionCount") or 0)
        hash_ = template_hash(template, collisions)
        labels = {**(get_in(template, ("metadata", "labels")) or {}), HASH_LABEL: hash_}
        selector = spec.get("selector") or {}
        matched = {**(selector.get("matchLabels") or {}), HASH_LABEL: hash_}
        taken = sum(replicas_of(rs) for rs in old)
        room = max(0, self._maximum(deployment) - taken)
        rolling = self._strategy(deployment) != "Recreate"
        replicas = min(replicas_of(deployment), room) if rolling else replicas_of(deployment)
        if not rolling and (taken or self._old_pods_run(old)):
            replicas = 0
        made: dict[str, Any] = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{name_of(deployment)}-{hash_}",
                "namespace": namespace_of(deployment),
                "labels": labels,
                "annotations": {
                    **_copied(deployment),
                    REVISION: str(revision),
                    **self._sizes(deployment),
                },
                "ownerReferences": [owner_of(deployment).reference()],
            },
            "spec": {
                "replicas": replicas,
                "selector": {**selector, "matchLabels": matched},
                "template": set_in(template, ("metadata", "labels"), labels),
            },
        }
        if spec.get("minReadySeconds"):
            made["spec"]["minReadySeconds"] = spec["minReadySeconds"]
        created = self._bench.create(made, now_s)
        if created is None:
            self._collide(deployment, made, collisions, now_s)
        else:
            message = f'Created new replica set "{name_of(created)}"'
            self._set_progress(deployment, "True", "NewReplicaSetCreated", message, now_s)
        return created

    def _collide(self, deployment: Manifest, made: Manifest, collisions: int, now_s: float) -> None:
        """The name is taken by a ReplicaSet of another template or owner: hash differently."""
        found = self._bench.store.find(key_of(made, self._bench.name))
        if found is None:
            return  # the namespace is going away
        status = {**status_of(deployment), "collisionCount": collisions + 1}
        self._bench.write_status(deployment, status, now_s)
        self._bench.ask(key_of(deployment, self._bench.name))

    def _note_revision(
        self, deployment: Manifest, current: Manifest, revision: int, now_s: float
    ) -> None:
        deployment = self._bench.store.get(key_of(deployment, self._bench.name))
        noted = with_annotations(deployment, {REVISION: str(revision)})
        if noted is not deployment:
            # Through the status, as upstream does: the annotation must not make a new generation.
            deployment = self._bench.store.update(noted, now_s, subresource="status")
        if latest_progress(status_of(deployment)) is None:
            message = f'Found new replica set "{name_of(current)}"'
            self._set_progress(deployment, "True", "FoundNewReplicaSet", message, now_s)

    # ── rolling update ─────────────────────────────────────────────────────────────────────────

    def _resize(
        self, replica_set: Manifest, replicas: int, deployment: Manifest, now_s: float
    ) -> None:
        changed = with_annotations(replica_set, self._sizes(deployment))
        if replicas_of(replica_set) != replicas:
            changed = set_in(changed, ("spec", "replicas"), replicas)
        if changed is not replica_set:
            self._bench.write(changed, now_s)

    def _grow_new(self, deployment: Manifest, now_s: float) -> bool:
        """Give the new ReplicaSet what the surge allows; tell whether anything changed."""
        current, old = self._split(deployment)
        if current is None:
            return False
        wanted, have = replicas_of(deployment), replicas_of(current)
        if have < wanted:
            room = self._maximum(deployment) - have - sum(replicas_of(rs) for rs in old)
            wanted = have + min(max(room, 0), wanted - have)
        if wanted == have:
            return False
        self._resize(current, wanted, deployment, now_s)
        return True

    def _shrink_old(self, deployment: Manifest, now_s: float) -> None:
        """Take from old ReplicaSets what availability allows: pods that are not well first."""
        current, old = self._split(deployment)
        old = [rs for rs in old if replicas_of(rs)]
        if current is None or not old:
            return
        least = replicas_of(deployment) - surge_and_unavailable(deployment)[1]
        total = replicas_of(current) + sum(replicas_of(rs) for rs in old)
        unavailable = replicas_of(current) - _available(current)
        budget = total - least - unavailable
        if budget <= 0:
            return
        sizes = {name_of(rs): replicas_of(rs) for rs in old}
        for rs in old:  # cleanupUnhealthyReplicas
            if generation_of(rs) > int(status_of(rs).get("observedGeneration") or 0):
                continue  # its controller has not caught up: its counts cannot be trusted
            unwell = min(budget, sizes[name_of(rs)] - _available(rs))
            if unwell > 0:
                sizes[name_of(rs)] -= unwell
                budget -= unwell
        spare = _available(current) + sum(_available(rs) for rs in old) - least
        for rs in old:  # scaleDownOldReplicaSetsForRollingUpdate
            step = min(spare, sizes[name_of(rs)])
            if step > 0:
                sizes[name_of(rs)] -= step
                spare -= step
        for rs in old:
            self._resize(rs, sizes[name_of(rs)], deployment, now_s)

    def _recreate(self, deployment: Manifest, now_s: float) -> None:
        current, old = self._split(deployment)
        busy = [rs for rs in old if replicas_of(rs)]
        for rs in busy:
            self._resize(rs, 0, deployment, now_s)
        if busy or current is None or self._old_pods_run(old):
            return
        self._resize(current, replicas_of(deployment), deployment, now_s)

    def _old_pods_run(self, old: Sequence[Manifest]) -> bool:
        states = [s for s in State if s not in (State.FREE, State.CREATING, *FINISHED)]
        for rs in old:
            for workload in self._bench.workloads_of(uid_of(rs)):
                if self._bench.pods.count(workload, *states):
                    return True
        return False

    # ── scaling ────────────────────────────────────────────────────────────────────────────────

    def _is_scaling(self, deployment: Manifest) -> bool:
        wanted = str(replicas_of(deployment))
        return any(
            replicas_of(rs) and annotations_of(rs).get(DESIRED, wanted) != wanted
            for rs in self._all(deployment)
        )

    def _scale_only(self, key: Key, deployment: Manifest, now_s: float) -> None:
        self._new_replica_set(deployment, now_s, create=False)
        deployment = self._bench.store.get(key)
        current, old = self._split(deployment)
        self._spread(deployment, current, old, now_s)
        self._write_status(key, now_s, progress=False)

    def _spread(
        self,
        deployment: Manifest,
        current: Manifest | None,
        old: Sequence[Manifest],
        now_s: float,
    ) -> None:
        everyone = [*old, *([current] if current else [])]
        active = [rs for rs in everyone if replicas_of(rs)]
        wanted = replicas_of(deployment)
        if len(active) <= 1:
            only = active[0] if active else (current or (everyone[-1] if everyone else None))
            if only is not None:
                self._resize(only, wanted, deployment, now_s)
            return
        saturated = (
            current is not None
            and replicas_of(current) == wanted
            and annotations_of(current).get(DESIRED) == str(wanted)
            and _available(current) == wanted
        )
        if saturated:
            for rs in old:
                if replicas_of(rs):
                    self._resize(rs, 0, deployment, now_s)
            return
        if self._strategy(deployment) == "Recreate":
            return
        allowed = self._maximum(deployment) if wanted else 0
        was = [int(annotations_of(rs).get(MAXIMUM) or allowed) for rs in active]
        sizes = proportional([replicas_of(rs) for rs in active], was, allowed)
        for rs, size in zip(active, sizes, strict=True):
            self._resize(rs, size, deployment, now_s)

    # ── status ─────────────────────────────────────────────────────────────────────────────────

    def _write_status(self, key: Key, now_s: float, *, progress: bool) -> bool:
        """Write the status; tell whether the rollout is complete."""
        deployment = self._bench.store.find(key)
        if deployment is None:
            return False
        current, old = self._split(deployment)
        _, most_unavailable = surge_and_unavailable(deployment)
        if self._strategy(deployment) == "Recreate":
            most_unavailable = 0
        status, look_again_s = new_status(
            deployment, current, old, most_unavailable, now_s, progress=progress
        )
        self._bench.write_status(deployment, status, now_s)
        if look_again_s is not None:
            self._bench.ask(key, look_again_s)
        return is_complete(deployment, status)

    def _set_progress(
        self, deployment: Manifest, status: str, reason: str, message: str, now_s: float
    ) -> None:
        if spec_of(deployment).get("progressDeadlineSeconds") == 2**31 - 1:
            return  # as batch users switch the deadline off
        deployment = self._bench.store.get(key_of(deployment, self._bench.name))
        before = status_of(deployment)
        conditions = with_condition(before, "Progressing", status, reason, message, now_s)
        self._bench.write_status(deployment, {**before, "conditions": conditions}, now_s)

    def _pause_condition(self, deployment: Manifest, now_s: float) -> Manifest:
        found = latest_progress(status_of(deployment))
        if found is None or found.get("reason") not in (
            "DeploymentPaused",
            "ProgressDeadlineExceeded",
        ):
            self._set_progress(
                deployment, "Unknown", "DeploymentPaused", "Deployment is paused", now_s
            )
        return self._bench.store.get(key_of(deployment, self._bench.name))

    def _resume_condition(self, deployment: Manifest, now_s: float) -> Manifest:
        found = latest_progress(status_of(deployment))
        if found is not None and found.get("reason") == "DeploymentPaused":
            self._set_progress(
                deployment, "Unknown", "DeploymentResumed", "Deployment is resumed", now_s
            )
        return self._bench.store.get(key_of(deployment, self._bench.name))

    def _clean_up(self, key: Key, now_s: float) -> None:
        """Delete the oldest empty ReplicaSets beyond revisionHistoryLimit."""
        deployment = self._bench.store.get(key)
        limit = spec_of(deployment).get("revisionHistoryLimit")
        limit = 10 if limit is None else int(limit)
        _, old = self._split(deployment)
        empty = [
            rs
            for rs in old
            if not replicas_of(rs)
            and not status_of(rs).get("replicas")
            and not is_deleting(rs)
            and generation_of(rs) <= int(status_of(rs).get("observedGeneration") or 0)
        ]
        for rs in sorted(empty, key=_revision)[: max(0, len(old) - limit)]:
            self._bench.remove(key_of(rs, self._bench.name), now_s)


def _available(replica_set: Manifest) -> int:
    return int(status_of(replica_set).get("availableReplicas") or 0)


def _revision(replica_set: Manifest) -> int:
    text = str(annotations_of(replica_set).get(REVISION) or "0")
    return int(text) if text.isascii() and text.isdigit() else 0


def _copied(deployment: Manifest) -> dict[str, str]:
    return {k: v for k, v in annotations_of(deployment).items() if k not in _NOT_COPIED}

"""Q3: nothing is left that belongs to nobody, and what is to be deleted goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.core.binding import resource_key
from lab.core.invariants.law import Law
from lab.core.invariants.scene import (
    POLICIES,
    WORK,
    binding_of_work,
    hub_key,
    span,
)
from lab.core.invariants.violation import Finding
from lab.core.labels import EXECUTION_PREFIX, MANAGED, WORK_NAME
from lab.core.manifest import Manifest, annotations_of, is_deleting, labels_of, seconds_of, spec_of
from lab.core.model import HUB, Key, key_of
from lab.core.work import existing_clusters, target_clusters

_OWNED = frozenset({"Pod", "ReplicaSet", "Job", "ControllerRevision", "EndpointSlice"})
"""Kinds of a member that stand only while what controls them stands."""


class NoOrphans(Law):
    """Looked at, at the end of a quiet run: bindings, Works and the objects of the members.

    A binding needs its template. A Work made for a binding needs that binding, and the binding
    must place its object in the Work's cluster, evict it from there, or be required there. Each
    target of a binding needs its Work, unless the cluster is being unjoined. A member object with
    the label karmada.io/managed=true and the name of a Work needs that Work, if its cluster is
    joined. Pods, ReplicaSets and Jobs of a member that name a controller need that controller.

    Whatever has a deletion time must be gone `leftover` (5 min) later: bindings, Works, policies,
    templates' bindings, Clusters; also for a cluster that never returns. What waits for a cluster
    that is not Ready at the end is a remark, as it may still return.
    """

    id = "Q3"
    name = "no-orphans"
    sentence = "no work, pod or binding without its owner; what is deleted goes"
    needs_quiet = True

    def at_end(self) -> Iterator[Finding]:
        """Look at everything once."""
        yield from self._bindings()
        yield from self._works()
        yield from self._clusters()
        for cluster in self.scene.objects.clusters():
            yield from self._member(cluster)

    # ── the hub ────────────────────────────────────────────────────────────────────────────────

    def _bindings(self) -> Iterator[Finding]:
        find = self.scene.objects.find
        for key, binding in self.scene.bindings():
            if is_deleting(binding):
                yield from self._overdue(key, binding, existing_clusters(spec_of(binding)))
                continue
            if find(resource_key(binding)) is None:
                yield Finding(key, f"its template {resource_key(binding)} does not exist")
            for target in target_clusters(spec_of(binding)):
                cluster = str(target.get("name"))
                work = self.scene.work_for(resource_key(binding), cluster)
                if work is None and self._takes_works(cluster):
                    ready = self.scene.ready(cluster)
                    yield Finding(key, f"placed on {cluster}, and has no Work there",
                                  remark=not ready)  # fmt: skip

    def _takes_works(self, name: str) -> bool:
        """Tell whether a cluster is joined; one that is being unjoined has lost its Works."""
        cluster = self.scene.cluster(name)
        return cluster is not None and not cluster.deleting

    def _works(self) -> Iterator[Finding]:
        find = self.scene.objects.find
        for work in self.scene.objects.list(HUB, *WORK):
            key, owner = hub_key(work), binding_of_work(work)
            cluster = key.namespace.removeprefix(EXECUTION_PREFIX)
            if is_deleting(work):
                yield from self._overdue(key, work, [cluster])
                continue
            if owner is None:
                continue
            binding = find(owner)
            if binding is None:
                yield Finding(key, f"its {owner} does not exist")
            elif cluster not in existing_clusters(spec_of(binding)):
                yield Finding(key, f"{owner} neither places nor evicts its object in {cluster}")

    def _clusters(self) -> Iterator[Finding]:
        for kind in POLICIES:
            for policy in self.scene.objects.list(HUB, *kind):
                if is_deleting(policy):
                    yield from self._overdue(hub_key(policy), policy, [])
        for name in self.scene.objects.clusters():
            cluster = self.scene.cluster(name)
            if cluster is not None and cluster.deleting:
                key = hub_key(cluster.manifest)
                for found in self._overdue(key, cluster.manifest, [name]):
                    yield found._replace(message=found.message + self._named_by(name))

    def _named_by(self, cluster: str) -> str:
        """Return which binding still names a cluster, for which an unjoining cluster waits."""
        for key, binding in self.scene.bindings():
            if any(target.get("name") == cluster for target in target_clusters(spec_of(binding))):
                return f", while {key} is still placed there"
        return ""

    def _overdue(self, key: Key, manifest: Manifest, clusters: list[str]) -> Iterator[Finding]:
        since_s = _deleted_s(manifest)
        bound_s = self.scene.bounds.leftover_s
        away = [name for name in clusters if not self.scene.ready(name)]
        back_s = max((self.scene.ready_since_s(name) for name in clusters if name not in away),
                     default=since_s)  # fmt: skip
        age_s = self.scene.now_s - max(since_s, back_s)
        if age_s <= bound_s and not away:
            return
        text = f"being deleted for {span(self.scene.now_s - since_s)}"
        if away:
            text += f", waits for {', '.join(away)}, which cannot be reached"
        yield Finding(key, text, remark=bool(away))

    # ── a member ───────────────────────────────────────────────────────────────────────────────

    def _member(self, cluster: str) -> Iterator[Finding]:
        joined = self.scene.cluster(cluster)
        objects = self.scene.objects
        uids: set[str] = set()
        owned: list[Manifest] = []
        for kind in objects.kinds(cluster):
            for manifest in objects.list(cluster, *kind):
                metadata = manifest["metadata"]
                uids.add(str(metadata.get("uid")))
                if manifest.get("kind") in _OWNED and metadata.get("ownerReferences"):
                    owned.append(manifest)
                if joined is not None and labels_of(manifest).get(MANAGED) == "true":
                    yield from self._managed(cluster, manifest)
        for manifest in owned:
            reference = _controller(manifest)
            if reference is None or str(reference.get("uid")) in uids or is_deleting(manifest):
                continue
            yield Finding(
                key_of(manifest, cluster),
                f"its {reference.get('kind')} {reference.get('name')} does not exist",
            )

    def _managed(self, cluster: str, manifest: Manifest) -> Iterator[Finding]:
        if not annotations_of(manifest).get(WORK_NAME):
            return  # a label that a controller of the member has copied
        if self.scene.work_of(manifest) is None:
            key = key_of(manifest, cluster)
            away = not self.scene.ready(cluster)
            yield Finding(key, "Karmada manages it, and its Work does not exist", remark=away)


def _controller(manifest: Manifest) -> Mapping[str, Any] | None:
    for reference in manifest["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            found: Mapping[str, Any] = reference
            return found
    return None


def _deleted_s(manifest: Manifest) -> float:
    try:
        return seconds_of(str(manifest["metadata"].get("deletionTimestamp")))
    except ValueError:
        return float("-inf")

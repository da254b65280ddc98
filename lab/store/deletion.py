"""Deletion: finalizers, owners and dependents, namespaces. What the garbage collector and the
namespace controller of a real cluster do over some seconds, the store does at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from lab.core.kinds import crd_kinds
from lab.core.manifest import Manifest, is_deleting, timestamp
from lab.store import refusals
from lab.store.collection import Collection
from lab.store.crds import CRD
from lab.store.objects import ObjectTable, Place

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
PROPAGATIONS = ("Background", "Foreground", "Orphan")
_KEPT_NAMESPACES = {"default", "kube-system", "kube-public"}


class _Collect(NamedTuple):
    """A dependent whose owner (`uid`) goes or is gone."""

    place: Place
    uid: str
    foreground: bool


class _Settle(NamedTuple):
    """An owner in foreground deletion that may have lost its last blocking dependent."""

    uid: str


class Remover:
    """Deletes objects of a table with all that follows."""

    def __init__(self, table: ObjectTable) -> None:
        self._table = table
        self._work: deque[_Collect | _Settle] = deque()
        self._working = False
        self._terminating: dict[str, None] = {}
        self._retiring: dict[Collection, str] = {}
        self.clock_offset_s = 0.0
        """How far the server's clock is ahead."""

    def look_again(self) -> None:
        """The objects were changed behind this object's back: see which namespaces are going."""
        namespaces = self._table.namespaces.all_sorted()
        self._terminating = {
            each["metadata"]["name"]: None for each in namespaces if is_deleting(each)
        }

    # ── one object ─────────────────────────────────────────────────────────────────────────────

    def delete(
        self,
        collection: Collection,
        namespace: str,
        name: str,
        old: Manifest,
        now_s: float,
        propagation: str = "Background",
    ) -> None:
        """Delete an object, or mark it where finalizers hold it back; then work off the rest."""
        self._delete(collection, namespace, name, old, now_s, propagation)
        self._work_off(now_s)

    def collect_unowned(
        self, collection: Collection, namespace: str, name: str, new: Manifest, now_s: float
    ) -> None:
        """Delete an object that was just created if none of the owners it names is there.

        The garbage collector looks at new objects as well: who creates a dependent while its owner
        goes leaves nothing behind.
        """
        owners = new["metadata"].get("ownerReferences") or ()
        if owners and not any(self._table.owner_exists(owner, namespace) for owner in owners):
            self.delete(collection, namespace, name, new, now_s)

    def after_update(
        self, collection: Collection, namespace: str, name: str, new: Manifest, now_s: float
    ) -> bool:
        """Finish a deletion whose last finalizer an update is about to remove; tell if so."""
        if new["metadata"].get("finalizers") or _holds(collection, new):
            return False
        self._remove(collection, namespace, name, new)
        self._work_off(now_s)
        return True

    def _delete(
        self,
        collection: Collection,
        namespace: str,
        name: str,
        old: Manifest,
        now_s: float,
        propagation: str,
    ) -> None:
        if collection.virtual is not None:
            collection.virtual.remove(namespace, name, now_s, None)
            return
        is_namespace = collection is self._table.namespaces
        if is_namespace and name in _KEPT_NAMESPACES:
            raise refusals.forbidden(collection.kind, name, "this namespace may not be deleted")
        finalizers = _finalizers(old, propagation)
        instances = self._instances(collection, old)
        if instances is not None and CLEANUP not in finalizers:
            finalizers.append(CLEANUP)
        if not finalizers and not _holds(collection, old):
            self._remove(collection, namespace, name, old)
            return
        marked = _marked(old, finalizers, now_s + self.clock_offset_s)
        if is_namespace:
            marked["status"] = {**(old.get("status") or {}), "phase": "Terminating"}
        if marked["metadata"] != old["metadata"]:
            self._table.commit("MODIFIED", collection, namespace, name, marked, old)
        if is_namespace:
            self._terminating[name] = None
            self._empty(name, now_s)
        if instances is not None:
            self._retiring[instances] = name
            for instance in list(instances.all_sorted()):
                if not is_deleting(instance):
                    meta = instance["metadata"]
                    where = meta.get("namespace") or ""
                    self._delete(instances, where, meta["name"], instance, now_s, "Background")
            self._settle_definition(instances)
        uid = old["metadata"]["uid"]
        if ORPHAN in finalizers:
            self._orphan(uid)
            self._drop_finalizer((collection, namespace, name), ORPHAN)
        elif FOREGROUND in finalizers:
            for place, _ in self._table.dependents(uid):
                self._work.append(_Collect(place, uid, True))
            self._work.append(_Settle(uid))

    def _remove(self, collection: Collection, namespace: str, name: str, last: Manifest) -> None:
        meta = last["metadata"]
        uid = meta["uid"]
        dependents = self._table.dependents(uid)
        gone = {**last, "metadata": dict(meta)}
        stored = collection.find(namespace, name)
        self._table.commit("DELETED", collection, namespace, name, gone, stored)
        for place, _ in dependents:
            self._work.append(_Collect(place, uid, False))
        for owner in meta.get("ownerReferences") or ():
            if owner.get("blockOwnerDeletion"):
                self._work.append(_Settle(owner.get("uid", "")))
        if namespace in self._terminating:
            self.settle_namespace(namespace)
        if collection in self._retiring:
            self._settle_definition(collection)
        if collection.is_definition:
            self._table.unlearn(crd_kinds(last))

    # ── custom resources ───────────────────────────────────────────────────────────────────────

    def _instances(self, collection: Collection, manifest: Manifest) -> Collection | None:
        """Return the objects a CustomResourceDefinition defines, if there are any."""
        if not collection.is_definition:
            return None
        kinds = crd_kinds(manifest)
        found = self._table.stored(kinds[0]) if kinds else None
        return found if found is not None and found.namespaces else None

    def _settle_definition(self, instances: Collection) -> None:
        if instances.namespaces:
            return
        name = self._retiring.pop(instances)
        place = (self._table.collection("apiextensions.k8s.io/v1", CRD[1]), "", name)
        self._drop_finalizer(place, CLEANUP)

    # ── owners and dependents ──────────────────────────────────────────────────────────────────

    def _work_off(self, now_s: float) -> None:
        # A loop and not a recursion: chains of owners may be long, and listeners may delete too.
        if self._working:
            return
        self._working = True
        try:
            while self._work:
                task = self._work.popleft()
                if isinstance(task, _Collect):
                    self._collect(task, now_s)
                else:
                    self._settle(task.uid)
        finally:
            self._working = False

    def _collect(self, task: _Collect, now_s: float) -> None:
        collection, namespace, name = task.place
        dependent = collection.find(namespace, name)
        if dependent is None:
            return
        owners = dependent["metadata"].get("ownerReferences") or []
        if not any(owner.get("uid") == task.uid for owner in owners):
            return
        others = [owner for owner in owners if owner.get("uid") != task.uid]
        if any(self._keeps(owner, namespace) for owner in others):
            kept = [owner for owner in others if self._table.owner_exists(owner, namespace)]
            self._set_owners(task.place, dependent, kept)
        elif not is_deleting(dependent):
            # A dependent that has dependents of its own is waited for as its owner is.
            has_own = bool(self._table.dependents(dependent["metadata"]["uid"]))
            how = "Foreground" if task.foreground and has_own else "Background"
            self._delete(collection, namespace, name, dependent, now_s, how)

    def _keeps(self, owner: Mapping[str, Any], namespace: str) -> bool:
        manifest = self._table.by_uid(owner.get("uid", ""))
        if manifest is None:
            return self._table.owner_exists(owner, namespace)
        meta = manifest["metadata"]
        return not (is_deleting(manifest) and FOREGROUND in (meta.get("finalizers") or ()))

    def _orphan(self, uid: str) -> None:
        for place, dependent in self._table.dependents(uid):
            owners = dependent["metadata"].get("ownerReferences") or []
            kept = [owner for owner in owners if owner.get("uid") != uid]
            self._set_owners(place, dependent, kept)

    def _set_owners(self, place: Place, manifest: Manifest, owners: list[Any]) -> None:
        meta = {**manifest["metadata"], "ownerReferences": owners}
        if not owners:
            del meta["ownerReferences"]
        self._table.commit("MODIFIED", *place, {**manifest, "metadata": meta}, manifest)

    def _settle(self, uid: str) -> None:
        place = self._table.place_of(uid)
        owner = self._table.by_uid(uid)
        if place is None or owner is None or not is_deleting(owner):
            return
        if FOREGROUND not in (owner["metadata"].get("finalizers") or ()):
            return
        blocking = any(
            reference.get("uid") == uid and reference.get("blockOwnerDeletion")
            for _, dependent in self._table.dependents(uid)
            for reference in dependent["metadata"].get("ownerReferences") or ()
        )
        if not blocking:
            self._drop_finalizer(place, FOREGROUND)

    def _drop_finalizer(self, place: Place, finalizer: str) -> None:
        collection, namespace, name = place
        manifest = collection.find(namespace, name)
        if manifest is None:
            return
        finalizers = manifest["metadata"].get("finalizers") or ()
        kept = [each for each in finalizers if each != finalizer]
        meta = {**manifest["metadata"], "finalizers": kept}
        if not kept:
            del meta["finalizers"]
        changed = {**manifest, "metadata": meta}
        if kept or _holds(collection, changed):
            self._table.commit("MODIFIED", collection, namespace, name, changed, manifest)
        else:
            self._remove(collection, namespace, name, changed)

    # ── namespaces ─────────────────────────────────────────────────────────────────────────────

    def is_terminating(self, namespace: str) -> bool:
        """Tell whether a namespace is being deleted."""
        return namespace in self._terminating

    def _empty(self, namespace: str, now_s: float) -> None:
        for collection, name in list(self._table.contents_of(namespace)):
            manifest = collection.find(namespace, name)
            if manifest is not None and not is_deleting(manifest):
                self._delete(collection, namespace, name, manifest, now_s, "Background")
        self.settle_namespace(namespace)

    def settle_namespace(self, namespace: str) -> None:
        """Let a namespace go that is being deleted, once nothing is left in it."""
        manifest = self._table.namespaces.find("", namespace)
        if manifest is None:
            self._terminating.pop(namespace, None)
            return
        if namespace not in self._terminating or not self._table.is_empty(namespace):
            return
        spec = dict(manifest.get("spec") or {})
        others = [each for each in spec.pop("finalizers", None) or () if each != "kubernetes"]
        if others:
            spec["finalizers"] = others
        settled = {**manifest, "metadata": dict(manifest["metadata"]), "spec": spec}
        if not others and not manifest["metadata"].get("finalizers"):
            del self._terminating[namespace]
            self._remove(self._table.namespaces, "", namespace, settled)
        elif spec != manifest.get("spec"):
            self._table.commit("MODIFIED", self._table.namespaces, "", namespace, settled, manifest)


def _finalizers(old: Manifest, propagation: str) -> list[str]:
    finalizers = [
        each for each in old["metadata"].get("finalizers") or () if each not in (ORPHAN, FOREGROUND)
    ]
    if propagation == "Orphan":
        finalizers.append(ORPHAN)
    elif propagation == "Foreground":
        finalizers.append(FOREGROUND)
    return finalizers


def _marked(old: Manifest, finalizers: list[str], now_s: float) -> dict[str, Any]:
    meta = dict(old["metadata"])
    if finalizers or "finalizers" in meta:
        meta["finalizers"] = finalizers
    if not meta.get("deletionTimestamp"):
        meta["deletionTimestamp"] = timestamp(now_s)
        meta["deletionGracePeriodSeconds"] = 0
        if meta.get("generation"):
            meta["generation"] += 1
    if meta.get("finalizers") == []:
        del meta["finalizers"]
    return {**old, "metadata": meta}


def _holds(collection: Collection, manifest: Manifest) -> bool:
    """Tell whether something else than metadata.finalizers holds the object back."""
    is_namespace = collection.kind.kind == "Namespace" and not collection.kind.group
    return is_namespace and bool((manifest.get("spec") or {}).get("finalizers"))

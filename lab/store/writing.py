"""Create and replace: what stands between a client's manifest and the stored object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from lab.core.kinds import Kind, crd_kinds
from lab.core.manifest import Manifest
from lab.core.patch.merge_patch import same
from lab.store import refusals
from lab.store.collection import Collection
from lab.store.conversion import convert
from lab.store.crds import accepted_status, definition_causes
from lab.store.deletion import Remover
from lab.store.generation import starts_at
from lab.store.immutable import check_immutable
from lab.store.metadata import (
    SERVER_OWNED,
    check_finalizers,
    check_name,
    generated_name,
    label_causes,
    new_uid,
    stamped,
)
from lab.store.objects import ObjectTable
from lab.store.validation import check_types

Track = Callable[[Manifest | None, dict[str, Any]], Any]
"""Given the old and the new object, returns the new `managedFields` (None: there are none)."""
Default = Callable[[Manifest, Kind, Manifest | None], Manifest]
"""Fills in an API's defaults; the last argument is the old object."""
Operation = Literal["CREATE", "UPDATE", "DELETE"]
Admit = Callable[[Operation, Manifest | None, Manifest | None, float], Manifest | None]
"""Webhooks: (operation, new, old, now_s) -> the object to store (None: a deletion), or ApiError."""

# Kinds whose status a client may bring along when it creates them.
_KEEPS_STATUS = {("", "Node")}
# Kinds whose status update also takes over the annotations (registry/apps/deployment/strategy.go):
# the deployment controller notes its revision so, without a new generation.
_STATUS_TAKES_ANNOTATIONS = {("apps", "Deployment")}
_FIRST_PHASE = {
    ("", "Namespace"): "Active",
    ("", "Pod"): "Pending",
    ("", "PersistentVolumeClaim"): "Pending",
    ("", "PersistentVolume"): "Pending",
}


class Writer:
    """Creates and replaces objects by the rules of an API server."""

    def __init__(
        self,
        table: ObjectTable,
        remover: Remover,
        cluster: str,
        uid_seed: str,
        *,
        default: Default | None,
        check_namespaces: bool,
        admit: Admit | None = None,
    ) -> None:
        self._table = table
        self._remover = remover
        self._cluster = cluster
        self._uid_seed = uid_seed
        self._default = default
        self._check_namespaces = check_namespaces
        self._admit = admit
        self._created = 0
        self.clock_offset_s = 0.0
        """How far the server's clock is ahead."""

    # ── create ─────────────────────────────────────────────────────────────────────────────────

    def create(
        self,
        collection: Collection,
        manifest: Manifest,
        now_s: float,
        *,
        dry_run: bool = False,
        restore: bool = False,
        track: Track | None = None,
    ) -> Manifest:
        """Create an object; `restore` keeps its status and ignores its resourceVersion."""
        kind = collection.kind
        meta = manifest["metadata"]
        if meta.get("resourceVersion") and not restore:
            text = "resourceVersion should not be set on objects to be created"
            raise refusals.bad_request(text)
        check_types(
            self._table.kinds.get(manifest["apiVersion"], kind.kind) or kind, manifest, None
        )
        namespace = str(meta.get("namespace") or "") if kind.namespaced else ""
        name = self._name(collection, namespace, manifest)
        if error := check_name(kind, {**meta, "name": name}):
            raise error
        if collection.is_definition and (causes := definition_causes(manifest)):
            raise refusals.invalid(kind, name, causes)
        if kind.namespaced:
            self._check_namespace(collection, namespace, name)
        if collection.find(namespace, name) is not None:
            raise refusals.already_exists(kind, name)
        uid = new_uid(self._uid_seed, self._cluster, kind.kind, namespace, name, self._created + 1)
        new = dict(convert(manifest, kind, collection.stored_version))
        new["metadata"] = stamped(
            meta, uid, name, now_s + self.clock_offset_s, starts_at(collection.generation)
        )
        if not kind.namespaced:
            new["metadata"].pop("namespace", None)
        self._first_status(collection, new, now_s, restore)
        if self._default is not None:
            new = {**self._default(new, kind, None)}
            new["metadata"] = dict(new["metadata"])
        if self._admit is not None:
            new = self._admitted("CREATE", new, None, now_s)
        self._set_managed_fields(new, track(None, new) if track is not None else None)
        if dry_run:
            return new
        self._created += 1
        if collection.virtual is not None:
            return collection.virtual.create(new, now_s)
        if collection.is_definition:
            self._table.learn(crd_kinds(new))
        self._table.commit("ADDED", collection, namespace, name, new, None)
        if "ownerReferences" in new["metadata"]:
            self._remover.collect_unowned(collection, namespace, name, new, now_s)
        return new

    def _name(self, collection: Collection, namespace: str, manifest: Manifest) -> str:
        meta = manifest["metadata"]
        name = str(meta.get("name") or "")
        prefix = str(meta.get("generateName") or "")
        if name or not prefix:
            return name
        counter = self._created + 1
        while True:
            seed = f"{self._uid_seed}/{collection.kind.resource}/{namespace}"
            name = generated_name(prefix, seed, self._cluster, counter)
            if collection.find(namespace, name) is None:
                return name
            counter += 1_000_000

    def _check_namespace(self, collection: Collection, namespace: str, name: str) -> None:
        if not namespace:
            raise refusals.bad_request("an empty namespace may not be set during creation")
        if self._remover.is_terminating(namespace):
            why = (
                f"unable to create new content in namespace {namespace} "
                "because it is being terminated"
            )
            raise refusals.forbidden(collection.kind, name, why)
        if self._check_namespaces and self._table.namespaces.find("", namespace) is None:
            raise refusals.not_found(self._table.namespaces.kind, namespace)

    def _first_status(
        self, collection: Collection, new: dict[str, Any], now_s: float, restore: bool
    ) -> None:
        kind = collection.kind
        place = (kind.group, kind.kind)
        if place == ("", "Namespace"):
            meta = new["metadata"]
            label = {"kubernetes.io/metadata.name": meta["name"]}
            meta["labels"] = {**(meta.get("labels") or {}), **label}
            new["spec"] = {**(new.get("spec") or {}), "finalizers": ["kubernetes"]}
        if restore and "status" in new:
            return
        if collection.has_status and place not in _KEEPS_STATUS and not kind.guessed:
            new.pop("status", None)
        if phase := _FIRST_PHASE.get(place):
            new["status"] = {"phase": phase}
        elif collection.is_definition:
            new["status"] = accepted_status(new, now_s)

    def _admitted(
        self, operation: Operation, new: Manifest, old: Manifest | None, now_s: float
    ) -> dict[str, Any]:
        """Return what the webhooks make of an object, with a metadata that may be written to."""
        assert self._admit is not None
        admitted = self._admit(operation, new, old, now_s)
        assert admitted is not None, "only a deletion has no object"
        return {**admitted, "metadata": {**admitted["metadata"]}}

    def admit_delete(self, old: Manifest, now_s: float) -> None:
        """Ask the webhooks whether an object may be deleted.

        Raises:
            ApiError: One of them refuses.
        """
        if self._admit is not None:
            self._admit("DELETE", None, old, now_s)

    # ── replace ────────────────────────────────────────────────────────────────────────────────

    def replace(
        self,
        collection: Collection,
        old: Manifest,
        manifest: Manifest,
        now_s: float,
        *,
        subresource: str = "",
        dry_run: bool = False,
        track: Track | None = None,
    ) -> Manifest:
        """Replace `old` (an object of the collection) or one subresource of it."""
        old_meta = old["metadata"]
        given = manifest["metadata"]
        version = given.get("resourceVersion")
        if version and version != old_meta["resourceVersion"]:
            raise refusals.conflict(collection.kind, old_meta["name"], refusals.MODIFIED)
        uid = given.get("uid")
        if uid and uid != old_meta["uid"]:
            raise self._other_uid(collection, old_meta, uid)
        if manifest["apiVersion"] != collection.stored_version:
            manifest = convert(manifest, collection.kind, collection.stored_version)
        if given is not old_meta or manifest.get("spec") is not old.get("spec"):
            check_types(collection.kind, manifest, old, collection.type)
        if subresource == "status":
            new = {**old, "status": manifest.get("status") or {}}
            if "status" not in manifest:
                del new["status"]
            meta = new["metadata"] = dict(old_meta)
            if (collection.kind.group, collection.kind.kind) in _STATUS_TAKES_ANNOTATIONS:
                if "annotations" in given:
                    meta["annotations"] = given["annotations"]
                else:
                    meta.pop("annotations", None)
        else:
            new = {**manifest}
            meta = new["metadata"] = {**given}
            # A path copy that left metadata alone shares it: nothing to guard or to check then.
            if given is not old_meta:
                for key in SERVER_OWNED:
                    if key in old_meta:
                        meta[key] = old_meta[key]
                    elif key in meta:
                        del meta[key]
                meta["resourceVersion"] = old_meta["resourceVersion"]
            if collection.has_status:
                if "status" in old:
                    new["status"] = old["status"]
                elif "status" in new:
                    del new["status"]
            if collection is self._table.namespaces:
                self._keep_namespace(old, new)
            if self._default is not None:
                new = {**self._default(new, collection.kind, old)}
                meta = new["metadata"] = {**new["metadata"]}
            if self._admit is not None:
                new = self._admitted("UPDATE", new, old, now_s)
                meta = new["metadata"]
            if given is not old_meta or self._admit is not None:
                self._check_metadata(collection, old, meta)
            if collection.has_immutable:
                check_immutable(collection.kind, new, old)
        rule = None if subresource == "status" else collection.generation
        if rule is not None and rule(old, new):
            meta["generation"] = int(old_meta.get("generation") or 0) + 1
        if track is not None:
            self._set_managed_fields(new, track(old, new))
        if new == old and same(new, old):
            return old
        if dry_run:
            return new
        return self._store(collection, old, new, subresource, now_s)

    def _store(
        self,
        collection: Collection,
        old: Manifest,
        new: dict[str, Any],
        subresource: str,
        now_s: float,
    ) -> Manifest:
        meta = new["metadata"]
        namespace, name = meta.get("namespace") or "", meta["name"]
        if collection.virtual is not None:
            return collection.virtual.replace(old, new, subresource, now_s)
        if "deletionTimestamp" in meta and self._remover.after_update(
            collection, namespace, name, new, now_s
        ):
            return new
        if collection.is_definition and new.get("spec") is not old.get("spec"):
            self._table.unlearn_versions(crd_kinds(old), crd_kinds(new))
            self._table.learn(crd_kinds(new))
        self._table.commit("MODIFIED", collection, namespace, name, new, old)
        return new

    @staticmethod
    def _keep_namespace(old: Manifest, new: dict[str, Any]) -> None:
        # Who may let a namespace go is the server's own business, and so is its name as a label.
        if old.get("spec") is not new.get("spec"):
            new["spec"] = old.get("spec") or {}
        meta = new["metadata"]
        label = {"kubernetes.io/metadata.name": meta["name"]}
        if (meta.get("labels") or {}).get("kubernetes.io/metadata.name") != meta["name"]:
            meta["labels"] = {**(meta.get("labels") or {}), **label}

    def _check_metadata(self, collection: Collection, old: Manifest, meta: dict[str, Any]) -> None:
        old_meta = old["metadata"]
        if meta.get("finalizers") is not old_meta.get("finalizers"):
            if meta.get("deletionTimestamp"):
                finalizers = meta.get("finalizers") or ()
                error = check_finalizers(collection.kind, old_meta["name"], old, finalizers)
                if error:
                    raise error
            if meta.get("finalizers") == []:
                del meta["finalizers"]
        if meta.get("labels") is not old_meta.get("labels") or meta.get(
            "annotations"
        ) is not old_meta.get("annotations"):
            causes = label_causes(meta)
            if causes:
                raise refusals.invalid(collection.kind, old_meta["name"], causes)
            for key in ("labels", "annotations"):
                if key in meta and not meta[key]:
                    del meta[key]

    def _other_uid(self, collection: Collection, old_meta: Any, uid: str) -> Exception:
        kind, name = collection.kind, old_meta["name"]
        place = "/".join(filter(None, (kind.group, kind.plural, old_meta.get("namespace"), name)))
        why = (
            f"StorageError: invalid object, Code: 4, Key: /registry/{place}, ResourceVersion: 0, "
            f"AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, "
            f"UID in object meta: {old_meta['uid']}"
        )
        return refusals.conflict(kind, name, why)

    @staticmethod
    def _set_managed_fields(new: dict[str, Any], managed: Any) -> None:
        if managed:
            new["metadata"]["managedFields"] = managed

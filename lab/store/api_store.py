"""An API server in memory: every verb, as kube-apiserver answers it.

Objects are frozen: what `get` returns is the stored object itself, and every write makes a new one
that shares what did not change. A write that changes nothing is dropped, as the real server does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.core.defaulting import default_object
from lab.core.kinds import KindRegistry
from lab.core.manifest import Manifest
from lab.core.model import Action, Apply, Create, Delete, Key, Patch, PatchType, Update
from lab.store import refusals
from lab.store.apply import applied_fields, apply, tracked
from lab.store.collection import Collection
from lab.store.conversion import convert
from lab.store.deletion import PROPAGATIONS, Remover
from lab.store.objects import ObjectTable
from lab.store.patching import patched, scale_of, scaled
from lab.store.reading import Page, ReadSide, served
from lab.store.rewind import rewind
from lab.store.validation import check_types
from lab.store.virtual import Announcer, VirtualCollection
from lab.store.virtual_rows import RowAnnouncer
from lab.store.writing import Admit, Track, Writer

__all__ = ["SYSTEM_NAMESPACES", "UNKNOWN_MANAGER", "ApiStore", "Page"]

UNKNOWN_MANAGER = "unknown"
"""Field manager of a writer that gives no name."""
SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


class ApiStore(ReadSide):
    """The objects of one cluster (the hub or a simulated member) behind an API server's rules.

    Args:
        cluster: Name of the cluster, `HUB` for the control plane.
        kinds: What is served. CustomResourceDefinitions add to it: give each store its own.
        history_limit: How many changes watches can go back.
        uid_seed: Part of every uid, so that two runs may differ.
        defaulting: Fill in the API's own defaults, as a real server does.
        namespaces: Namespaces that exist from the start.
        check_namespaces: Refuse objects in namespaces that do not exist.
        admit: The webhooks in front of this server.
        track_managers: Note every writer in metadata.managedFields, as a real server does. Off,
            only objects that were ever applied (server-side) have managers noted.
    """

    def __init__(
        self,
        cluster: str,
        kinds: KindRegistry,
        *,
        history_limit: int = 100_000,
        uid_seed: str = "",
        defaulting: bool = False,
        namespaces: Sequence[str] = SYSTEM_NAMESPACES,
        check_namespaces: bool = True,
        admit: Admit | None = None,
        track_managers: bool = False,
    ) -> None:
        self.cluster = cluster
        self._track_managers = track_managers
        self.kinds = kinds
        super().__init__(ObjectTable(kinds, history_limit))
        self._remover = Remover(self._table)
        self._writer = Writer(
            self._table,
            self._remover,
            cluster,
            uid_seed,
            default=default_object if defaulting else None,
            check_namespaces=check_namespaces,
            admit=admit,
        )
        for name in namespaces:
            self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, 0.0)

    # ── what can be wrong with it ──────────────────────────────────────────────────────────────

    def set_clock(self, offset_s: float) -> None:
        """Let the server's clock be ahead (or behind) in the times it writes itself.

        They are when objects were created and when their deletion was asked for. Rows of virtual
        collections keep the true time.
        """
        self._writer.clock_offset_s = self._remover.clock_offset_s = offset_s

    def rewind(self, version: int) -> int:
        """Lose all writes after a version, as far back as the history goes; return how many
        objects were changed. Rows of virtual collections stay as they are.
        """
        return rewind(self._table, self._remover, version)

    # ── writing ────────────────────────────────────────────────────────────────────────────────

    def create(
        self,
        manifest: Manifest,
        now_s: float,
        *,
        dry_run: bool = False,
        restore: bool = False,
        field_manager: str = UNKNOWN_MANAGER,
    ) -> Manifest:
        """Create an object and return it as stored.

        Args:
            manifest: With metadata.name or metadata.generateName; a uid of its own is kept.
            now_s: Its creationTimestamp.
            dry_run: Do everything but store it.
            restore: Keep the status too, and do not mind a resourceVersion: objects that stood
                in a cluster before the run began.
            field_manager: Who writes, for metadata.managedFields.

        Raises:
            ApiError: AlreadyExists, NotFound (namespace), Forbidden (it is being deleted), Invalid.
        """
        collection = self._collection_of(manifest)
        track = self._track(collection, None, field_manager, "", now_s)
        new = self._writer.create(
            collection, manifest, now_s, dry_run=dry_run, restore=restore, track=track
        )
        return served(collection, manifest["apiVersion"], new)

    def update(
        self,
        manifest: Manifest,
        now_s: float,
        *,
        subresource: str = "",
        dry_run: bool = False,
        field_manager: str = UNKNOWN_MANAGER,
    ) -> Manifest:
        """Replace an object, or its status, or its scale (then only spec.replicas is read).

        Raises:
            ApiError: NotFound, Conflict (metadata.resourceVersion is not the latest), Invalid.
        """
        collection = self._collection_of(manifest)
        old = self._existing(collection, manifest["metadata"])
        new = manifest
        if subresource:
            _check_subresource(collection, subresource)
        track = self._track(collection, old, field_manager, subresource, now_s)
        if subresource == "scale":
            new, subresource = scaled(collection, old, manifest), ""
        new = self._writer.replace(
            collection, old, new, now_s, subresource=subresource, dry_run=dry_run, track=track
        )
        return served(collection, manifest["apiVersion"], new)

    def patch(
        self,
        key: Key,
        body: Any,
        patch_type: PatchType,
        now_s: float,
        *,
        subresource: str = "",
        dry_run: bool = False,
        field_manager: str = UNKNOWN_MANAGER,
    ) -> Manifest:
        """Patch an object, its status or its scale; returns the object itself.

        Raises:
            ApiError: NotFound, 415 (strategic on a custom resource), 422 (it does not fit).
        """
        collection = self._table.collection(key.api_version, key.kind, key.namespace)
        old = collection.find(key.namespace, key.name)
        if old is None:
            raise refusals.not_found(collection.kind, key.name)
        _check_subresource(collection, subresource)
        track = self._track(collection, old, field_manager, subresource, now_s)
        old_served = convert(old, collection.kind, key.api_version)
        if subresource == "scale":
            scale = patched(collection, scale_of(old), body, patch_type)
            new, subresource = scaled(collection, old, scale), ""
        else:
            new = patched(collection, old_served, body, patch_type)
        stored = self._writer.replace(
            collection, old, new, now_s, subresource=subresource, dry_run=dry_run, track=track
        )
        return served(collection, key.api_version, stored)

    def apply(
        self,
        manifest: Manifest,
        field_manager: str,
        now_s: float,
        *,
        force: bool = False,
        dry_run: bool = False,
        subresource: str = "",
    ) -> Manifest:
        """Apply a manifest (server-side): create the object, or merge and note who manages what.

        Fields this manager applied before and leaves out now are removed, unless somebody else
        manages them too.

        Raises:
            ApiError: Conflict, if other managers have other values in these fields and not `force`.
        """
        collection = self._collection_of(manifest)
        kind = collection.kind
        meta = manifest["metadata"]
        if not field_manager:
            raise refusals.bad_request(
                'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: '
                "is required for apply patch"
            )
        if meta.get("managedFields") is not None:
            raise refusals.bad_request("metadata.managedFields must be nil")
        if not meta.get("name"):
            raise refusals.bad_request("name is required")
        _check_subresource(collection, subresource)
        old = collection.find(meta.get("namespace") or "", meta["name"])
        check_types(self.kinds.get(manifest["apiVersion"], kind.kind) or kind, manifest, None)
        applied = apply(
            old,
            _applied_config(collection, manifest, subresource),
            collection.type,
            field_manager,
            force=force,
            subresource=subresource,
            custom=kind.custom,
        )

        def track(before: Manifest | None, new: dict[str, Any]) -> Any:
            return applied_fields(before, new, applied, now_s)

        if old is not None:
            stored = self._writer.replace(
                collection,
                old,
                applied.object,
                now_s,
                subresource=subresource,
                dry_run=dry_run,
                track=track,
            )
        elif subresource:
            raise refusals.not_found(kind, meta["name"])
        elif meta.get("uid"):
            why = (
                f"uid mismatch: the provided object specified uid {meta['uid']}, "
                "and no existing object was found"
            )
            raise refusals.conflict(kind, meta["name"], why)
        else:
            stored = self._writer.create(
                collection, applied.object, now_s, dry_run=dry_run, track=track
            )
        return served(collection, manifest["apiVersion"], stored)

    def delete(
        self,
        key: Key,
        now_s: float,
        *,
        propagation: str = "Background",
        uid: str = "",
        resource_version: str = "",
        grace_s: float | None = None,
        dry_run: bool = False,
    ) -> Manifest | None:
        """Delete an object; return what finalizers still hold, or None if it is gone.

        Dependents follow (Background), are waited for (Foreground) or are left alone (Orphan).

        Raises:
            ApiError: NotFound, or Conflict if the uid or resourceVersion is another.
        """
        if propagation not in PROPAGATIONS:
            raise refusals.bad_request(f'invalid propagation policy: "{propagation}"')
        collection = self._table.collection(key.api_version, key.kind, key.namespace)
        old = collection.find(key.namespace, key.name)
        if old is None:
            raise refusals.not_found(collection.kind, key.name)
        _check_preconditions(collection, old, uid, resource_version)
        self._writer.admit_delete(old, now_s)
        if dry_run:
            return old
        if collection.virtual is not None:
            return collection.virtual.remove(key.namespace, key.name, now_s, grace_s)
        self._remover.delete(collection, key.namespace, key.name, old, now_s, propagation)
        left = collection.find(key.namespace, key.name)
        return None if left is None else served(collection, key.api_version, left)

    def execute(
        self, action: Action, now_s: float, field_manager: str = UNKNOWN_MANAGER
    ) -> Manifest | None:
        """Carry out an action of a controller; return the object after it.

        Raises:
            ApiError: The server refused it.
            TypeError: The action is no write (Subscribe and Probe are for the member).
        """
        if isinstance(action, Create):
            return self.create(action.object, now_s, field_manager=field_manager)
        if isinstance(action, Update):
            return self.update(
                action.object,
                now_s,
                subresource=action.subresource,
                field_manager=field_manager,
            )
        if isinstance(action, Patch):
            return self.patch(
                action.key,
                action.body,
                action.patch_type,
                now_s,
                subresource=action.subresource,
                field_manager=field_manager,
            )
        if isinstance(action, Apply):
            return self.apply(action.object, action.field_manager, now_s, force=action.force)
        if isinstance(action, Delete):
            return self.delete(action.key, now_s, propagation=action.propagation, uid=action.uid)
        raise TypeError(f"{type(action).__name__} is no write to a store")

    def _track(
        self,
        collection: Collection,
        old: Manifest | None,
        field_manager: str,
        subresource: str,
        now_s: float,
    ) -> Track | None:
        noted = old is not None and "managedFields" in old["metadata"]
        if not noted and not self._track_managers:
            return None
        kind = collection.kind
        type_ = collection.type

        def track(before: Manifest | None, new: dict[str, Any]) -> Any:
            return tracked(
                before,
                new,
                type_,
                field_manager,
                now_s,
                subresource=subresource,
                custom=kind.custom,
            )

        return track

    def _collection_of(self, manifest: Manifest) -> Collection:
        meta = manifest.get("metadata")
        if not isinstance(meta, dict):
            raise refusals.bad_request("metadata is missing or no map")
        api_version, kind = manifest.get("apiVersion") or "", manifest.get("kind") or ""
        if not isinstance(api_version, str) or not isinstance(kind, str):
            raise refusals.bad_request("apiVersion and kind must be texts")
        namespace, name = meta.get("namespace") or "", meta.get("name") or ""
        if not isinstance(namespace, str) or not isinstance(name, str):
            raise refusals.bad_request("metadata.name and metadata.namespace must be texts")
        return self._table.collection(api_version, kind, namespace)

    def _existing(self, collection: Collection, meta: Any) -> Manifest:
        name = meta.get("name") or ""
        old = collection.find(meta.get("namespace") or "", name)
        if old is None:
            raise refusals.not_found(collection.kind, name)
        return old

    def register_virtual(self, virtual: VirtualCollection) -> Announcer:
        """Let a collection render its kind on demand; it tells of changes through the result."""
        collection = self._table.collection(virtual.api_version, virtual.kind)
        assert not collection.namespaces, f"{virtual.kind} already has stored objects"
        collection.virtual = virtual
        return RowAnnouncer(self._table, self._remover, collection)


def _check_subresource(collection: Collection, subresource: str) -> None:
    if subresource in ("", "scale"):
        return
    kind = collection.kind
    if subresource != "status" or not (collection.has_status or kind.guessed):
        raise refusals.not_served()


def _check_preconditions(
    collection: Collection, old: Manifest, uid: str, resource_version: str
) -> None:
    meta = old["metadata"]
    if uid and uid != meta["uid"]:
        why = (
            f"the UID in the precondition ({uid}) does not match the UID in record "
            f"({meta['uid']}). The object might have been deleted and then recreated"
        )
        raise refusals.deletion_conflict(collection.kind, meta["name"], why)
    if resource_version and resource_version != meta["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({resource_version}) does not match the "
            f"ResourceVersion in record ({meta['resourceVersion']}). "
            "The object might have been modified"
        )
        raise refusals.deletion_conflict(collection.kind, meta["name"], why)


def _applied_config(collection: Collection, manifest: Manifest, subresource: str) -> dict[str, Any]:
    """Return the part of an applied manifest that the request is about."""
    meta = manifest["metadata"]
    config = dict(convert(manifest, collection.kind, collection.stored_version))
    if subresource == "status":
        identity = {k: meta[k] for k in ("name", "namespace", "uid") if k in meta}
        config = {**{k: config[k] for k in ("apiVersion", "kind")}, "metadata": identity}
        config["status"] = manifest.get("status") or {}
    elif collection.has_status:
        config.pop("status", None)
    return config

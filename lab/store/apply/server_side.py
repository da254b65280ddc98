"""The two operations on managed fields: a manifest is applied, or an object is updated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lab.core.fields import FieldType
from lab.core.manifest import Manifest, timestamp
from lab.store.apply.field_sets import FieldSet, compare, field_set, with_named_parents
from lab.store.apply.managers import Managed, Manager, Managers, applier, conflict, decode, encode
from lab.store.apply.typed_merge import merge, without, without_nulls

_STRIPPED: FieldSet = frozenset(
    {
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", "f:" + name)
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "generation",
                "managedFields",
                "resourceVersion",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
            )
        ),
    }
)
FIRST = "before-first-apply"
"""Who manages the fields of an object whose managers were not noted before the first apply."""


class Applied(NamedTuple):
    """The outcome of an apply: the merged object, and who manages what once it is stored."""

    object: dict[str, Any]
    managers: Managers
    manager: Manager


def apply(
    live: Manifest | None,
    config: Manifest,
    type_: FieldType,
    field_manager: str,
    *,
    force: bool = False,
    subresource: str = "",
    custom: bool = False,
) -> Applied:
    """Merge an applied manifest into the live object (None: it is not there yet).

    Args:
        live: The object as stored.
        config: What the manager wants, and nothing more.
        type_: Type of the kind; its lists and maps say how they are merged.
        field_manager: Who applies. Fields it applied before and leaves out now are removed,
            unless somebody else manages them too.
        force: Take conflicting fields from their managers.
        subresource: "status" if only that is applied.
        custom: The kind is a custom resource.

    Raises:
        ApiError: Conflict (409), listing the fields others manage with other values.
    """
    before: Mapping[str, Any] = live or {}
    managers = decode(before.get("metadata", {}).get("managedFields"))
    version = config["apiVersion"]
    if live is not None and not managers:
        paths = compare({}, live, type_, custom=custom).added - _STRIPPED
        first = Manager(FIRST, "Update", version, "")
        stamp = live["metadata"].get("creationTimestamp", "")
        managers[first] = Managed(_main_only(paths, subresource), stamp, version)
    self = applier(field_manager, subresource)
    last = managers.get(self)
    wanted = field_set(config, type_) - _STRIPPED
    managers[self] = Managed(wanted, last.time if last else "", version)
    merged = merge(before, config, type_) if live is not None else dict(config)
    if last is not None and last.paths:
        managed: FieldSet = frozenset().union(*(each.paths for each in managers.values()))
        gone = with_named_parents(last.paths, type_) - with_named_parents(managed, type_)
        merged = without(merged, type_, gone)
    merged = without_nulls(merged)
    _take_over(before, merged, managers, self, type_, force=force, custom=custom)
    return Applied(dict(merged), managers, self)


def _main_only(paths: FieldSet, subresource: str) -> FieldSet:
    # Fields of the status were written by controllers; a first apply does not fight for them.
    if subresource == "status":
        return paths
    return frozenset(path for path in paths if path[0] != "f:status")


def _take_over(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    managers: Managers,
    self: Manager,
    type_: FieldType,
    *,
    force: bool,
    custom: bool,
) -> FieldSet:
    """Take changed and removed fields from all other managers; return what `self` wrote."""
    added, modified, removed = compare(old, new, type_, custom=custom)
    written = added | modified
    conflicts = {
        manager: managed.paths & written
        for manager, managed in managers.items()
        if manager != self and managed.paths & written
    }
    if conflicts and not force:
        raise conflict(conflicts)
    for manager, managed in list(managers.items()):
        taken = (written | removed) if manager != self else removed
        if managed.paths & taken and manager != self:
            managers[manager] = managed._replace(paths=managed.paths - taken)
        if not managers[manager].paths:
            del managers[manager]
    return written


def applied_fields(old: Manifest | None, new: Manifest, applied: Applied, now_s: float) -> Any:
    """Return the `managedFields` of an applied object; the time moves only if something changed."""
    managers = dict(applied.managers)
    mine = managers.get(applied.manager)
    if mine is not None:
        before = decode(old["metadata"].get("managedFields")) if old is not None else {}
        earlier = before.get(applied.manager)
        same = old is not None and _bare(old) == _bare(new)
        if earlier is None or not same or earlier.paths != mine.paths:
            managers[applied.manager] = mine._replace(time=timestamp(now_s))
    return encode(managers)


def _bare(manifest: Manifest) -> dict[str, Any]:
    meta = {key: value for key, value in manifest["metadata"].items() if key != "managedFields"}
    return {**manifest, "metadata": meta}


def tracked(
    old: Manifest | None,
    new: Manifest,
    type_: FieldType,
    field_manager: str,
    now_s: float,
    *,
    subresource: str = "",
    custom: bool = False,
) -> list[dict[str, Any]]:
    """Return the `managedFields` after a create or update: who writes a field manages it."""
    before: Mapping[str, Any] = old if old is not None else {}
    managers = decode(before.get("metadata", {}).get("managedFields"))
    self = Manager(field_manager, "Update", new["apiVersion"], subresource)
    previous = managers.pop(self, None)
    nobody = self._replace(name="\0current operation")
    written = _take_over(before, new, managers, nobody, type_, force=True, custom=custom)
    written -= _STRIPPED
    removed = compare(before, new, type_, custom=custom).removed
    kept = previous.paths - removed if previous is not None else frozenset()
    if written:
        managers[self] = Managed(written | kept, timestamp(now_s), self.api_version)
    elif kept and previous is not None:
        managers[self] = previous._replace(paths=kept)
    return encode(managers)

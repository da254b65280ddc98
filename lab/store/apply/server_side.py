"""The two operations on managed fields: a manifest is applied, or an object is updated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lab.core.fields import FieldType
from lab.core.manifest import Manifest, timestamp
from lab.store.apply.field_sets import (
    Comparison,
    FieldSet,
    compare,
    field_set,
    with_named_parents,
)
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
    fresh = Managed(wanted, "", version)
    managers[self] = fresh if last is None else last.changed(wanted, last.time)
    merged = merge(before, config, type_) if live is not None else dict(config)
    if last is not None and last.paths:
        managed: FieldSet = frozenset().union(*(each.paths for each in managers.values()))
        gone = with_named_parents(last.paths, type_) - with_named_parents(managed, type_)
        # Name, uid and the like are managed by nobody: metadata stays when all else in it goes.
        merged = without(merged, type_, gone - {("f:metadata",)})
    merged = without_nulls(merged)
    difference = compare(before, merged, type_, custom=custom)
    _take_over(difference, managers, self, force=force)
    return Applied(dict(merged), managers, self)


def _main_only(paths: FieldSet, subresource: str) -> FieldSet:
    # Fields of the status were written by controllers; a first apply does not fight for them.
    if subresource == "status":
        return paths
    return frozenset(path for path in paths if path[0] != "f:status")


def _take_over(
    difference: Comparison, managers: Managers, self: Manager | None, *, force: bool
) -> None:
    """Take changed and removed fields from all managers but `self`.

    Raises:
        ApiError: Conflict, if others have changed fields and not `force`.
    """
    written = difference.added | difference.modified
    others = [manager for manager in managers if manager != self]
    if not force:
        conflicts = {m: managers[m].paths & written for m in others if managers[m].paths & written}
        if conflicts:
            raise conflict(conflicts)
    taken = written | difference.removed
    for manager in others:
        managed = managers[manager]
        if managed.paths & taken:
            managers[manager] = managed.changed(managed.paths - taken, managed.time)
    for manager in [manager for manager, managed in managers.items() if not managed.paths]:
        del managers[manager]


def applied_fields(old: Manifest | None, new: Manifest, applied: Applied, now_s: float) -> Any:
    """Return the `managedFields` of an applied object; the time moves only if something changed."""
    managers = dict(applied.managers)
    mine = managers.get(applied.manager)
    if mine is not None:
        before = decode(old["metadata"].get("managedFields")) if old is not None else {}
        earlier = before.get(applied.manager)
        same = old is not None and _bare(old) == _bare(new)
        if earlier is None or not same or earlier.paths != mine.paths:
            managers[applied.manager] = mine.changed(mine.paths, timestamp(now_s))
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
    difference = compare(before, new, type_, custom=custom)
    _take_over(difference, managers, None, force=True)
    written = (difference.added | difference.modified) - _STRIPPED
    if previous is not None and not written and not previous.paths & difference.removed:
        managers[self] = previous
    else:
        kept = previous.paths - difference.removed if previous is not None else frozenset()
        time = timestamp(now_s) if written or previous is None else previous.time
        if previous is not None:
            managers[self] = previous.changed(written | kept, time)
        else:
            managers[self] = Managed(written, time, self.api_version)
        if not managers[self].paths:
            del managers[self]
    return encode(managers)

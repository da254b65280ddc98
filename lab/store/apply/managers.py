"""`metadata.managedFields` as data: one record per manager, operation, version and subresource."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lab.core.errors import ApiError, Cause
from lab.store.apply.field_sets import (
    FieldPath,
    FieldSet,
    from_fields_v1,
    path_text,
    to_fields_v1,
)


class Manager(NamedTuple):
    """Who manages fields. An applier is the same one in every API version (then it is empty)."""

    name: str
    operation: str
    api_version: str
    subresource: str

    def __str__(self) -> str:
        text = json.dumps(self.name, ensure_ascii=False)
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


class Managed(NamedTuple):
    """What a manager manages: the paths, since when, and in which version they were written.

    `entry` is what it was read from, as long as nothing changed: it is written again as it is.
    """

    paths: FieldSet
    time: str
    api_version: str
    entry: Mapping[str, Any] | None = None

    def changed(self, paths: FieldSet, time: str) -> Managed:
        """Return what is managed after a change; a list that stays is not written anew."""
        entry = None
        if self.entry is not None and paths == self.paths:
            entry = {**self.entry, "time": time}
        return Managed(paths, time, self.api_version, entry)


Managers = dict[Manager, Managed]


def applier(name: str, subresource: str = "") -> Manager:
    """Return the identity of who applies."""
    return Manager(name, "Apply", "", subresource)


def decode(entries: Iterable[Mapping[str, Any]] | None) -> Managers:
    """Return the managers that a `managedFields` list holds."""
    managers: Managers = {}
    for entry in entries or ():
        operation, version = entry.get("operation", ""), entry.get("apiVersion", "")
        manager = Manager(
            entry.get("manager", ""),
            operation,
            "" if operation == "Apply" else version,
            entry.get("subresource", ""),
        )
        paths = _paths(entry.get("fieldsV1") or {})
        managers[manager] = Managed(paths, entry.get("time", ""), version, entry)
    return managers


_KNOWN: dict[int, tuple[Mapping[str, Any], FieldSet]] = {}
_KNOWN_LIMIT = 4096


def _paths(fields: Mapping[str, Any]) -> FieldSet:
    # Stored objects are frozen, so the same map is read again and again: it is kept with its set.
    known = _KNOWN.get(id(fields))
    return known[1] if known is not None else _remember(fields, from_fields_v1(fields))


def _remember(fields: Mapping[str, Any], paths: FieldSet) -> FieldSet:
    if len(_KNOWN) >= _KNOWN_LIMIT:
        _KNOWN.clear()
    _KNOWN[id(fields)] = (fields, paths)
    return paths


def encode(managers: Managers) -> list[dict[str, Any]]:
    """Return a `managedFields` list, in the order the API server keeps."""
    entries: list[Any] = []
    for manager, managed in managers.items():
        if managed.entry is not None:
            entries.append(managed.entry)
            continue
        fields = to_fields_v1(managed.paths)
        _remember(fields, managed.paths)
        entry: dict[str, Any] = {
            "manager": manager.name,
            "operation": manager.operation,
            "apiVersion": managed.api_version,
            "time": managed.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields,
        }
        if manager.subresource:
            entry["subresource"] = manager.subresource
        entries.append(entry)
    order = ("operation", "time", "manager", "apiVersion", "subresource")
    return sorted(entries, key=lambda entry: [entry.get(key, "") for key in order])


def conflict(conflicts: Mapping[Manager, FieldSet]) -> ApiError:
    """Return the refusal of an apply that would change fields other managers have."""
    pairs = [(manager, path) for manager in conflicts for path in _sorted(conflicts[manager])]
    pairs.sort(key=lambda pair: str(pair[0]))
    causes = [
        Cause(path_text(path), "FieldManagerConflict", f"conflict with {manager}")
        for manager, path in pairs
    ]
    if len(pairs) == 1:
        manager, path = pairs[0]
        text = f"Apply failed with 1 conflict: conflict with {manager}: {path_text(path)}"
    else:
        lines: list[str] = []
        for index, (manager, path) in enumerate(pairs):
            if index == 0 or pairs[index - 1][0] != manager:
                lines.append(f"conflicts with {manager}:")
            lines.append(f"- {path_text(path)}")
        text = f"Apply failed with {len(pairs)} conflicts: " + "\n".join(lines)
    return ApiError(409, "Conflict", text, causes)


def _sorted(paths: FieldSet) -> list[FieldPath]:
    return sorted(paths)

"""Read and replace inside manifests by path. Every change is a path copy: a new manifest that
shares all untouched branches with the old one (180 times cheaper than a deep copy, measured).

A manifest is plain JSON data (dict, list, str, int, float, bool, None) and is frozen by convention
once it has left the function that built it: nobody may change it in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import floor
from typing import Any

Manifest = Mapping[str, Any]
Path = Sequence[str | int]

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""What a timestamp of simulated second 0 reads."""


def get_in(manifest: Any, path: Path, default: Any = None) -> Any:
    """Return the value at `path` (keys and list indexes), or `default` where the path ends early.

    Example:
        >>> get_in({"spec": {"containers": [{"name": "a"}]}}, ("spec", "containers", 0, "name"))
        'a'
    """
    node = manifest
    for step in path:
        if type(node) is dict or isinstance(node, Mapping):  # the first test is the fast one
            if step not in node:
                return default
            node = node[step]
        elif isinstance(node, list) and isinstance(step, int) and -len(node) <= step < len(node):
            node = node[step]
        else:
            return default
    return node


def set_in(manifest: Manifest, path: Path, value: Any) -> dict[str, Any]:
    """Return a copy of `manifest` with `value` at `path`; missing maps on the way are made.

    Raises:
        TypeError: A step of the path goes through something that is neither map nor list.
    """
    result: dict[str, Any] = _set(manifest, path, 0, value)
    return result


def _set(node: Any, path: Path, depth: int, value: Any) -> Any:
    if depth == len(path):
        return value
    step = path[depth]
    if isinstance(step, int) and isinstance(node, list):
        copied = list(node)
        copied[step] = _set(node[step], path, depth + 1, value)
        return copied
    if node is None:
        node = {}
    if type(node) is not dict and not isinstance(node, Mapping):
        raise TypeError(f"cannot set {list(path)!r}: {list(path[:depth])!r} is not a map")
    return {**node, step: _set(node.get(step), path, depth + 1, value)}


def drop_in(manifest: Manifest, path: Path) -> Manifest:
    """Return a copy of `manifest` without what stands at `path`; itself if nothing does."""
    *parents, last = path
    holder = get_in(manifest, parents)
    if (type(holder) is dict or isinstance(holder, Mapping)) and last in holder:
        kept: Any = {key: value for key, value in holder.items() if key != last}
    elif isinstance(holder, list) and isinstance(last, int) and 0 <= last < len(holder):
        kept = holder[:last] + holder[last + 1 :]
    else:
        return manifest
    return set_in(manifest, parents, kept) if parents else kept


def name_of(manifest: Manifest) -> str:
    """Return `metadata.name`, or an empty text."""
    return str((manifest.get("metadata") or {}).get("name") or "")


def namespace_of(manifest: Manifest) -> str:
    """Return `metadata.namespace`, or an empty text."""
    return str((manifest.get("metadata") or {}).get("namespace") or "")


def uid_of(manifest: Manifest) -> str:
    """Return `metadata.uid`, or an empty text."""
    return str((manifest.get("metadata") or {}).get("uid") or "")


def labels_of(manifest: Manifest) -> Mapping[str, str]:
    """Return `metadata.labels`, never None."""
    return (manifest.get("metadata") or {}).get("labels") or {}


def annotations_of(manifest: Manifest) -> Mapping[str, str]:
    """Return `metadata.annotations`, never None."""
    return (manifest.get("metadata") or {}).get("annotations") or {}


def spec_of(manifest: Manifest) -> Mapping[str, Any]:
    """Return `spec`, never None."""
    return manifest.get("spec") or {}


def status_of(manifest: Manifest) -> Mapping[str, Any]:
    """Return `status`, never None."""
    return manifest.get("status") or {}


def is_deleting(manifest: Manifest) -> bool:
    """Tell whether deletion has begun and waits for finalizers."""
    return bool((manifest.get("metadata") or {}).get("deletionTimestamp"))


def with_labels(manifest: Manifest, changes: Mapping[str, str | None]) -> Manifest:
    """Return a copy with labels set, or dropped where the new value is None."""
    return _with_map(manifest, "labels", changes)


def with_annotations(manifest: Manifest, changes: Mapping[str, str | None]) -> Manifest:
    """Return a copy with annotations set, or dropped where the new value is None."""
    return _with_map(manifest, "annotations", changes)


def _with_map(manifest: Manifest, field: str, changes: Mapping[str, str | None]) -> Manifest:
    before: Mapping[str, str] = get_in(manifest, ("metadata", field)) or {}
    after = {key: value for key, value in before.items() if changes.get(key, value) is not None}
    after.update({key: value for key, value in changes.items() if value is not None})
    if after == before:
        return manifest
    if not after:
        return drop_in(manifest, ("metadata", field))
    return set_in(manifest, ("metadata", field), after)


def condition(manifest: Manifest, kind: str) -> Mapping[str, Any] | None:
    """Return the entry of `status.conditions` whose type is `kind`, or None."""
    for entry in status_of(manifest).get("conditions") or ():
        if entry.get("type") == kind:
            found: Mapping[str, Any] = entry
            return found
    return None


def set_condition(
    conditions: Sequence[Mapping[str, Any]] | None, new: Mapping[str, Any], now_s: float
) -> list[Mapping[str, Any]]:
    """Return the conditions with `new` in place of the one of its type.

    `lastTransitionTime` moves only when the status word changes, as `meta.SetStatusCondition` does.
    """
    result = list(conditions or ())
    for index, old in enumerate(result):
        if old.get("type") != new["type"]:
            continue
        same = old.get("status") == new["status"]
        since = old.get("lastTransitionTime") if same else None
        result[index] = {**new, "lastTransitionTime": since or timestamp(now_s)}
        return result
    result.append({**new, "lastTransitionTime": timestamp(now_s)})
    return result


def timestamp(now_s: float) -> str:
    """Return the RFC 3339 text of a second of the run; whole seconds, as API objects have.

    Example:
        >>> timestamp(61.9)
        '2026-01-01T00:01:01Z'
    """
    return (EPOCH + timedelta(seconds=floor(now_s))).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str) -> float:
    """Return the second of the run of an RFC 3339 text (negative before the run's start).

    Raises:
        ValueError: The text is no RFC 3339 time.
    """
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH).total_seconds()

"""JSON merge patch (RFC 7386): maps are merged, null deletes, everything else replaces."""

from __future__ import annotations

from typing import Any


def merge_patch(document: Any, patch: Any) -> Any:
    """Return `document` with `patch` merged in; the same object if nothing changes.

    Example:
        >>> merge_patch({"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}})
        {'b': {'c': 2, 'd': 3}}
    """
    if not isinstance(patch, dict):
        return patch
    if not isinstance(document, dict):
        return {key: _without_nulls(value) for key, value in patch.items() if value is not None}
    changed: dict[str, Any] | None = None
    for key, value in patch.items():
        if value is None:
            if key in document:
                changed = dict(document) if changed is None else changed
                changed.pop(key, None)
            continue
        old = document.get(key)
        new = merge_patch(old, value)
        if new is not old and (key not in document or not same(new, old)):
            changed = dict(document) if changed is None else changed
            changed[key] = new
    return document if changed is None else changed


def _without_nulls(value: Any) -> Any:
    # A map that is new still has its nulls taken as "absent"; a list is one value, nulls and all.
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def same(left: Any, right: Any) -> bool:
    """Tell whether two JSON values are equal and of the same type (true is not 1)."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)

"""Merging an applied manifest into the live one, and taking out what nobody manages any longer."""

from __future__ import annotations

from typing import Any

from lab.core.fields import ANY, FieldType
from lab.store import refusals
from lab.store.apply.field_sets import FieldPath, FieldSet, element, is_leaf


def merge(live: Any, applied: Any, type_: FieldType) -> Any:
    """Return the live value with the applied one merged in, by the type's list and map rules."""
    if is_leaf(applied, type_) or is_leaf(live, type_):
        return applied
    if isinstance(applied, dict):
        if not isinstance(live, dict):
            return applied
        result = dict(live)
        for key, value in applied.items():
            result[key] = merge(live[key], value, type_.at(key)) if key in live else value
        return result
    if not isinstance(live, list):
        return applied
    return _merge_list(live, applied, type_)


def _merge_list(live: list[Any], applied: list[Any], type_: FieldType) -> list[Any]:
    """Merge by element; the applied order rules, live elements keep their place before it."""
    item_type = type_.item or ANY
    left = [(element(item, type_), item) for item in live]
    right = [(element(item, type_), item) for item in applied]
    by_left, by_right = dict(left), dict(right)
    if len(by_right) < len(right):
        raise refusals.bad_request(
            "failed to create typed patch object: duplicate entries for key in a list"
        )

    def merged(step: str) -> Any:
        if step not in by_left:
            return by_right[step]
        return merge(by_left[step], by_right[step], item_type)

    shared = [step for step, _ in right if step in by_left]
    result: list[Any] = []
    done: set[str] = set()
    i = j = 0
    while i < len(left) or j < len(right):
        if i < len(left) and j < len(right):
            step = left[i][0]
            if step == right[j][0]:
                result.append(merged(step))
                done.add(step)
                i, j = i + 1, j + 1
                shared = shared[1:]
                continue
            if step in by_right and shared and shared[0] != step:
                i += 1
                continue
        if i < len(left):
            step, item = left[i]
            if step not in by_right:
                result.append(item)
                i += 1
                continue
            if step in done:
                i += 1
        if j < len(right):
            step = right[j][0]
            result.append(merged(step))
            done.add(step)
            j += 1
            if shared and shared[0] == step:
                shared = shared[1:]
    return result


def without(value: Any, type_: FieldType, removed: FieldSet) -> Any:
    """Return a value without everything whose path is in `removed`, with all that is inside."""
    prefixes = {path[:depth] for path in removed for depth in range(len(path))}
    return _without(value, type_, (), removed, prefixes)


def _without(
    value: Any, type_: FieldType, path: FieldPath, removed: FieldSet, prefixes: set[FieldPath]
) -> Any:
    if path not in prefixes or is_leaf(value, type_):
        return value
    if isinstance(value, dict):
        return {
            key: _without(item, type_.at(key), (*path, "f:" + key), removed, prefixes)
            for key, item in value.items()
            if (*path, "f:" + key) not in removed
        }
    kept = []
    for item in value:
        inner = (*path, element(item, type_))
        if inner not in removed:
            kept.append(_without(item, type_.item or ANY, inner, removed, prefixes))
    return kept


def without_nulls(value: Any) -> Any:
    """Return a value without null fields: they are owned, but nothing stands there."""
    if isinstance(value, dict):
        if any(item is None or isinstance(item, dict | list) for item in value.values()):
            return {key: without_nulls(item) for key, item in value.items() if item is not None}
        return value
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value

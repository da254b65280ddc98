"""Sets of field paths: which fields a manifest has, and which differ between two.

A path is a tuple of elements as `fieldsV1` writes them: `f:name` (a field or key), `k:{…}` (an
element of a list by its keys), `v:…` (an element of a set by its value).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from lab.core.errors import ApiError
from lab.core.fields import ANY, FieldType
from lab.store import refusals

FieldPath = tuple[str, ...]
FieldSet = frozenset[FieldPath]
_ABSENT = object()

# Structs that API types hold by value: they are never "added", so nobody is noted as their owner.
_BY_VALUE = {"metadata", "spec", "status", "template", "strategy", "updateStrategy", "resources"}
_BY_VALUE |= {"jobTemplate"}


class Comparison(NamedTuple):
    """What differs between two manifests, as sets of paths."""

    added: FieldSet
    modified: FieldSet
    removed: FieldSet


def is_leaf(value: Any, type_: FieldType) -> bool:
    """Tell whether a value is one unit: a scalar, or a list or map that is atomic."""
    if isinstance(value, dict):
        return type_.atomic or type_.form == "scalar"
    if isinstance(value, list):
        return type_.form != "list" or type_.atomic
    return True


def element(item: Any, type_: FieldType) -> str:
    """Return the path element of an item of a "map" or "set" list.

    Raises:
        ApiError: A key of the list is missing and has no default.
    """
    if type_.list_type == "set":
        return "v:" + json.dumps(item, separators=(",", ":"), sort_keys=True)
    if not isinstance(item, dict):
        raise _untyped("associative list with keys may not have non-map elements")
    keys = {}
    for key in sorted(type_.list_keys):
        value = item.get(key)
        if value is None and type_.item is not None:
            value = type_.item.at(key).default
        if value is None:
            raise _untyped(
                f'associative list with keys has an element that omits key field "{key}" '
                "(and doesn't have default value)"
            )
        keys[key] = value
    return "k:" + json.dumps(keys, separators=(",", ":"))


def _untyped(why: str) -> ApiError:
    return refusals.bad_request(f"failed to create typed patch object: {why}")


def children(value: Any, type_: FieldType) -> Iterator[tuple[str, Any, FieldType]]:
    """Yield (element, value, type) of everything directly inside a value that is no leaf."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield "f:" + key, item, type_.at(key)
    else:
        for item in value:
            yield element(item, type_), item, type_.item or ANY


def field_set(value: Any, type_: FieldType) -> FieldSet:
    """Return the paths of a manifest's fields: what its applier will manage."""
    found: set[FieldPath] = set()
    _collect(value, type_, (), found)
    return frozenset(found)


def _collect(value: Any, type_: FieldType, path: FieldPath, found: set[FieldPath]) -> None:
    if is_leaf(value, type_):
        found.add(path)
        return
    for step, item, child in children(value, type_):
        inner = (*path, step)
        _collect(item, child, inner, found)
        free_key = step.startswith("f:") and type_.form != "struct"
        if item is None or item == {} or not step.startswith("f:") or free_key:
            found.add(inner)


def compare(old: Any, new: Any, type_: FieldType, *, custom: bool = False) -> Comparison:
    """Return which fields were added, modified and removed from `old` to `new`."""
    sets: tuple[set[FieldPath], set[FieldPath], set[FieldPath]] = (set(), set(), set())
    _compare(old, new, type_, (), sets, custom)
    return Comparison(*map(frozenset, sets))


def _compare(
    old: Any,
    new: Any,
    type_: FieldType,
    path: FieldPath,
    sets: tuple[set[FieldPath], set[FieldPath], set[FieldPath]],
    custom: bool,
) -> None:
    if old is new:
        return
    added, modified, removed = sets
    old_leaf = old is _ABSENT or is_leaf(old, type_)
    new_leaf = new is _ABSENT or is_leaf(new, type_)
    if (old_leaf and new_leaf) or _kinds_differ(old, new) or _both_empty(old, new):
        if old is _ABSENT:
            added.add(path)
        elif new is _ABSENT:
            removed.add(path)
        elif old != new:
            modified.add(path)
        return
    before = {} if old is _ABSENT else {s: (v, t) for s, v, t in children(old, type_)}
    after = {} if new is _ABSENT else {s: (v, t) for s, v, t in children(new, type_)}
    for step in [*before, *(step for step in after if step not in before)]:
        left, right = before.get(step), after.get(step)
        child = (right or left or (None, ANY))[1]
        _compare(
            _ABSENT if left is None else left[0],
            _ABSENT if right is None else right[0],
            child,
            (*path, step),
            sets,
            custom,
        )
    by_value = bool(path) and not custom and path[-1].removeprefix("f:") in _BY_VALUE
    if path and not by_value:
        if old is _ABSENT:
            added.add(path)
        elif new is _ABSENT:
            removed.add(path)


def _kinds_differ(old: Any, new: Any) -> bool:
    if old is _ABSENT or new is _ABSENT:
        return False
    return isinstance(old, dict) != isinstance(new, dict) or isinstance(old, list) != isinstance(
        new, list
    )


def _both_empty(old: Any, new: Any) -> bool:
    return (old is _ABSENT or not old) and (new is _ABSENT or not new)


def with_named_parents(paths: Iterable[FieldPath], type_: FieldType) -> FieldSet:
    """Return the set with every struct field on the way to a member as a member too."""
    found = set(paths)
    for path in list(found):
        node = type_
        for depth, step in enumerate(path[:-1]):
            if step.startswith("f:"):
                name = step[2:]
                if node.form == "struct" and name in node.fields:
                    found.add(path[: depth + 1])
                node = node.at(name)
            else:
                node = node.item or ANY
    return frozenset(found)


def path_text(path: FieldPath) -> str:
    """Return a path as conflict messages show it.

    Example:
        >>> path_text(("f:spec", 'k:{"name":"web"}', "f:image"))
        '.spec[name="web"].image'
    """
    text = ""
    for step in path:
        if step.startswith("f:"):
            text += "." + step[2:]
        elif step.startswith("k:"):
            keys = json.loads(step[2:])
            parts = (f"{key}={json.dumps(value)}" for key, value in keys.items())
            text += "[" + ",".join(parts) + "]"
        else:
            text += f"[={step[2:]}]"
    return text


def to_fields_v1(paths: FieldSet) -> dict[str, Any]:
    """Return a set in the nested form of `fieldsV1`."""
    root: dict[str, Any] = {}
    prefixes = {path[:depth] for path in paths for depth in range(1, len(path))}
    for path in sorted(paths):
        node = root
        for step in path:
            node = node.setdefault(step, {})
        if path in prefixes:
            node["."] = {}
    return root


def from_fields_v1(fields: Mapping[str, Any]) -> FieldSet:
    """Return the set that a `fieldsV1` holds."""
    found: set[FieldPath] = set()

    def walk(node: Mapping[str, Any], path: FieldPath) -> None:
        if path and (not node or "." in node):
            found.add(path)
        for step, inner in node.items():
            if step != ".":
                walk(inner or {}, (*path, step))

    walk(fields, ())
    return frozenset(found)

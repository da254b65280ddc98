"""Strategic merge patch: lists of maps are merged by their merge key, with `$` directives.

Modelled on apimachinery `util/strategicpatch` (Kubernetes 1.35) with the options the API server
uses: directives are carried out, and nulls for what is not there are dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.fields import ANY, FieldType, deduced_type, type_of
from lab.core.manifest import Manifest
from lab.core.patch.json_patch import PatchError

_PATCH = "$patch"
_RETAIN = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE = "$deleteFromPrimitiveList/"


def strategic_merge(
    document: Manifest, patch: Mapping[str, Any], api_version: str, kind: str
) -> dict[str, Any]:
    """Return `document` with a strategic merge patch applied, by the field table of its kind.

    A kind without a table (a custom resource) gets only the rules that need none; an API server
    refuses such a patch.

    Raises:
        PatchError: A directive or a merge key is missing, unknown or contradictory.
    """
    return strategic_merge_typed(document, patch, type_of(api_version, kind) or deduced_type())


def strategic_merge_typed(
    document: Manifest, patch: Mapping[str, Any], field_type: FieldType
) -> dict[str, Any]:
    """Return `document` with a strategic merge patch applied, by the given type."""
    if not isinstance(patch, dict):
        raise PatchError("a strategic merge patch is a map")
    return _merge_map(document, patch, field_type)


def _merge_map(
    original: Mapping[str, Any], patch: Mapping[str, Any], type_: FieldType
) -> dict[str, Any]:
    if _PATCH in patch:
        return _directive(patch)
    result = _retain_keys(original, patch)
    rest = dict(patch)
    rest.pop(_RETAIN, None)
    for key in [key for key in patch if key.startswith(_ORDER)]:
        order = rest.pop(key)
        _merge_in_order(result, rest, key.removeprefix(_ORDER), order, type_)
    for key, value in rest.items():
        is_delete_list = key.startswith(_DELETE)
        name = key.removeprefix(_DELETE)
        if value is None:
            result.pop(name, None)
        elif name not in result or not _alike(result[name], value):
            if not is_delete_list and (kept := _taken(value)) is not None:
                result[name] = kept[0]
            elif not is_delete_list:
                result.pop(name, None)
        elif isinstance(value, dict):
            child = type_.at(name)
            replaces = "replace" in child.strategies
            result[name] = dict(value) if replaces else _merge_map(result[name], value, child)
        elif isinstance(value, list):
            child = type_.at(name)
            result[name] = _merge_list(result[name], value, child, is_delete_list)
        else:
            result[name] = value
    return result


def _alike(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return isinstance(right, dict)
    if isinstance(left, list):
        return isinstance(right, list)
    return not isinstance(right, dict | list)


def _directive(patch: Mapping[str, Any]) -> dict[str, Any]:
    word = patch[_PATCH]
    if word == "replace":
        return {key: value for key, value in patch.items() if key != _PATCH}
    if word == "delete":
        return {}
    raise PatchError(f"unknown patch type {word!r} in a map (replace or delete)")


def _retain_keys(original: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    if _RETAIN not in patch:
        return dict(original)
    retained = patch[_RETAIN]
    if not isinstance(retained, list):
        raise PatchError(f"{_RETAIN} must be a list of keys")
    for key in patch:
        if key != _RETAIN and not key.startswith((_DELETE, _ORDER)) and key not in retained:
            raise PatchError(f"bad patch format for {_RETAIN}: it does not name {key!r}")
    return {key: value for key, value in original.items() if key in retained}


def _taken(value: Any) -> tuple[Any] | None:
    """Return a new value without nulls and directives; None if it is itself a directive."""
    if isinstance(value, dict):
        if _PATCH in value:
            return None
        taken: dict[str, Any] = {}
        for key, item in value.items():
            if item is None or key == _RETAIN or key.startswith((_ORDER, _DELETE)):
                continue
            kept = _taken(item)
            if kept is not None:
                taken[key] = kept[0]
        return (taken,)
    if isinstance(value, list):
        return ([kept[0] for item in value if (kept := _taken(item)) is not None],)
    return (value,)


def _merge_list(
    original: list[Any], patch: list[Any], type_: FieldType, is_delete_list: bool
) -> list[Any]:
    if "merge" not in type_.strategies and not is_delete_list:
        return [kept[0] for item in patch if (kept := _taken(item)) is not None]
    if not original and not patch:
        return original
    if not _holds_maps(original, patch):
        if is_delete_list:
            return [item for item in original if item not in patch]
        merged = _unique([*original, *patch])
        return _in_order(merged, patch, original, "")
    key = type_.merge_key
    if not key:
        raise PatchError("cannot merge lists without merge key")
    remaining, fresh = _special_elements(original, patch, key)
    if remaining is None:
        return fresh
    merged = list(remaining)
    for item in fresh:
        found = _position(merged, key, _key_value(item, key))
        if found is None:
            merged.append(_taken_item(item))
        else:
            merged[found] = _merge_map(merged[found], item, type_.item or ANY)
    return _in_order(merged, fresh, remaining, key)


def _taken_item(item: Any) -> Any:
    taken = _taken(item)
    assert taken is not None, "elements with $patch were taken out before"
    return taken[0]


def _special_elements(
    original: list[Any], patch: list[Any], key: str
) -> tuple[list[Any] | None, list[Any]]:
    """Carry out `$patch` elements; the first result is None if the whole list is replaced."""
    kept, fresh, replace = list(original), [], False
    for item in patch:
        if not isinstance(item, dict):
            raise PatchError(f"element {item!r} is no map as the others are")
        word = item.get(_PATCH)
        if word is None:
            fresh.append(item)
        elif word == "delete":
            value = _key_value(item, key)
            kept = [element for element in kept if _key_value(element, key) != value]
        elif word == "replace":
            replace = True
        elif word == "merge":
            raise PatchError("merging lists cannot yet be specified in the patch")
        else:
            raise PatchError(f"unknown patch type {word!r} in a list")
    return (None if replace else kept), fresh


def _merge_in_order(
    result: dict[str, Any], rest: dict[str, Any], name: str, order: Any, type_: FieldType
) -> None:
    """Merge the list `name` and bring it into the order of `$setElementOrder/name`."""
    if not isinstance(order, list):
        raise PatchError(f"{_ORDER}{name} must be a list")
    child = type_.at(name)
    original, patch = result.get(name), rest.get(name)
    for value in (original, patch):
        if value is not None and not isinstance(value, list):
            raise PatchError(f"{_ORDER}{name} needs {name} to be a list")
    if patch is not None:
        _check_order(patch, order, child.merge_key)
    if original is None and patch is None:
        rest.pop(name, None)
        return
    if patch is None:
        merged = original or []
    elif original is None:
        merged = [kept[0] for item in patch if (kept := _taken(item)) is not None]
    else:
        merged = _merge_list(original, patch, child, False)
    result[name] = _in_order(merged, order, original or [], child.merge_key)
    rest.pop(name, None)


def _check_order(patch: list[Any], order: list[Any], key: str) -> None:
    names = [_key_value(item, key) for item in order] if key else order
    position = -1
    for item in patch:
        if key and isinstance(item, dict) and _PATCH in item:
            continue
        value = _key_value(item, key) if key else item
        if value not in names[max(position, 0) :]:
            raise PatchError(
                f"The order in patch list:\n{patch}\n doesn't match {_ORDER[:-1]} list:\n{order}\n"
            )
        position = names.index(value, max(position, 0))


def _in_order(
    merged: list[Any], order: Sequence[Any], server_order: Sequence[Any], key: str
) -> list[Any]:
    """Order as the API server does: the patch's order rules, others keep their place before."""

    def name(item: Any) -> Any:
        return _key_value(item, key) if key else item

    order_names = [name(item) for item in order]
    server_names = [name(item) for item in server_order]
    named = [item for item in merged if name(item) in order_names]
    others = [item for item in merged if name(item) not in order_names]
    named.sort(key=lambda item: order_names.index(name(item)))
    others.sort(
        key=lambda item: (
            server_names.index(name(item)) if name(item) in server_names else len(server_names)
        )
    )
    result: list[Any] = []
    left = right = 0
    while left < len(others) or right < len(named):
        if right >= len(named):
            take_other = True
        elif left >= len(others):
            take_other = False
        else:
            mine, theirs = name(others[left]), name(named[right])
            take_other = (
                mine in server_names
                and theirs in server_names
                and server_names.index(mine) < server_names.index(theirs)
            )
        if take_other:
            result.append(others[left])
            left += 1
        else:
            result.append(named[right])
            right += 1
    return result


def _holds_maps(*lists: list[Any]) -> bool:
    kinds = {isinstance(item, dict) for items in lists for item in items}
    if len(kinds) > 1:
        raise PatchError("a list holds both maps and plain values")
    return True in kinds


def _key_value(item: Any, key: str) -> Any:
    if not isinstance(item, dict) or key not in item:
        raise PatchError(f"map: {item} does not contain declared merge key: {key}")
    return item[key]


def _position(items: list[Any], key: str, value: Any) -> int | None:
    for index, item in enumerate(items):
        if _key_value(item, key) == value:
            return index
    return None


def _unique(items: list[Any]) -> list[Any]:
    result: list[Any] = []
    for item in items:
        if item not in result:
            result.append(item)
    return result

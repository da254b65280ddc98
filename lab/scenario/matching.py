"""Partial objects: what is written must be there; what is not written does not matter.

Maps match if every written key matches; null means the key must be absent. Lists whose items have a
`name` or `type` match by it, in any order, among others; other lists match item by item.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lab.core.admission.field_errors import Path, dotted
from lab.core.errors import quoted

_KEYS = ("name", "type")
_ABSENT: Any = object()


def differences(expected: Any, found: Any, path: Path = ()) -> Iterator[str]:
    """Yield how an object differs from a partial one, in words."""
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            yield f"{_place(path)} is {_shown(found)}, expected a map"
            return
        for key, value in expected.items():
            if value is None:
                if found.get(key) is not None:
                    where = _place((*path, key))
                    yield f"{where} is {_shown(found[key])}, expected none"
                continue
            yield from differences(value, found.get(key, _ABSENT), (*path, key))
    elif isinstance(expected, list):
        yield from _list_differences(expected, found, path)
    elif isinstance(expected, bool) or isinstance(found, bool):
        if expected is not found:
            yield f"{_place(path)} is {_shown(found)}, expected {_shown(expected)}"
    elif found is _ABSENT or expected != found:
        yield f"{_place(path)} is {_shown(found)}, expected {_shown(expected)}"


def _list_differences(expected: list[Any], found: Any, path: Path) -> Iterator[str]:
    if not isinstance(found, list):
        yield f"{_place(path)} is {_shown(found)}, expected a list"
        return
    key = next((k for k in _KEYS if expected and all(_has(item, k) for item in expected)), None)
    if key is not None:
        by_key = {item[key]: item for item in reversed(found) if _has(item, key)}
        for index, item in enumerate(expected):
            name = item[key]
            if name not in by_key:
                yield f"{_place(path)} has no item with {key} {_shown(name)}"
            else:
                yield from differences(item, by_key[name], (*path, index))
        return
    if len(expected) != len(found):
        yield f"{_place(path)} has {len(found)} items, expected {len(expected)}"
        return
    for index, (item, other) in enumerate(zip(expected, found, strict=True)):
        yield from differences(item, other, (*path, index))


def _has(item: Any, key: str) -> bool:
    return isinstance(item, dict) and isinstance(item.get(key), str)


def _shown(value: Any) -> str:
    return "absent" if value is _ABSENT else quoted(value)


def _place(path: Path) -> str:
    return dotted(path) or "the object"

"""Changes of objects as merge patches: made from frozen objects, put on objects of our own.

The general ones (`lab.core.patch`) keep what is shared and are right for any input. These are for
every change of a run: they trust that equal parts are mostly the same part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.patch.merge_patch import same


class Unsayable(Exception):  # noqa: N818 — no error: the object is stored whole instead
    """A null that somebody wrote: in a merge patch a null deletes."""


def patch_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the merge patch that makes `new` of `old`.

    Raises:
        Unsayable: No patch does.

    Example:
        >>> patch_between({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 5, "d": 3}})
        {'b': {'c': 5}, 'a': None}
    """
    patch: dict[str, Any] = {}
    for key, value in new.items():
        if key in old:
            before = old[key]
            if value is before:
                continue
            if type(value) is dict and type(before) is dict:
                inside = patch_between(before, value)
                if inside:
                    patch[key] = inside
                continue
            if same(before, value):
                continue
        _refuse_null(value)
        patch[key] = value
    for key in old:
        if key not in new:
            patch[key] = None
    return patch


def _refuse_null(value: Any) -> None:
    if value is None:
        raise Unsayable
    if type(value) is dict:
        for each in value.values():
            _refuse_null(each)


def patched(state: Any, patch: Any) -> Any:
    """Return a state with a patch put on it; neither is changed.

    Example:
        >>> patched({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 5}, "a": None})
        {'b': {'c': 5, 'd': 3}}
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(state) if isinstance(state, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif type(value) is dict:
            result[key] = patched(result.get(key), value)
        else:
            result[key] = value
    return result

"""Reading typed fields as the API machinery does: a missing one is the zero value of its type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.errors import LabError
from lab.core.manifest import Manifest
from lab.core.model import key_of


class InterpretError(LabError):
    """An object cannot be interpreted: a field has the wrong type or is missing."""


def _at(holder: Any, path: Sequence[str]) -> Any:
    """Return what stands at a path, None where it ends early; only maps are walked through."""
    for depth, step in enumerate(path):
        if holder is None:
            return None
        if not isinstance(holder, Mapping):
            raise InterpretError(
                f"{'.'.join(path[:depth]) or 'the object'} is {holder!r}, needs a map"
            )
        holder = holder.get(step)
    return holder


def integer(holder: Any, *path: str) -> int:
    """Return the number at a path, 0 where there is none.

    Raises:
        InterpretError: Something other than a whole number stands there.
    """
    value = _at(holder, path)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise InterpretError(f"{'.'.join(path)} is {value!r}, needs a whole number")
    return int(value)


def optional_integer(holder: Any, *path: str) -> int | None:
    """Return the number at a path, None where there is none."""
    return None if _at(holder, path) is None else integer(holder, *path)


def text(holder: Any, *path: str) -> str:
    """Return the text at a path, empty where there is none.

    Raises:
        InterpretError: Something other than a text stands there.
    """
    value = _at(holder, path)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InterpretError(f"{'.'.join(path)} is {value!r}, needs a text")
    return value


def mapping(holder: Any, *path: str) -> Mapping[str, Any]:
    """Return the map at a path, empty where there is none.

    Raises:
        InterpretError: Something other than a map stands there.
    """
    value = _at(holder, path)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InterpretError(f"{'.'.join(path)} is {value!r}, needs a map")
    return value


def items(holder: Any, *path: str) -> Sequence[Mapping[str, Any]]:
    """Return the list of maps at a path, empty where there is none.

    Raises:
        InterpretError: Something other than a list of maps stands there.
    """
    value = _at(holder, path)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise InterpretError(f"{'.'.join(path)} needs a list of maps")
    return value


def without_zeros(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a map without zero values, as Go writes fields marked `omitempty`."""
    return {key: value for key, value in fields.items() if value not in (None, 0, "", (), [], {})}


def pod_spec_path(manifest: Manifest) -> tuple[str, ...]:
    """Return where a kind keeps its pod spec."""
    kind = manifest.get("kind")
    if kind == "Pod":
        return ("spec",)
    if kind == "CronJob":
        return ("spec", "jobTemplate", "spec", "template", "spec")
    return ("spec", "template", "spec")


def described(manifest: Manifest) -> str:
    """Return `Kind namespace/name`, for messages."""
    return str(key_of(manifest))

"""JSON patches as Karmada applies them: through evanphx/json-patch, on a whole object.

Two habits of that library matter here: a path is split at every "/" and its first part is dropped,
so a path without the leading "/" loses its first step; and an object without a kind is refused when
it is read back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.manifest import Manifest
from lab.core.patch import PatchError, json_patch

Operation = Mapping[str, Any]


def operation(entry: Mapping[str, Any], path_field: str = "path") -> dict[str, Any]:
    """Return the patch operation of an override entry {operator, path or subPath, value?}."""
    return {
        "op": str(entry.get("operator") or ""),
        "path": _go_path(str(entry.get(path_field) or "")),
        "value": entry.get("value"),
    }


def _go_path(path: str) -> str:
    if not path or path.startswith("/"):
        return path
    _, slash, rest = path.partition("/")
    if not slash:
        raise PatchError(f'doc is missing path: "{path}": missing value (it starts without "/")')
    return f"/{rest}"


def go_patch(document: Any, operations: Sequence[Operation]) -> Any:
    """Return a document after the operations.

    Raises:
        PatchError: One of them does not fit the document.
    """
    return json_patch(document, operations, evanphx=True)


def patch_object(manifest: Manifest, operations: Sequence[Operation]) -> Manifest:
    """Return an object after the operations.

    Raises:
        PatchError: One of them does not fit, or the result is no object with a kind.
    """
    if not operations:
        return manifest
    patched = go_patch(manifest, operations)
    if not isinstance(patched, Mapping):
        raise PatchError(f"the patched document is no object but {type(patched).__name__}")
    kind = patched.get("kind")
    if not isinstance(kind, str) or not kind:
        raise PatchError("Object 'Kind' is missing")
    return patched

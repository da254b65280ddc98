"""JSON patches as Karmada applies them: through evanphx/json-patch, on a whole object.

Some habits of that library matter here: a path is split at every "/" and its first part is dropped,
so a path without the leading "/" loses its first step; an empty step names the whole document, of
which it then changes a copy that nobody keeps; an empty last step can be replaced though it is not
there; and an object without a kind is refused when it is read back.
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
    for each in operations:
        path = each["path"]
        if not isinstance(document, Mapping | list):
            raise PatchError(f"a patch needs an object or a list, found {document!r}")
        if not path and each["op"] != "remove" and not isinstance(each["value"], Mapping | list):
            raise PatchError(f"{each['op']} operation value must be object or array")
        if "//" in path:
            _on_a_copy(document, each)
        elif each["op"] == "replace" and path.endswith("/"):
            document = _replace_empty(document, each)
        else:
            document = json_patch(document, [each], evanphx=True)
    return document


def _on_a_copy(document: Any, operation: Operation) -> None:
    """Do what an empty step leads to: only at the root does it lead anywhere."""
    path = operation["path"]
    while path.startswith("//"):
        path = path[1:]
    if "//" in path:
        raise PatchError(
            f"{operation['op']} operation does not apply: doc is missing path: "
            f'"{operation["path"]}": missing value'
        )
    go_patch(document, [{**operation, "path": path}])


def _replace_empty(document: Any, operation: Operation) -> Any:
    """Replace the member with the empty name, or make it; a list has none."""
    return json_patch(document, [{**operation, "op": "add"}], evanphx=True)


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

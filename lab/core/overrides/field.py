"""FieldOverrider: patch a JSON or YAML document that stands as text inside a field.

Modelled on Karmada v1.19 `applyFieldOverriders`. JSON keeps the order of keys and the writing of
numbers, and comes back compact; YAML comes back with sorted keys and without comments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.manifest import Manifest, get_in, set_in
from lab.core.overrides.go_json import dump_go_json, load_go_json
from lab.core.overrides.go_patch import go_patch, operation
from lab.core.overrides.go_yaml import dump_go_yaml, load_go_yaml
from lab.core.patch import PatchError


def override_field(manifest: Manifest, entry: Mapping[str, Any]) -> Manifest:
    """Return the object after one entry {fieldPath, json or yaml: [{subPath, operator, value}]}.

    Raises:
        PatchError: The path leads to no text, the text cannot be read, or a patch does not fit it.
    """
    pointer = str(entry.get("fieldPath") or "")
    path = _resolved(manifest, pointer)
    text = get_in(manifest, path)
    if not isinstance(text, str) or not path:
        raise PatchError(f"Get object's value by overrider's path({pointer}) is not string")
    return set_in(manifest, path, _patched(text, entry))


def _patched(text: str, entry: Mapping[str, Any]) -> str:
    if entries := entry.get("yaml"):
        document = go_patch(load_go_yaml(text), [operation(one, "subPath") for one in entries])
        return dump_go_yaml(document)
    if entries := entry.get("json"):
        if not text:
            return text
        document = go_patch(load_go_json(text), [operation(one, "subPath") for one in entries])
        return dump_go_json(document)
    return ""


def _resolved(manifest: Manifest, pointer: str) -> tuple[str | int, ...]:
    """Return the path of a JSON pointer, every step of which exists."""
    if pointer and not pointer.startswith("/"):
        raise PatchError(f'JSON pointer must be empty or start with a "/": {pointer}')
    node: Any = manifest
    path: list[str | int] = []
    for raw in pointer.split("/")[1:]:
        step = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(node, Mapping) and step in node:
            path.append(step)
            node = node[step]
        elif isinstance(node, list) and step.isascii() and step.isdigit() and len(step) < 10:
            if int(step) >= len(node):
                raise PatchError(f"index out of bounds array[0,{len(node) - 1}] index '{step}'")
            path.append(int(step))
            node = node[int(step)]
        else:
            raise PatchError(f'object has no key "{step}"')
    return tuple(path)

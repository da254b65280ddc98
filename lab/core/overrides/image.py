"""ImageOverrider: change the registry, repository or tag of container images.

Modelled on Karmada v1.19 `overridemanager/imageoverride.go`. Without a predicate: the containers
(not the init containers) of the kinds that Karmada knows; other kinds are left alone, silently.
With one: the text at its path, in any kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lab.core.manifest import Manifest, get_in, set_in
from lab.core.overrides.command_args import containers_path
from lab.core.overrides.go_patch import patch_object
from lab.core.overrides.image_reference import ImageReference, parse_image
from lab.core.patch import PatchError

Change = Callable[[ImageReference, str], ImageReference]

_CHANGES: Mapping[tuple[str, str], Change] = {
    ("Registry", "add"): lambda image, text: replace(image, host=image.host + text),
    ("Registry", "replace"): lambda image, text: replace(image, host=text),
    ("Registry", "remove"): lambda image, text: replace(image, host=""),
    ("Repository", "add"): lambda image, text: replace(image, repository=image.repository + text),
    ("Repository", "replace"): lambda image, text: replace(image, repository=text),
    ("Repository", "remove"): lambda image, text: replace(image, repository=""),
    ("Tag", "add"): lambda image, text: image.with_tag_or_digest(image.tag_or_digest + text),
    ("Tag", "replace"): lambda image, text: image.with_tag_or_digest(text),
    ("Tag", "remove"): lambda image, text: image.without_tag_or_digest(),
}
_COMPONENTS = frozenset(component for component, _ in _CHANGES)


def override_image(manifest: Manifest, entry: Mapping[str, Any]) -> Manifest:
    """Return the object after one entry {predicate?, component, operator, value}.

    Raises:
        PatchError: A text is no image reference, or the predicate's path leads to no text.
    """
    predicate = entry.get("predicate")
    if predicate is not None:
        return _at_path(manifest, str(predicate.get("path") or ""), entry)
    path = containers_path(manifest)
    containers = None if path is None else get_in(manifest, path)
    if path is None or not containers:
        return manifest
    if not isinstance(containers, list):
        raise PatchError(f"{'.'.join(path)} is no list")
    for index, container in enumerate(containers):
        image = container.get("image") if isinstance(container, Mapping) else None
        changed = changed_image(image or "", entry)
        if changed != image:
            manifest = set_in(manifest, (*path, index, "image"), changed)
    return manifest


def changed_image(text: str, entry: Mapping[str, Any]) -> str:
    """Return an image text after one entry.

    Raises:
        PatchError: The text is no image reference, or the entry names no part of one.
    """
    try:
        image = parse_image(text)
    except (ValueError, TypeError) as error:
        raise PatchError(f"failed to parse image value({text}), error: {error}") from None
    component, operator = str(entry.get("component")), str(entry.get("operator"))
    if component not in _COMPONENTS:
        raise PatchError(f"unsupported image component({component})")
    change = _CHANGES.get((component, operator))
    return str(image if change is None else change(image, str(entry.get("value") or "")))


def _at_path(manifest: Manifest, path: str, entry: Mapping[str, Any]) -> Manifest:
    """Change the text at a predicate's path, which knows no escapes when it is read."""
    image = _text_at(manifest, path.strip("/").split("/"))
    if image is None:
        raise PatchError(f"failed to obtain imageValue with predicate path({path})")
    if not path.startswith("/"):
        raise PatchError("imagePath should be start with / character")
    operation = {"op": "replace", "path": path, "value": changed_image(image, entry)}
    return patch_object(manifest, [operation])


def _text_at(manifest: Manifest, steps: Sequence[str]) -> str | None:
    node: Any = manifest
    for step in steps:
        if isinstance(node, Mapping):
            node = node.get(step)
        elif isinstance(node, list) and step.isascii() and step.isdigit() and len(step) < 10:
            node = node[int(step)] if int(step) < len(node) else None
        else:
            return None
    return node if isinstance(node, str) else None

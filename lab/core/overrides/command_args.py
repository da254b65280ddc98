"""CommandOverrider and ArgsOverrider: add appends words, remove drops all equal ones.

Modelled on Karmada v1.19 `overridemanager/commandargsoverride.go`: every container of that name in
the kinds below; a missing list is created, even by remove; other kinds are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.manifest import Manifest, get_in, set_in
from lab.core.patch import PatchError

POD_SPECS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "ReplicaSet": ("spec", "template", "spec"),
    "Deployment": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
}
"""Where the kinds that Karmada knows keep their pod spec; the API group does not matter."""


def override_command(manifest: Manifest, entry: Mapping[str, Any]) -> Manifest:
    """Return the object after one entry {containerName, operator, value: list} on `command`."""
    return _override(manifest, entry, "command")


def override_args(manifest: Manifest, entry: Mapping[str, Any]) -> Manifest:
    """Return the object after one entry {containerName, operator, value: list} on `args`."""
    return _override(manifest, entry, "args")


def containers_path(manifest: Manifest) -> tuple[str, ...] | None:
    """Return where an object's containers are, None for a kind that Karmada does not look into."""
    home = POD_SPECS.get(str(manifest.get("kind")))
    return None if home is None else (*home, "containers")


def _override(manifest: Manifest, entry: Mapping[str, Any], field: str) -> Manifest:
    path = containers_path(manifest)
    home = None if path is None else get_in(manifest, path[:-1])
    if path is None or not isinstance(home, Mapping) or path[-1] not in home:
        return manifest
    containers = home[path[-1]]
    if not isinstance(containers, list):
        raise PatchError(f"{'.'.join(path)} is no list")
    for index, container in enumerate(containers):
        if not isinstance(container, Mapping):
            raise PatchError(f"{'.'.join(path)}[{index}] is no map")
        if container.get("name") == entry.get("containerName"):
            words = _changed(container.get(field), entry, f"{'.'.join(path)}[{index}].{field}")
            manifest = set_in(manifest, (*path, index, field), words)
    return manifest


def _changed(present: Any, entry: Mapping[str, Any], place: str) -> Sequence[str]:
    if present is not None and not isinstance(present, list):
        raise PatchError(f"{place} is no list")
    words = [str(word) for word in present or ()]
    values = [str(word) for word in entry.get("value") or ()]
    match entry.get("operator"):
        case "add":
            return words + values
        case "remove":
            return [word for word in words if word not in values]
    return words

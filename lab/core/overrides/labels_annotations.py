"""LabelsOverrider and AnnotationsOverrider: add overwrites; replace and remove need the key.

Modelled on Karmada v1.19 `overridemanager/labelannotationoverrider.go`. A key that is not there is
skipped without an error, and remove does not look at the value. A map that holds anything but texts
counts as none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.manifest import Manifest, get_in, set_in
from lab.core.overrides.go_patch import patch_object


def override_labels(manifest: Manifest, entry: Mapping[str, Any]) -> Manifest:
    """Return the object after one entry {operator, value: map} on its labels."""
    return _override(manifest, entry, "labels")


def override_annotations(manifest: Manifest, entry: Mapping[str, Any]) -> Manifest:
    """Return the object after one entry {operator, value: map} on its annotations."""
    return _override(manifest, entry, "annotations")


def _override(manifest: Manifest, entry: Mapping[str, Any], field: str) -> Manifest:
    operator, values = entry.get("operator"), entry.get("value") or {}
    present = get_in(manifest, ("metadata", field))
    has_map = isinstance(present, Mapping) and all(isinstance(v, str) for v in present.values())
    operations = []
    for key, value in sorted(values.items()):
        if operator in {"remove", "replace"} and (not has_map or key not in present):
            continue
        # Karmada escapes "/" only: "~" is no character of a label or annotation key.
        path = f"/metadata/{field}/{key.replace('/', '~1')}"
        operations.append({"op": operator, "path": path, "value": value})
    if operator == "add" and operations and not has_map:
        manifest = set_in(manifest, ("metadata", field), {})
    return patch_object(manifest, operations)

"""PlaintextOverrider: all entries of a rule as one JSON patch on the object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.manifest import Manifest
from lab.core.overrides.go_patch import operation, patch_object


def override_plaintext(manifest: Manifest, entries: Sequence[Mapping[str, Any]]) -> Manifest:
    """Return the object after the entries {path, operator, value}; all of them or none.

    Raises:
        PatchError: Replace or remove of something missing, add under a missing parent.
    """
    return patch_object(manifest, [operation(entry) for entry in entries])

"""A change of one object, as every listener and watch of a store is told of it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from lab.core.manifest import Manifest

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]


class Change(NamedTuple):
    """What a write did. `object` of a deletion is the last state, with the deletion's version."""

    type: ChangeType
    object: Manifest
    old: Manifest | None
    resource_version: int

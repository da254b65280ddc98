"""The request a webhook sees, what is done with one kind, and permanent ids."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from lab.core.manifest import Manifest, labels_of, name_of, namespace_of, with_labels
from lab.core.settings import KarmadaSettings

_IDS = uuid.UUID("8a9c3a0e-5a0c-5d0a-9a64-6f2a5c1d7e11")


@dataclass(frozen=True, slots=True)
class Request:
    """An admission request, without the new object."""

    operation: str
    old: Manifest | None
    now_s: float
    settings: KarmadaSettings

    @property
    def is_create(self) -> bool:
        """Tell whether the object is new."""
        return self.operation == "CREATE"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with one kind."""

    default: Callable[[Manifest, Request], Manifest] | None = None
    validate: Callable[[Manifest, Request], None] | None = None
    finish: Callable[[Manifest, Request], Manifest] | None = None
    """What is still changed once the object was found valid."""
    has_schema: bool = True
    """Check fields against the CRD (not for what only controllers write: it costs)."""


def permanent_id(manifest: Manifest, now_s: float) -> str:
    """Return an identity for an object: deterministic, other for one made again later."""
    name = f"{manifest.get('kind')}/{namespace_of(manifest)}/{name_of(manifest)}/{now_s:.6f}"
    return str(uuid.uuid5(_IDS, name))


def with_permanent_id(manifest: Manifest, label: str, now_s: float) -> Manifest:
    """Return a copy that has a permanent id in a label, the one it had or a new one."""
    if labels_of(manifest).get(label):
        return manifest
    return with_labels(manifest, {label: permanent_id(manifest, now_s)})

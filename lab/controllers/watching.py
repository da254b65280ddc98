"""What an event means to a controller: the predicates Karmada puts before its queues.

Source: `pkg/util/eventfilter`, controller-runtime's `predicate.GenerationChangedPredicate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.core.manifest import Manifest, annotations_of, is_deleting, labels_of
from lab.core.model import HUB, Event, Observed

LOW_PRIORITY = -100
"""Priority of keys that no user waits for (initial lists, policy changes)."""
_STATUS_PARTS = frozenset({"apiVersion", "kind", "metadata", "status"})


def hub_change(event: Event, api_version: str, kind: str) -> Observed | None:
    """Return the event if it is about an object of that kind in the hub."""
    if not isinstance(event, Observed) or event.key.cluster != HUB:
        return None
    if event.key.kind != kind or event.key.api_version != api_version:
        return None
    return event


def generation(manifest: Manifest | None) -> int:
    """Return `metadata.generation`, 0 if there is none."""
    return int(((manifest or {}).get("metadata") or {}).get("generation") or 0)


def generation_changed(event: Observed) -> bool:
    """Tell whether an event passes `GenerationChangedPredicate`: creations, deletions, new spec.

    An API server also raises the generation when it sets the deletion time.
    """
    old, new = event.old, event.object
    if old is None or new is None:
        return True
    return generation(old) != generation(new) or is_deleting(old) != is_deleting(new)


def only_status_changed(old: Manifest, new: Manifest) -> bool:
    """Tell cheaply that nothing but status and what servers count differs; False: look closer."""
    if any(new.get(part) is not old.get(part) for part in new if part not in _STATUS_PARTS):
        return False
    if len(old.keys() - _STATUS_PARTS) != len(new.keys() - _STATUS_PARTS):
        return False
    return labels_of(old) == labels_of(new) and annotations_of(old) == annotations_of(new)


def specification_changed(old: Manifest, new: Manifest) -> bool:
    """Tell whether more than status, managedFields and resourceVersion differs."""
    if old.get("spec") is not new.get("spec") and old.get("spec") != new.get("spec"):
        return True
    return _without(old, ("managedFields", "resourceVersion")) != _without(
        new, ("managedFields", "resourceVersion")
    )


def changed_by_karmada(old: Manifest, new: Manifest) -> bool:
    """Tell whether an update touched nothing but Karmada's own labels and annotations."""
    return _without_marks(old) == _without_marks(new)


def _without(manifest: Manifest, fields: tuple[str, ...]) -> dict[str, Any]:
    metadata = manifest.get("metadata") or {}
    kept = {name: value for name, value in metadata.items() if name not in fields}
    body = {name: value for name, value in manifest.items() if name != "status"}
    return {**body, "metadata": kept}


def _without_marks(manifest: Manifest) -> dict[str, Any]:
    slim = _without(manifest, ("managedFields", "resourceVersion", "generation"))
    metadata = dict(slim["metadata"])
    metadata["labels"] = _users(labels_of(manifest)) or None
    metadata["annotations"] = _users(annotations_of(manifest)) or None
    return {**slim, "metadata": metadata}


def _users(marks: Mapping[str, str]) -> dict[str, str]:
    return {
        key: value
        for key, value in marks.items()
        if ".karmada.io" not in key or key == "namespace.karmada.io/skip-auto-propagation"
    }

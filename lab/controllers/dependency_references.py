"""References to dependencies: which objects they mean, and where a binding records them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lab.core.binding import resource_key
from lab.core.claiming import label_selector_matches
from lab.core.labels import DEPENDED_BY_PREFIX, DEPENDENCIES
from lab.core.manifest import Manifest, annotations_of, labels_of
from lab.core.model import HUB, Key, View

Reference = Mapping[str, Any]
"""{apiVersion, kind, namespace, name or labelSelector}."""


def covers(view: View, reference: Reference, attached: Manifest) -> bool:
    """Tell whether a reference still means the template of an attached binding."""
    key = resource_key(attached)
    subject = view.get(key)
    if reference.get("name"):
        return place_of(reference) == key[1:4] and reference["name"] == key.name
    return subject is not None and refers(reference, key, subject)


def refers(reference: Reference, key: Key, subject: Manifest) -> bool:
    """Tell whether a reference means an object."""
    if place_of(reference) != key[1:4]:
        return False
    if reference.get("name"):
        return bool(reference["name"] == key.name)
    return label_selector_matches(reference.get("labelSelector") or {}, labels_of(subject))


def templates_of(view: View, reference: Reference) -> Iterator[Manifest]:
    """Yield the templates a reference means; a missing one is waited for in silence."""
    api_version, kind, namespace = place_of(reference)
    if reference.get("name"):
        template = view.get(Key(HUB, api_version, kind, namespace, str(reference["name"])))
        if template is not None:
            yield template
        return
    for template in view.list(HUB, api_version, kind, namespace):
        if label_selector_matches(reference.get("labelSelector") or {}, labels_of(template)):
            yield template


def place_of(reference: Reference) -> tuple[str, str, str]:
    """Return the apiVersion, kind and namespace of a reference."""
    return (
        str(reference.get("apiVersion") or ""),
        str(reference.get("kind") or ""),
        str(reference.get("namespace") or ""),
    )


def recorded_references(binding: Manifest) -> Sequence[Reference]:
    """Return the references a binding has recorded; none if they cannot be read."""
    try:
        found = json.loads(annotations_of(binding).get(DEPENDENCIES) or "[]")
    except ValueError:
        return ()
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else ()


def dependency_places(binding: Manifest) -> Iterable[tuple[str, str, str]]:
    """Return the index values of a binding: where its dependencies are."""
    if DEPENDENCIES not in annotations_of(binding):
        return ()
    return tuple(dict.fromkeys(place_of(reference) for reference in recorded_references(binding)))


def referrer_marks(binding: Manifest) -> Iterable[tuple[str, str]]:
    """Return the index values of an attached binding: the labels of its referrers."""
    labels = labels_of(binding)
    return tuple((key, labels[key]) for key in labels if key.startswith(DEPENDED_BY_PREFIX))


def texts_of(references: Sequence[Reference]) -> str:
    """Return references in short, for an event."""
    names = (
        f"{each.get('kind')} {each.get('name') or each.get('labelSelector')}" for each in references
    )
    return ", ".join(names)

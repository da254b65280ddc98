"""Overriders as Karmada's own types would write them, for messages that show one.

Fields in their order, empty ones left out, a missing `value` of a patch shown as null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_PATCH = {"path": "", "operator": "", "value": None}
_SUB_PATCH = {"subPath": "", "operator": "", "value": None}
_WORDS = {"containerName": "", "operator": ""}
_ENTRIES: Mapping[str, tuple[Mapping[str, Any], Sequence[str]]] = {
    "plaintext": (_PATCH, ()),
    "imageOverrider": ({"component": "", "operator": ""}, ("value",)),
    "commandOverrider": (_WORDS, ("value",)),
    "argsOverrider": (_WORDS, ("value",)),
    "labelsOverrider": ({"operator": ""}, ("value",)),
    "annotationsOverrider": ({"operator": ""}, ("value",)),
}
"""Overrider to the fields that are always written, with their zero values, and the others."""


def canonical_overriders(overriders: Mapping[str, Any]) -> dict[str, Any]:
    """Return the overriders of a rule as their type writes them."""
    result: dict[str, Any] = {}
    for name, (always, others) in _ENTRIES.items():
        entries = [_entry(entry, always, others) for entry in overriders.get(name) or ()]
        if entries:
            result[name] = entries
    if fields := [canonical_field(entry) for entry in overriders.get("fieldOverrider") or ()]:
        result["fieldOverrider"] = fields
    return result


def canonical_field(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return one entry of a fieldOverrider as its type writes it."""
    result: dict[str, Any] = {"fieldPath": entry.get("fieldPath") or ""}
    for name in ("json", "yaml"):
        patches = [_entry(patch, _SUB_PATCH, ()) for patch in entry.get(name) or ()]
        if patches:
            result[name] = patches
    return result


def _entry(
    entry: Mapping[str, Any], always: Mapping[str, Any], others: Sequence[str]
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if entry.get("predicate") is not None:
        result["predicate"] = entry["predicate"]
    result.update({name: entry.get(name, zero) for name, zero in always.items()})
    for name in others:
        value = entry.get(name)
        if value:
            result[name] = dict(sorted(value.items())) if isinstance(value, Mapping) else value
    return result

"""The annotation of a Work that tells which overriders were applied.

Modelled on Karmada v1.19 `overridemanager/shadow.go`: a JSON list sorted by policy name, fields in
the order of the Go types.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.overrides.apply import AppliedOverride

_FIELDS: Sequence[tuple[str, Sequence[str], Sequence[str]]] = (
    # overrider, fields always written, in order; fields left out when empty
    ("plaintext", ("path", "operator", "value"), ()),
    ("imageOverrider", ("predicate", "component", "operator", "value"), ("predicate", "value")),
    ("commandOverrider", ("containerName", "operator", "value"), ("value",)),
    ("argsOverrider", ("containerName", "operator", "value"), ("value",)),
    ("labelsOverrider", ("operator", "value"), ("value",)),
    ("annotationsOverrider", ("operator", "value"), ("value",)),
    ("fieldOverrider", ("fieldPath", "json", "yaml"), ("json", "yaml")),
)


def applied_text(applied: Sequence[AppliedOverride]) -> str | None:
    """Return the annotation's text for the rules of one kind of policy, None for none."""
    if not applied:
        return None
    items = [
        {"policyName": entry.name, "overriders": _overriders(entry.overriders)}
        for entry in sorted(applied, key=lambda entry: entry.name)
    ]
    text = json.dumps(items, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _overriders(source: Mapping[str, Any]) -> dict[str, Any]:
    result = {}
    for name, fields, optional in _FIELDS:
        entries = source.get(name)
        if entries:
            result[name] = [_entry(entry, fields, optional) for entry in entries]
    return result


def _entry(
    entry: Mapping[str, Any], fields: Sequence[str], optional: Sequence[str]
) -> dict[str, Any]:
    result = {}
    for field in fields:
        value = entry.get(field)
        if field in optional and not value:
            continue
        if field in {"json", "yaml"}:
            value = [_entry(one, ("subPath", "operator", "value"), ()) for one in value or ()]
        elif isinstance(value, Mapping):
            value = dict(sorted(value.items()))
        result[field] = value
    return result

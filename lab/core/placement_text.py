"""A placement as Karmada's own types would write it: fields in their order, empty ones left out.

The scheduler stores this text on the binding and compares it at the next turn, so a difference in
order or in empty lists must not look like a change, while `{}` against "absent" must (they are
different pointers there).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.core.reading import texts, whole

Shape = Callable[[Any], Any]
"""Returns the canonical form of a field's value, or None to leave the field out."""


def _word(value: Any) -> str | None:
    return str(value) if value not in (None, "") else None


def _kept_word(value: Any) -> str:
    return "" if value is None else str(value)


def _number(value: Any) -> int | None:
    return whole(value) or None


def _kept_number(value: Any) -> int:
    return whole(value)


def _pointed_number(value: Any) -> int | None:
    return None if value is None else whole(value)


def _words(value: Any) -> list[str] | None:
    return list(texts(value)) or None


def _sorted_words(value: Any) -> dict[str, str] | None:
    if not isinstance(value, Mapping):
        return None
    return {str(key): str(entry) for key, entry in sorted(value.items())} or None


def _struct(fields: Mapping[str, Shape]) -> Shape:
    """An embedded struct: always there."""

    def shape(value: Any) -> dict[str, Any]:
        found = value if isinstance(value, Mapping) else {}
        result = {}
        for name, field in fields.items():
            canonical = field(found.get(name))
            if canonical is not None:
                result[name] = canonical
        return result

    return shape


def _pointer(fields: Mapping[str, Shape]) -> Shape:
    """A pointer to a struct: absent, or there even if empty."""
    inner = _struct(fields)
    return lambda value: inner(value) if isinstance(value, Mapping) else None


def _list(fields: Mapping[str, Shape]) -> Shape:
    inner = _struct(fields)

    def shape(value: Any) -> list[Any] | None:
        entries = value if isinstance(value, list) else []
        return [inner(entry) for entry in entries if isinstance(entry, Mapping)] or None

    return shape


_EXPRESSIONS = _list({"key": _kept_word, "operator": _kept_word, "values": _words})
_AFFINITY: dict[str, Shape] = {
    "labelSelector": _pointer({"matchLabels": _sorted_words, "matchExpressions": _EXPRESSIONS}),
    "fieldSelector": _pointer({"matchExpressions": _EXPRESSIONS}),
    "clusterNames": _words,
    "exclude": _words,
}
_NAMED_AFFINITY: dict[str, Shape] = {"affinityName": _kept_word, **_AFFINITY}
_LABEL_KEY = _pointer({"groupByLabelKey": _kept_word})
_WEIGHTS: dict[str, Shape] = {
    "staticWeightList": _list({"targetCluster": _struct(_AFFINITY), "weight": _kept_number}),
    "dynamicWeight": _word,
}
_PARTS: dict[str, Shape] = {
    "clusterAffinity": _pointer(_AFFINITY),
    "clusterAffinities": _list({**_NAMED_AFFINITY, "overflowAffinities": _list(_NAMED_AFFINITY)}),
    "clusterTolerations": _list(
        {
            "key": _word,
            "operator": _word,
            "value": _word,
            "effect": _word,
            "tolerationSeconds": _pointed_number,
        }
    ),
    "spreadConstraints": _list(
        {
            "spreadByField": _word,
            "spreadByLabel": _word,
            "maxGroups": _number,
            "minGroups": _number,
        }
    ),
    "replicaScheduling": _pointer(
        {
            "replicaSchedulingType": _word,
            "replicaDivisionPreference": _word,
            "weightPreference": _pointer(_WEIGHTS),
        }
    ),
    "workloadAffinity": _pointer({"affinity": _LABEL_KEY, "antiAffinity": _LABEL_KEY}),
}
_PLACEMENT = _struct(_PARTS)


@dataclass(frozen=True, slots=True)
class CanonicalPlacement:
    """The canonical map of a placement and its text."""

    value: Mapping[str, Any]
    text: str

    def term(self, name: str) -> Mapping[str, Any] | None:
        """Return the canonical affinity term of a name, or None."""
        terms = self.value.get("clusterAffinities") or ()
        return next((term for term in terms if term["affinityName"] == name), None)


def canonical_placement(source: Any) -> CanonicalPlacement:
    """Return the canonical form of a placement map."""
    value = _PLACEMENT(source)
    return CanonicalPlacement(value, go_json(value))


def canonical_affinity(source: Any) -> Mapping[str, Any] | None:
    """Return the canonical form of one clusterAffinity or targetCluster, None for none."""
    found: Mapping[str, Any] | None = _PARTS["clusterAffinity"](source)
    return found


def go_json(value: Any) -> str:
    """Return JSON as Go writes it: compact, with the characters HTML minds escaped."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        if character in text:
            text = text.replace(character, f"\\u{ord(character):04x}")
    return text

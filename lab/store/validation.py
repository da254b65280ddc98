"""Does an object fit its API's types? What a server answers when a text stands where a number must.

Built-in kinds fail to decode (400, Go's words); custom resources fail their OpenAPI schema (422).
Branches an update shares with the stored object were checked before and are skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lab.core.errors import ApiError, Cause
from lab.core.fields import FieldType, deduced_type
from lab.core.kinds import Kind
from lab.core.manifest import Manifest
from lab.store import refusals
from lab.store.fitting import (
    ACCEPTS,
    INT_BOUNDS,
    LIMITS,
    NO_FIELDS,
    anything,
    fits,
    is_quantity,
)

_JSON_WORDS = {
    type(None): "null",
    bool: "bool",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
}
_QUANTITY_TEXT = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_SCHEMA_WORDS = {"list": "array", "struct": "object", "map": "object"}
Path = tuple[str, ...]


def type_of_kind(kind: Kind) -> FieldType:
    """Return what a kind's objects are checked against; of unknown kinds only the metadata is."""
    return kind.field_type or deduced_type()


def check_types(
    kind: Kind, new: Manifest, old: Manifest | None, type_: FieldType | None = None
) -> None:
    """Refuse an object that has values of the wrong type, or that its schema does not allow.

    Raises:
        ApiError: BadRequest for a built-in kind, Invalid for a custom resource or a wrong word.
    """
    if type_ is None:
        type_ = type_of_kind(kind)
    if fits(new, old, type_, kind.custom):
        return
    check = _Check(kind)
    check.struct(new, old or NO_FIELDS, type_, ())
    if check.causes:
        raise refusals.invalid(kind, str(new["metadata"].get("name") or ""), check.causes)


class _Check:
    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.causes: list[Cause] = []

    def struct(self, value: Any, old: Any, type_: FieldType, path: Path) -> None:
        fields = type_.fields
        for key, item in value.items():
            if item is None or item is old.get(key):
                continue
            field = fields.get(key)
            if field is not None:
                self.value(item, old.get(key), field, (*path, key), type_)
        if self._kind.custom and path[:1] != ("metadata",):
            for key in type_.required:
                if value.get(key) is None and fields[key].default is None:
                    self._cause((*path, key), "FieldValueRequired", "Required value")

    def value(self, value: Any, old: Any, type_: FieldType, path: Path, parent: FieldType) -> None:
        form = type_.form
        if form == "any":
            return
        if form == "scalar":
            self._scalar(value, type_, path, parent)
            return
        if not isinstance(value, list if form == "list" else dict):
            self._wrong(value, type_, path, parent)
        elif form == "struct":
            self.struct(value, old if isinstance(old, dict) else NO_FIELDS, type_, path)
        elif type_.item is not None:
            self._items(value, old, type_.item, path, parent)
        if type_.schema is not None and isinstance(value, list):
            self._limits(value, type_.schema, path)

    def _items(self, value: Any, old: Any, item: FieldType, path: Path, parent: FieldType) -> None:
        if isinstance(value, list):
            former = dict(enumerate(old)) if isinstance(old, list) else {}
            for index, each in enumerate(value):
                if each is None or each is not former.get(index):
                    place = (*path[:-1], f"{path[-1]}[{index}]")
                    self.value(each, former.get(index), item, place, parent)
            return
        before = old if isinstance(old, dict) else NO_FIELDS
        for key, each in value.items():
            if each is not None and each is not before.get(key):
                self.value(each, before.get(key), item, (*path, key), parent)

    def _scalar(self, value: Any, type_: FieldType, path: Path, parent: FieldType) -> None:
        name, _, format_ = type_.name.partition(":")
        bound = INT_BOUNDS.get(format_)
        accepted = ACCEPTS.get(name, anything)(value)
        if not accepted or (bound is not None and not -bound <= value < bound):
            self._wrong(value, type_, path, parent)
        elif name == "quantity" and not is_quantity(str(value)):
            raise self._undecodable(_QUANTITY_TEXT)
        elif type_.enum and value not in type_.enum and value != "":
            listed = ", ".join(json.dumps(each) for each in sorted(type_.enum, key=str))
            text = f"Unsupported value: {json.dumps(value)}: supported values: {listed}"
            self._cause(path, "FieldValueNotSupported", text)
        elif type_.schema is not None:
            self._limits(value, type_.schema, path)

    def _limits(self, value: Any, schema: Mapping[str, Any], path: Path) -> None:
        place = ".".join(path)
        for word, (breaks, text) in LIMITS.items():
            limit = schema.get(word)
            if limit is not None and breaks(value, limit):
                shown = json.dumps(value)
                message = f"Invalid value: {shown}: {place} in body {text.format(limit)}"
                self._cause(path, "FieldValueInvalid", message)

    def _wrong(self, value: Any, type_: FieldType, path: Path, parent: FieldType) -> None:
        found = _JSON_WORDS.get(type(value), "object")
        if self._kind.custom and path[0] != "metadata":
            wanted = _SCHEMA_WORDS.get(type_.form) or type_.name.partition(":")[0]
            word = "integer" if type(value) is int else "boolean" if found == "bool" else found
            text = (
                f'Invalid value: "{word}": {".".join(path)} in body must be of type {wanted}: '
                f'"{word}"'
            )
            self._cause(path, "FieldValueTypeInvalid", text)
            return
        if found == "number" and type_.name.startswith("integer"):
            found = f"number {value}"
        owner = parent.name.rpartition(".")[2] or self._kind.kind
        place = ".".join(re.sub(r"\[\d+\]$", "", step) for step in path)
        raise self._undecodable(
            f"json: cannot unmarshal {found} into Go struct field {owner}.{place} "
            f"of type {_go_type(type_)}"
        )

    def _undecodable(self, why: str) -> ApiError:
        kind = self._kind
        text = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {why}'
        return refusals.bad_request(text)

    def _cause(self, path: Path, reason: str, message: str) -> None:
        self.causes.append(Cause(".".join(path), reason, message))


def _go_type(type_: FieldType) -> str:
    if type_.form == "list":
        return "[]" + (_go_type(type_.item) if type_.item else "")
    if type_.form == "map":
        return "map[string]" + (_go_type(type_.item) if type_.item else "")
    if type_.form == "struct":
        return ".".join(type_.name.split(".")[-2:])
    name, _, format_ = type_.name.partition(":")
    return {"integer": format_, "boolean": "bool", "number": "float64"}.get(name, "string")

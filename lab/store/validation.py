"""Does an object fit its API's types? What a server answers when a text stands where a number must.

Built-in kinds fail to decode (400, Go's words); custom resources fail their OpenAPI schema (422).
Branches an update shares with the stored object were checked before and are skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lab.core.errors import ApiError, Cause
from lab.core.fields import FieldType, deduced_type
from lab.core.kinds import Kind
from lab.core.manifest import Manifest
from lab.core.quantity import parse_quantity
from lab.store import refusals

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
_INTS = {"int32": 2**31, "int64": 2**63}
_NOTHING: Mapping[str, Any] = {}
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
    if _fits(new, old, type_, kind.custom):
        return
    check = _Check(kind)
    check.struct(new, old or _NOTHING, type_, ())
    if check.causes:
        raise refusals.invalid(kind, str(new["metadata"].get("name") or ""), check.causes)


def _fits(value: Any, old: Any, type_: FieldType, custom: bool) -> bool:
    """Tell quickly whether a value is right; only a wrong one is walked again for the reasons."""
    form = type_.form
    if form == "scalar":
        accepts = type_.accepts
        if accepts is None:
            accepts = type_.accepts = _acceptance(type_)
        return accepts(value)
    if form == "any":
        return True
    if form == "list":
        if type(value) is not list:
            return False
        item = type_.item
        if item is not None:
            before = old if type(old) is list and len(old) == len(value) else None
            for index, each in enumerate(value):
                former = before[index] if before is not None else None
                same = each is former and each is not None
                if not same and not _fits(each, former, item, custom):
                    return False
        return type_.schema is None or not _breaks_limit(value, type_.schema)
    if type(value) is not dict:
        return False
    known = old if type(old) is dict else _NOTHING
    fields = type_.fields if form == "struct" else None
    for key, each in value.items():
        former = known.get(key)
        if each is former or each is None:
            continue
        field = fields.get(key) if fields is not None else type_.item
        if field is not None and not _fits(each, former, field, custom):
            return False
    if custom and type_.required:
        return all(value.get(key) is not None for key in type_.required)
    return True


def _acceptance(type_: FieldType) -> Callable[[Any], bool]:
    name, _, format_ = type_.name.partition(":")
    accepts = _ACCEPTS.get(name, _anything)
    if name == "quantity":
        return lambda value: accepts(value) and _is_quantity(str(value))
    bound, enum, schema = _INTS.get(format_), type_.enum, type_.schema
    limited = schema is not None and any(word in schema for word in _LIMITS)
    if bound is None and not enum and not limited:
        return accepts

    def check(value: Any) -> bool:
        return (
            accepts(value)
            and (bound is None or -bound <= value < bound)
            and (not enum or value in enum or value == "")
            and not (limited and _breaks_limit(value, schema or _NOTHING))
        )

    return check


def _breaks_limit(value: Any, schema: Mapping[str, Any]) -> bool:
    return any(
        word in schema and breaks(value, schema[word]) for word, (breaks, _) in _LIMITS.items()
    )


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
            self.struct(value, old if isinstance(old, dict) else _NOTHING, type_, path)
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
        before = old if isinstance(old, dict) else _NOTHING
        for key, each in value.items():
            if each is not None and each is not before.get(key):
                self.value(each, before.get(key), item, (*path, key), parent)

    def _scalar(self, value: Any, type_: FieldType, path: Path, parent: FieldType) -> None:
        name, _, format_ = type_.name.partition(":")
        bound = _INTS.get(format_)
        accepted = _ACCEPTS.get(name, _anything)(value)
        if not accepted or (bound is not None and not -bound <= value < bound):
            self._wrong(value, type_, path, parent)
        elif name == "quantity" and not _is_quantity(str(value)):
            raise self._undecodable(_QUANTITY_TEXT)
        elif type_.enum and value not in type_.enum and value != "":
            listed = ", ".join(json.dumps(each) for each in sorted(type_.enum, key=str))
            text = f"Unsupported value: {json.dumps(value)}: supported values: {listed}"
            self._cause(path, "FieldValueNotSupported", text)
        elif type_.schema is not None:
            self._limits(value, type_.schema, path)

    def _limits(self, value: Any, schema: Mapping[str, Any], path: Path) -> None:
        place = ".".join(path)
        for word, (breaks, text) in _LIMITS.items():
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


def _anything(value: Any) -> bool:
    return True


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_int(value: Any) -> bool:
    if type(value) is float:
        return value.is_integer()
    return type(value) is int


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_int_or_text(value: Any) -> bool:
    return type(value) in (int, str)


def _is_number_or_text(value: Any) -> bool:
    return type(value) in (int, float, str)


_ACCEPTS: Mapping[str, Callable[[Any], bool]] = {
    "string": _is_text,
    "integer": _is_int,
    "number": _is_number,
    "boolean": _is_bool,
    "int-or-string": _is_int_or_text,
    "quantity": _is_number_or_text,
}


@lru_cache(maxsize=4096)
def _is_quantity(text: str) -> bool:
    try:
        parse_quantity(text)
    except ValueError:
        return False
    return True


def _go_type(type_: FieldType) -> str:
    if type_.form == "list":
        return "[]" + (_go_type(type_.item) if type_.item else "")
    if type_.form == "map":
        return "map[string]" + (_go_type(type_.item) if type_.item else "")
    if type_.form == "struct":
        return ".".join(type_.name.split(".")[-2:])
    name, _, format_ = type_.name.partition(":")
    return {"integer": format_, "boolean": "bool", "number": "float64"}.get(name, "string")


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text)
    except re.error:
        return None


def _mismatch(value: Any, pattern: str) -> bool:
    compiled = _pattern(pattern)
    return isinstance(value, str) and compiled is not None and not compiled.search(value)


def _sized(
    kind: type[str] | type[list[Any]], compare: Callable[[int, int], bool]
) -> Callable[[Any, Any], bool]:
    return lambda value, limit: isinstance(value, kind) and compare(len(value), limit)


def _below(value: Any, limit: Any) -> bool:
    return _is_number(value) and value < limit


def _above(value: Any, limit: Any) -> bool:
    return _is_number(value) and value > limit


_LIMITS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "minimum": (_below, "should be greater than or equal to {}"),
    "maximum": (_above, "should be less than or equal to {}"),
    "minLength": (_sized(str, int.__lt__), "should be at least {} chars long"),
    "maxLength": (_sized(str, int.__gt__), "should be at most {} chars long"),
    "minItems": (_sized(list, int.__lt__), "should have at least {} items"),
    "maxItems": (_sized(list, int.__gt__), "should have at most {} items"),
    "pattern": (_mismatch, "should match '{}'"),
}

# Fields that an update may not change.
_IMMUTABLE: Mapping[tuple[str, str], tuple[Path, ...]] = {
    ("apps", "Deployment"): (("spec", "selector"),),
    ("apps", "ReplicaSet"): (("spec", "selector"),),
    ("apps", "DaemonSet"): (("spec", "selector"),),
    ("apps", "StatefulSet"): (
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "podManagementPolicy"),
        ("spec", "volumeClaimTemplates"),
    ),
    ("batch", "Job"): (("spec", "selector"), ("spec", "template")),
    ("", "Secret"): (("type",),),
    ("rbac.authorization.k8s.io", "RoleBinding"): (("roleRef",),),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (("roleRef",),),
    ("storage.k8s.io", "StorageClass"): (("provisioner",), ("parameters",), ("reclaimPolicy",)),
}
_STATEFUL_SET_TEXT = (
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', "
    "'template', 'updateStrategy', 'revisionHistoryLimit', "
    "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


_FREEZABLE = {("", "ConfigMap"), ("", "Secret")}


def may_be_immutable(kind: Kind) -> bool:
    """Tell whether `check_immutable` has anything to say about a kind."""
    return (kind.group, kind.kind) in _IMMUTABLE or (kind.group, kind.kind) in _FREEZABLE


def check_immutable(kind: Kind, new: Manifest, old: Manifest) -> None:
    """Refuse a change of what may not change, as the kind's validation does.

    Raises:
        ApiError: Invalid (422).
    """
    causes: list[Cause] = []
    for path in _IMMUTABLE.get((kind.group, kind.kind), ()):
        before: Any = old
        after: Any = new
        for step in path:
            before = before.get(step) if type(before) is dict else None
            after = after.get(step) if type(after) is dict else None
        if before is after or before is None or before == after:
            continue
        if kind.kind == "StatefulSet":
            causes = [Cause("spec", "FieldValueForbidden", _STATEFUL_SET_TEXT)]
            break
        shown = json.dumps(after, separators=(",", ":"))
        text = f"Invalid value: {shown}: field is immutable"
        causes.append(Cause(".".join(path), "FieldValueInvalid", text))
    if (kind.group, kind.kind) in _FREEZABLE and old.get("immutable") is True:
        for key in ("data", "binaryData", "immutable"):
            if (new.get(key) or None) != (old.get(key) or None):
                text = "Forbidden: field is immutable when `immutable` is set"
                causes.append(Cause(key, "FieldValueForbidden", text))
    if causes:
        raise refusals.invalid(kind, old["metadata"]["name"], causes)

"""Is a value of its API's type? A quick yes or no; `lab.store.validation` has the words.

Every write asks this of all it brings, so branches that an update shares with the stored object are
skipped: they were checked before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lab.core.fields import FieldType
from lab.core.quantity import parse_quantity

INT_BOUNDS = {"int32": 2**31, "int64": 2**63}
NO_FIELDS: Mapping[str, Any] = {}


def fits(value: Any, old: Any, type_: FieldType, custom: bool) -> bool:
    """Tell whether a value is right.

    Args:
        value: What is written.
        old: What is stored at that place; the same object was checked before.
        type_: What the API says it is.
        custom: Of a custom resource: required fields must be there.
    """
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
                if not same and not fits(each, former, item, custom):
                    return False
        return type_.schema is None or not _breaks_limit(value, type_.schema)
    if type(value) is not dict:
        return False
    known = old if type(old) is dict else NO_FIELDS
    fields = type_.fields if form == "struct" else None
    for key, each in value.items():
        former = known.get(key)
        if each is former or each is None:
            continue
        field = fields.get(key) if fields is not None else type_.item
        if field is not None and not fits(each, former, field, custom):
            return False
    if custom and type_.required:
        return all(value.get(key) is not None for key in type_.required)
    return True


def _acceptance(type_: FieldType) -> Callable[[Any], bool]:
    name, _, format_ = type_.name.partition(":")
    accepts = ACCEPTS.get(name, anything)
    if name == "quantity":
        return lambda value: accepts(value) and is_quantity(str(value))
    bound, enum, schema = INT_BOUNDS.get(format_), type_.enum, type_.schema
    limited = schema is not None and any(word in schema for word in LIMITS)
    if bound is None and not enum and not limited:
        return accepts

    def check(value: Any) -> bool:
        return (
            accepts(value)
            and (bound is None or -bound <= value < bound)
            and (not enum or value in enum or value == "")
            and not (limited and _breaks_limit(value, schema or NO_FIELDS))
        )

    return check


def _breaks_limit(value: Any, schema: Mapping[str, Any]) -> bool:
    return any(
        word in schema and breaks(value, schema[word]) for word, (breaks, _) in LIMITS.items()
    )


def anything(value: Any) -> bool:
    """Accept a value of a type that is not checked."""
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


ACCEPTS: Mapping[str, Callable[[Any], bool]] = {
    "string": _is_text,
    "integer": _is_int,
    "number": _is_number,
    "boolean": _is_bool,
    "int-or-string": _is_int_or_text,
    "quantity": _is_number_or_text,
}


@lru_cache(maxsize=4096)
def is_quantity(text: str) -> bool:
    """Tell whether a text is a Kubernetes quantity."""
    try:
        parse_quantity(text)
    except ValueError:
        return False
    return True


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


LIMITS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "minimum": (_below, "should be greater than or equal to {}"),
    "maximum": (_above, "should be less than or equal to {}"),
    "minLength": (_sized(str, int.__lt__), "should be at least {} chars long"),
    "maxLength": (_sized(str, int.__gt__), "should be at most {} chars long"),
    "minItems": (_sized(list, int.__lt__), "should have at least {} items"),
    "maxItems": (_sized(list, int.__gt__), "should have at most {} items"),
    "pattern": (_mismatch, "should match '{}'"),
}

"""What the API server itself checks: fields, types, enums, limits of a manifest, from its type.

`problems` finds everything that is wrong at once and says it in the lab's words, with the path it
stands at; `lab.scenario` adds file, line and column. `with_defaults` fills in a CRD's defaults.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lab.core.admission.field_errors import Path, dotted
from lab.core.errors import did_you_mean, quoted
from lab.core.fields import FieldType
from lab.core.quantity import parse_quantity

MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a manifest. `at_key`: the key is meant, not the value."""

    path: Path
    message: str
    at_key: bool = False
    unknown_field: bool = False
    wrong_type: bool = False


def problems(manifest: Mapping[str, Any], kind: FieldType, path: Path = ()) -> list[Problem]:
    """Return what is wrong with a manifest (or its part at `path`), in the order of the text."""
    found: list[Problem] = []
    for problem in _walk(manifest, kind, path):
        found.append(problem)
        if len(found) >= MAX_PROBLEMS:
            break
    return found


def _walk(value: Any, kind: FieldType, path: Path) -> Iterator[Problem]:
    if kind.form == "any" or value is None:
        return
    if kind.form == "struct":
        yield from _struct(value, kind, path)
    elif kind.form == "map":
        if not isinstance(value, Mapping):
            yield _wrong(path, value, "a map")
            return
        assert kind.item is not None
        for key, item in value.items():
            if item is None and kind.item.form == "scalar":
                # Go decodes null as the zero value: an empty text.
                continue
            yield from _walk(item, kind.item, (*path, key))
    elif kind.form == "list":
        if not isinstance(value, list):
            yield _wrong(path, value, "a list")
            return
        yield from _limits(value, kind, path)
        assert kind.item is not None
        for index, item in enumerate(value):
            if item is None and kind.item.form != "any":
                yield Problem((*path, index), f"{dotted((*path, index))} is null, needs a value")
            yield from _walk(item, kind.item, (*path, index))
    else:
        yield from _scalar(value, kind, path)


def _struct(value: Any, kind: FieldType, path: Path) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield _wrong(path, value, "a map")
        return
    known = kind.fields
    for key, item in value.items():
        below = known.get(key)
        if below is None:
            hint = did_you_mean(key, list(known))
            text = f"unknown field {quoted(dotted((*path, key)), 200)}{hint}"
            yield Problem((*path, key), text, at_key=True, unknown_field=True)
        elif not path and key == "status":
            # Whatever a manifest says about status, a server sets it itself.
            yield from (p for p in _walk(item, below, (key,)) if "is missing" not in p.message)
        else:
            yield from _walk(item, below, (*path, key))
    for name in kind.required:
        if value.get(name) is None and not (not path and name == "status"):
            below = known.get(name)
            if below is not None and below.default is not None:
                continue
            yield Problem(path, f"{dotted((*path, name))} is missing")


def _scalar(value: Any, kind: FieldType, path: Path) -> Iterator[Problem]:
    name, _, form = kind.name.partition(":")
    wrong = _scalar_error(value, name, form)
    if wrong:
        yield _wrong(path, value, wrong)
        return
    if kind.enum and value not in kind.enum and not (value == "" and kind.schema is None):
        words = ", ".join(str(word) for word in kind.enum)
        hint = did_you_mean(value, [str(w) for w in kind.enum]) if isinstance(value, str) else ""
        text = f"{dotted(path)} is {quoted(value)}, needs one of {words}{hint}"
        yield Problem(path, text)
        return
    yield from _limits(value, kind, path)


def _scalar_error(value: Any, name: str, form: str) -> str | None:
    """Return what a scalar should have been, or None if it is."""
    if name == "string":
        if not isinstance(value, str):
            return "a text (in quotes)" if isinstance(value, bool | int | float) else "a text"
        if form == "byte" and not _is_base64(value):
            return "base64"
        return None
    if name == "boolean":
        return None if isinstance(value, bool) else "true or false"
    if name == "integer":
        if isinstance(value, bool) or not isinstance(value, int):
            return "a whole number"
        bits = 31 if form == "int32" else 63
        return None if -(2**bits) <= value < 2**bits else f"a whole number of {bits + 1} bits"
    if name == "number":
        return (
            None if isinstance(value, int | float) and not isinstance(value, bool) else "a number"
        )
    if name == "int-or-string":
        if isinstance(value, bool) or not isinstance(value, int | str):
            return "a whole number or a text"
        return None
    if name == "quantity":
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return "a quantity (for example 250m, 2, 512Mi)"
        try:
            parse_quantity(value)
        except ValueError:
            return "a quantity (for example 250m, 2, 512Mi)"
    return None


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _limits(value: Any, kind: FieldType, path: Path) -> Iterator[Problem]:
    limits = kind.schema
    if not limits:
        return
    shown, place = quoted(value), dotted(path)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in limits and value < limits["minimum"]:
            yield Problem(path, f"{place} is {shown}, needs {limits['minimum']} or more")
        if "maximum" in limits and value > limits["maximum"]:
            yield Problem(path, f"{place} is {shown}, needs {limits['maximum']} or less")
    if isinstance(value, str):
        if len(value) < limits.get("minLength", 0):
            yield Problem(
                path, f"{place} is {shown}, needs {limits['minLength']} characters or more"
            )
        if len(value) > limits.get("maxLength", len(value)):
            most = limits["maxLength"]
            yield Problem(path, f"{place} has {len(value)} characters, needs {most} or less")
        pattern = limits.get("pattern")
        if pattern and not _pattern(pattern).search(value):
            yield Problem(path, f"{place} is {shown}, needs to match {pattern}")
    if isinstance(value, list):
        if len(value) < limits.get("minItems", 0):
            least = limits["minItems"]
            yield Problem(path, f"{place} has {len(value)} items, needs {least} or more")
        if len(value) > limits.get("maxItems", len(value)):
            most = limits["maxItems"]
            yield Problem(path, f"{place} has {len(value)} items, needs {most} or fewer")


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _wrong(path: Path, value: Any, needed: str) -> Problem:
    found = f"{quoted(value)} ({_type_word(value)})"
    text = f"{dotted(path) or 'the object'} is {found}, needs {needed}"
    return Problem(path, text, wrong_type=True)


def _type_word(value: Any) -> str:
    if isinstance(value, bool):
        return "true/false"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "a map"


def with_defaults(value: Any, kind: FieldType) -> Any:
    """Return a value with the defaults of its (custom resource's) schema filled in.

    As the API server does: an absent field with a default is set; defaults below an absent parent
    are not, unless the parent itself has a default. The same object comes back if nothing changed.
    """
    if kind.form == "struct" and isinstance(value, Mapping):
        changed: dict[str, Any] | None = None
        for name, below in kind.fields.items():
            if below.form == "scalar" and below.default is None:
                continue
            before = value.get(name)
            if before is None:
                if below.default is None or below.schema is None:
                    continue
                after = with_defaults(below.default, below)
            else:
                after = with_defaults(before, below)
            if after is not before:
                changed = dict(value) if changed is None else changed
                changed[name] = after
        return value if changed is None else changed
    if kind.form == "list" and isinstance(value, list) and kind.item is not None:
        items = [with_defaults(item, kind.item) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if kind.form == "map" and isinstance(value, Mapping) and kind.item is not None:
        entries = {key: with_defaults(item, kind.item) for key, item in value.items()}
        return entries if any(entries[key] is not value[key] for key in entries) else value
    return value

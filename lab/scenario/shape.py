"""Data checked against a table of `lab.scenario.format`: all that is wrong, with its path.

The part of JSON Schema that the table uses, in words a person can act on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lab.core.admission.field_errors import Path, dotted
from lab.core.admission.structure import Problem
from lab.core.duration import parse_duration_s
from lab.core.errors import did_you_mean, quoted
from lab.core.json_schema import Schema
from lab.core.quantity import parse_quantity

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_WORDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a map",
    "array": "a list",
}


MAX_QUANTITY = 9 * 10**15
"""Of one node; the bounds of a grade may be as great as a number of 64 bits."""
_FEW = 12
"""So many fields are named in a message."""


def shape_problems(value: Any, schema: Schema, path: Path = ()) -> Iterator[Problem]:
    """Yield what is wrong with a value, in the order it stands there."""
    if "anyOf" in schema:
        yield from _any_of(value, schema, path)
        return
    place = dotted(path) or "the file"
    if "const" in schema and value != schema["const"]:
        yield Problem(path, f"{place} is {quoted(value)}, needs {schema['const']}")
        return
    if "enum" in schema and value not in schema["enum"]:
        words = [str(word) for word in schema["enum"]]
        hint = did_you_mean(value, words) if isinstance(value, str) else ""
        needed = "" if hint and len(words) > _FEW else f", needs one of {', '.join(words)}"
        yield Problem(path, f"{place} is {quoted(value)}{needed}{hint}")
        return
    types = schema.get("type")
    if types is not None:
        types = [types] if isinstance(types, str) else types
        if not any(_is_type(value, name) for name in types):
            needed = " or ".join(_WORDS[name] for name in types)
            if schema.get("format") == "duration":
                needed = "a duration (for example 90s)"
            elif types == ["string"] and isinstance(value, bool | int | float):
                needed = "a text (in quotes)"
            yield Problem(path, f"{place} is {quoted(value)}, needs {needed}")
            return
    yield from _scalar_problems(value, schema, path, place)
    if isinstance(value, dict):
        yield from _map_problems(value, schema, path)
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield Problem(path, f"{place} is empty, needs {schema['minItems']} or more")
        for index, item in enumerate(value):
            yield from shape_problems(item, schema.get("items", {}), (*path, index))


def _is_type(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def _any_of(value: Any, schema: Schema, path: Path) -> Iterator[Problem]:
    """The alternatives differ in type, so the one that has the value's type speaks."""
    for option in schema["anyOf"]:
        types = option.get("type")
        if _is_type(value, types):
            for problem in shape_problems(value, option, path):
                yield replace(problem, message=problem.message + _as_list(value, schema, option))
            return
    needed = " or ".join(_WORDS[option["type"]] for option in schema["anyOf"])
    yield Problem(path, f"{dotted(path)} is {quoted(value)}, needs {needed}")


def _as_list(value: Any, schema: Schema, option: Schema) -> str:
    """Return how to write a word that is none of a few, if a list of such words may stand there."""
    lists = [each for each in schema["anyOf"] if each.get("type") == "array"]
    fits = any(_is_type(value, each["items"]["type"]) for each in lists if "enum" in option)
    if not fits or not value.isalnum() or did_you_mean(value, option["enum"]):
        return ""
    return f", or a list: [{value}]"


def _scalar_problems(value: Any, schema: Schema, path: Path, place: str) -> Iterator[Problem]:
    form = schema.get("format")
    if form == "duration" and not isinstance(value, bool):
        try:
            if parse_duration_s(value) < 0:
                yield Problem(path, f"{place} is {quoted(value)}, needs 0 or more")
        except ValueError as error:
            yield Problem(path, f"{place}: {error}")
    elif form == "duration" and value is False:
        yield Problem(path, f"{place} is false, needs a duration or true")
    elif form == "quantity":
        try:
            amount = parse_quantity(value)
            if amount < 0:
                yield Problem(path, f"{place} is {quoted(value)}, needs 0 or more")
            elif amount > MAX_QUANTITY and path[-1] != "max":
                yield Problem(path, f"{place} is {quoted(value)}, needs 9P or less")
        except ValueError as error:
            yield Problem(path, f"{place}: {error}")
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        yield Problem(path, f"{place} is empty, needs a text")
    if isinstance(value, int) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            yield Problem(path, f"{place} is {value}, needs {schema['minimum']} or more")
        if value > schema.get("maximum", value):
            yield Problem(path, f"{place} is {value}, needs {schema['maximum']} or less")


def _place_of(key: str, known: Mapping[str, Any]) -> str:
    """Return where a field belongs that stands too high up, or which ones there are."""
    for name, schema in known.items():
        inside = list(schema.get("properties", ()))
        if key in inside:
            return f' — it belongs into "{name}"'
        hint = did_you_mean(key, inside)
        if hint:
            return f'{hint} (of "{name}")'
    return f" (there are {', '.join(known)})" if 0 < len(known) <= _FEW else ""


def _map_problems(value: dict[str, Any], schema: Schema, path: Path) -> Iterator[Problem]:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for key, item in value.items():
        if key in known:
            yield from shape_problems(item, known[key], (*path, key))
        elif others is False:
            hint = did_you_mean(key, list(known)) or _place_of(key, known)
            text = f"unknown field {quoted(dotted((*path, key)), 200)}{hint}"
            yield Problem((*path, key), text, at_key=True, unknown_field=True)
        elif isinstance(others, Mapping):
            yield from shape_problems(item, others, (*path, key))
    for name in schema.get("required", ()):
        if name not in value:
            yield Problem(path, f"{dotted((*path, name))} is missing")
    most, least = schema.get("maxProperties"), schema.get("minProperties", 0)
    if (most is not None and len(value) > most) or len(value) < least:
        yield Problem(path, f"{dotted(path)} needs exactly one of {', '.join(known)}")

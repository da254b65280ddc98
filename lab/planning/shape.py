"""Fields of the wrong type, found before anything reads them.

Only types are looked at: a plan is also made of objects that servers of other versions wrote, with
fields nobody here knows. Whoever reads a user's files checks more, with line and column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lab.core.admission.structure import problems
from lab.core.errors import InputError, quoted
from lab.core.fields import type_of
from lab.core.manifest import Manifest, get_in
from lab.core.model import key_of

_TEXT_MAPS = (("metadata", "labels"), ("metadata", "annotations"))
_MAPS = ("spec", "status")
_WRONG_TYPE = re.compile(r" \((a text|a number|a list|a map|true/false)\), needs ")
"""How a wrong type reads, in contrast to a limit, a word that is none, or an unknown field."""


def check_shape(manifest: Manifest) -> None:
    """Refuse an object whose fields have other types than its kind's.

    Raises:
        InputError: With the first such field, and the others as its problems.
    """
    found = [InputError(f"{key_of(manifest)}: {text}") for text in _wrong_types(manifest)]
    if found:
        raise InputError(found[0].message, problems=found[1:])


def _not_json(manifest: Manifest) -> Iterator[str]:
    """Yield keys that are no texts, and nulls in lists: no API has a use for them."""
    waiting: list[tuple[str, Any]] = [("", manifest)]
    while waiting:
        place, node = waiting.pop()
        if isinstance(node, Mapping):
            for key, value in node.items():
                if not isinstance(key, str):
                    yield f"{place or 'the object'} has the key {quoted(key)}, needs a text"
                elif isinstance(value, Mapping | list):
                    waiting.append((f"{place}.{key}" if place else key, value))
        elif isinstance(node, list):
            for index, item in enumerate(node):
                if item is None:
                    yield f"{place}[{index}] is null, needs a value"
                elif isinstance(item, Mapping | list):
                    waiting.append((f"{place}[{index}]", item))


def _wrong_types(manifest: Manifest) -> Iterator[str]:
    unusable = list(_not_json(manifest))
    if unusable:
        yield from unusable
        return
    field_type = type_of(str(manifest["apiVersion"]), str(manifest["kind"]))
    if field_type is not None:
        for problem in problems(manifest, field_type):
            if _WRONG_TYPE.search(problem.message):
                yield problem.message
        return
    for field in _MAPS:
        value = manifest.get(field)
        if value is not None and not isinstance(value, Mapping):
            yield f"{field} is {quoted(value)}, needs a map"
    for path in _TEXT_MAPS:
        yield from _wrong_texts(get_in(manifest, path), ".".join(path))


def _wrong_texts(value: Any, place: str) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, Mapping):
        yield f"{place} is {quoted(value)}, needs a map"
        return
    for key, text in value.items():
        if not isinstance(key, str) or not isinstance(text, str | None):
            yield f"{place}.{key} is {quoted(text)}, needs a text"

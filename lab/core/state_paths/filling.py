"""Fills a template in from a document.

Source: k8s.io/client-go `util/jsonpath/jsonpath.go` with missing keys forbidden.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.core.state_paths.parsing import (
    Everything,
    Field,
    Filter,
    Literal,
    Part,
    Path,
    PathError,
    Slice,
    Union,
    Word,
    parse_template,
)
from lab.core.state_paths.texts import shown, value_text


class _Nothing:
    """What a range over nothing, or over null, has as its document."""


NOTHING = _Nothing()
_INDIVISIBLE = (str, int, float, bool)


def filled(template: str, document: Any) -> str:
    """Return a template filled in.

    Raises:
        PathError: It cannot be read, or leads nowhere in the document.

    Example:
        >>> filled("job-{.id}-{.steps[-1].name}", {"id": 7, "steps": [{"name": "a"}]})
        'job-7-a'
    """
    paths = parse_template(template)
    try:
        texts, _ = _run(paths, document, depth=0)
    except PathError as error:
        told = json.dumps(template, ensure_ascii=False)
        raise PathError(f"failed to execute jsonpath {told}: {error}") from None
    return "".join(texts)


def _run(paths: Sequence[Path], document: Any, depth: int) -> tuple[list[str], int | None]:
    """Return the texts of expressions, and where among them the `end` of a range was met."""
    texts: list[str] = []
    position = 0
    while position < len(paths):
        path = paths[position]
        results = _walk(path, [document])
        words = [part.name for part in path if isinstance(part, Word)]
        if "end" in words:
            if not depth:
                raise PathError("not in range, nothing to end")
            return texts, position
        position += 1
        if "range" in words:
            end: int | None = None
            for each in results or [NOTHING]:
                inner = NOTHING if each is None else each
                found, end = _run(paths[position:], inner, depth + 1)
                texts += found if results else []
            position += 0 if end is None else end + 1
            continue
        texts.append(" ".join(map(_text, results)))
    return texts, None


def _text(value: Any) -> str:
    return "<no value>" if value is NOTHING else value_text(value)


def _walk(path: Path, values: Sequence[Any]) -> Sequence[Any]:
    for part in path:
        values = _step(part, values)
    return values


def _step(part: Part, values: Sequence[Any]) -> Sequence[Any]:
    match part:
        case Literal(value):
            return [value] if isinstance(value, str) else [value for _ in values]
        case Word(name):
            if name == "end":
                return []
            if name != "range":
                raise PathError(f"unrecognized identifier {name}", values)
            return values
        case Field(name):
            return _field(name, values)
        case Everything(deep):
            if deep:
                return [each for value in values for each in _below(value)]
            return [each for value in values for each in _children(value)]
        case Slice():
            return _slice(part, values)
        case Union(paths):
            return [each for path in paths for each in _walk(path, values)]
        case Filter():
            return [each for value in values for each in _filtered(part, value)]


def _field(name: str, values: Sequence[Any]) -> Sequence[Any]:
    found = [value[name] for value in values if isinstance(value, Mapping) and name in value]
    if values and not found:
        raise PathError(f"{name} is not found")
    return found


def _children(value: Any) -> Sequence[Any]:
    """Return the entries of a value; those of a map by name (by chance in the real one)."""
    if isinstance(value, Mapping):
        return [value[name] for name in sorted(value)]
    if isinstance(value, str):
        return list(value.encode())
    return value if isinstance(value, list) else []


def _below(value: Any) -> list[Any]:
    children = _children(value)
    if not children:
        return []
    return [value, *(each for child in children for each in _below(child))]


def _slice(part: Slice, values: Sequence[Any]) -> Sequence[Any]:
    found: list[Any] = []
    for value in values:
        if value is None:
            continue
        if not isinstance(value, list):
            raise PathError(f"{_type_of(value)} is not array or slice", values)
        length = len(value)
        start, end = _bounds(part, length)
        if start == end:
            return found
        for index, outside in ((start, not 0 <= start < length), (end - 1, not 0 <= end <= length)):
            if outside:
                text = f"array index out of bounds: index {index}, length {length}"
                raise PathError(text, values)
        if start > end:
            raise PathError(f"starting index {start} is greater than ending index {end}", values)
        if part.step is not None and part.step <= 0:
            raise PathError("step must be > 0", values)
        found += value[start : end : part.step]
    return found


def _bounds(part: Slice, length: int) -> tuple[int, int]:
    start = part.start or 0
    end = start + 1 if part.single else part.end
    if end is None:
        end = length
    elif end < 0 or (part.single and end == 0):
        end += length
    return start + length if start < 0 else start, end


def _type_of(value: Any) -> str:
    if isinstance(value, Mapping):
        return "map[string]interface {}"
    if isinstance(value, str | bool):
        return "string" if isinstance(value, str) else "bool"
    return "float64"


def _filtered(part: Filter, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise PathError(f"{shown(value)} is not array or slice and cannot be filtered")
    return [item for item in value if _holds(part, item)]


def _holds(part: Filter, item: Any) -> bool:
    try:
        left = _walk(part.left, [item])
    except PathError as error:
        if part.operator:
            raise
        return bool(error.standing)
    if not part.operator:
        return bool(left)
    right = _walk(part.right, [item]) if left else ()
    if len(left) > 1 or len(right) > 1:
        raise PathError("can only compare one element at a time")
    if not left or not right:
        return False
    kinds = _kind(left[0], part.left), _kind(right[0], part.right)
    return _compared(left[0], part.operator, right[0], kinds)


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _kind(value: Any, path: Path) -> str:
    """Return what a value can be compared to; a whole number is one only if it was typed."""
    if not isinstance(value, _INDIVISIBLE):
        raise PathError("invalid type for comparison")
    typed = bool(path) and isinstance(path[-1], Literal)
    return "int" if typed and type(value) is int else _type_of(value)


def _compared(left: Any, operator: str, right: Any, kinds: tuple[str, str]) -> bool:
    compare = _COMPARISONS.get(operator)
    if compare is None:
        raise PathError(f"unrecognized filter operator {operator}")
    if kinds[0] != kinds[1]:
        raise PathError("incompatible types for comparison")
    if kinds[0] == "bool" and operator not in {"==", "!="}:
        raise PathError("invalid type for comparison")
    return compare(left, right)

"""The part of kubectl's JSONPath that printer columns, `-o jsonpath=` and state preservation use.

`.a.b[0].c`, `[*]`, `[-1:]`, `['a.b']`, `[?(@.type=="Ready")]`, and in templates `{…}`, `{"text"}`
and `{range …}…{end}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from lab.core.errors import InputError

_STEP = re.compile(
    r"""\.(?P<name>(?:[^.\[\]\\]|\\.)+)
      | \[\s*(?P<quote>['"])(?P<key>.*?)(?P=quote)\s*\]
      | \[\s*(?P<all>\*)\s*\]
      | \[\s*(?P<start>-?\d*)\s*:\s*(?P<end>-?\d*)\s*\]
      | \[\s*(?P<index>-?\d+)\s*\]
      | \[\?\(\s*@(?P<left>[^=!<>]*?)\s*(?:(?P<op>==|!=|>=|<=|>|<)\s*(?P<right>.*?))?\s*\)\]
    """,
    re.VERBOSE,
)


def find(path: str, document: Any, *, strict: bool = False) -> list[Any]:
    """Return every value a path leads to; absent fields give nothing.

    Args:
        path: With or without its dollar sign and first dot.
        document: Where to look.
        strict: A field or an element that is not there is an error.

    Raises:
        InputError: The path cannot be read, or leads nowhere and must not.

    Example:
        >>> find('.c[?(@.type=="B")].v', {"c": [{"type": "A", "v": 1}, {"type": "B", "v": 2}]})
        [2]
    """
    text = path.strip().removeprefix("$").removeprefix("@")
    if text in {"", "."}:
        return [document]
    if not text.startswith((".", "[")):
        text = "." + text
    nodes, position = [document], 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise InputError(f'cannot read JSONPath "{path}" from "{text[position:]}" on')
        found = [value for node in nodes for value in _step(match, node)]
        if strict and nodes and not found:
            _check(match, nodes)
        nodes, position = found, match.end()
    return nodes


def _check(match: re.Match[str], nodes: list[Any]) -> None:
    """Refuse what client-go refuses with missing keys forbidden; `null` leads on in silence."""
    nodes = [node for node in nodes if node is not None]
    name = match["name"] if match["key"] is None else match["key"]
    if name is not None and name != "*" and nodes:
        raise InputError(f"{name} is not found")
    if match["index"] is not None and nodes:
        if not isinstance(nodes[0], list):
            raise InputError(f"{value_text(nodes[0])} is not array or slice")
        index, length = int(match["index"]), len(nodes[0])
        index = index if index >= 0 else index + length
        raise InputError(f"array index out of bounds: index {index}, length {length}")


def _step(match: re.Match[str], node: Any) -> Iterable[Any]:
    name = match["name"]
    if name == "*" or match["all"]:
        if isinstance(node, Mapping):
            return list(node.values())
        return list(node) if isinstance(node, list) else []
    if name is not None or match["key"] is not None:
        key = re.sub(r"\\(.)", r"\1", name) if name is not None else match["key"]
        return [node[key]] if isinstance(node, Mapping) and key in node else []
    if not isinstance(node, list):
        return []
    if match["index"] is not None:
        index = int(match["index"])
        return [node[index]] if -len(node) <= index < len(node) else []
    if match["left"] is not None:
        return [item for item in node if _holds(match, item)]
    start, end = match["start"], match["end"]
    return node[int(start) if start else None : int(end) if end else None]


def _holds(match: re.Match[str], item: Any) -> bool:
    values = find(match["left"] or "", item)
    if match["op"] is None:
        return bool(values)
    right = match["right"].strip()
    wanted: Any = right[1:-1] if right[:1] in {"'", '"'} else _number(right)
    for value in values:
        if match["op"] == "==" and value == wanted:
            return True
        if match["op"] == "!=" and value != wanted:
            return True
        if match["op"][0] in "<>" and isinstance(value, int | float):
            order = (value > wanted) - (value < wanted)
            if {">": order > 0, "<": order < 0, ">=": order >= 0, "<=": order <= 0}[match["op"]]:
                return True
    return False


def _number(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


_PART = re.compile(r"\{([^{}]*)\}")


def render(template: str, document: Any, *, strict: bool = False) -> str:
    """Return a JSONPath template filled in.

    Args:
        template: With expressions in braces. Without any brace it is a path (as kubectl takes it),
            or, if strict, a mere text (as client-go takes it).
        document: What it is about.
        strict: A field or an element that is not there is an error.

    Raises:
        InputError: A path cannot be read or leads nowhere, or a `range` has no `end`.
    """
    if "{" not in template and not strict:
        template = "{" + template + "}"
    parts: list[str] = []
    position = 0
    for match in _PART.finditer(template):
        parts += [template[position : match.start()], match[1]]
        position = match.end()
    parts.append(template[position:])
    if any("{" in part or "}" in part for part in parts[::2]):
        raise InputError(f"error parsing jsonpath {template}, unclosed action")
    text, rest = _render(parts, document, strict)
    if rest:
        raise InputError("jsonpath: {end} without {range}")
    return text


def _render(parts: list[str], document: Any, strict: bool) -> tuple[str, list[str]]:
    output: list[str] = []
    while parts:
        output.append(parts.pop(0))  # literal text; the next part is an expression
        if not parts:
            break
        expression = parts.pop(0).strip()
        if expression == "end":
            return "".join(output), parts or [""]
        if expression.startswith("range"):
            rest = parts
            for item in find(expression[5:], document, strict=strict) or [None]:
                text, rest = _render(list(parts), item, strict and item is not None)
                if item is not None:
                    output.append(text)
            parts = rest
        elif expression[:1] in {'"', "'"}:
            output.append(expression[1:-1].encode().decode("unicode_escape"))
        else:
            values = find(expression, document, strict=strict)
            output.append(" ".join(value_text(value) for value in values))
    return "".join(output), []


def value_text(value: Any) -> str:
    """Return a value as kubectl writes it: texts bare, the rest as compact JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

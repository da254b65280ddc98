"""The part of kubectl's JSONPath that printer columns and `-o jsonpath=` use.

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


def find(path: str, document: Any) -> list[Any]:
    """Return every value a path leads to; absent fields give nothing.

    Args:
        path: With or without its dollar sign and first dot.
        document: Where to look.

    Raises:
        InputError: The path cannot be read.

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
        nodes = [value for node in nodes for value in _step(match, node)]
        position = match.end()
    return nodes


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


def render(template: str, document: Any) -> str:
    """Return a JSONPath template filled in.

    Args:
        template: With expressions in braces; without any brace it is a path.
        document: What it is about.

    Raises:
        InputError: A path cannot be read, or a `range` has no `end`.
    """
    if "{" not in template:
        template = "{" + template + "}"
    parts: list[str] = []
    position = 0
    for match in _PART.finditer(template):
        parts += [template[position : match.start()], match[1]]
        position = match.end()
    parts.append(template[position:])
    if any("{" in part or "}" in part for part in parts[::2]):
        raise InputError(f"error parsing jsonpath {template}, unclosed action")
    text, rest = _render(parts, document)
    if rest:
        raise InputError("jsonpath: {end} without {range}")
    return text


def _render(parts: list[str], document: Any) -> tuple[str, list[str]]:
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
            for item in find(expression[5:], document) or [None]:
                text, rest = _render(list(parts), item)
                if item is not None:
                    output.append(text)
            parts = rest
        elif expression[:1] in {'"', "'"}:
            output.append(expression[1:-1].encode().decode("unicode_escape"))
        else:
            values = find(expression, document)
            output.append(" ".join(value_text(value) for value in values))
    return "".join(output), []


def value_text(value: Any) -> str:
    """Return a value as kubectl writes it: texts bare, the rest as compact JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

"""YAML text as Go's yaml.v2 reads and writes it (through sigs.k8s.io/yaml, which goes by JSON).

It is YAML 1.1 with its own habits: `yes`, `on` and `y` are booleans, dates stay texts, `010` is 8,
`1:30` is a text; on the way out keys are sorted "naturally", texts that would read as something
else stand in double quotes, texts of several lines in block style.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

import yaml

from lab.core.patch import PatchError

_WORDS: Mapping[str, bool | float | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE"), True),
    **dict.fromkeys(("on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE"), False),
    **dict.fromkeys(("off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SIXTY = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_DATE = re.compile(
    r"[0-9]{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12][0-9]|3[01])"
    r"([Tt][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})"
    r"| [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]+)?)?"
)
_OTHER_BREAKS = "\x85\u2028\u2029"
_MAX_NODES = 200_000
_MAX_DEPTH = 200
_TEXT, _MERGE, _PLAIN = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge", "!plain"


def _resolve(text: str) -> Any:
    """Return what a plain scalar stands for; the text itself when it is a text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] == "." and _FLOAT.fullmatch(text):
        return float(text)
    if text[0] not in "+-0123456789" or _DATE.fullmatch(text):
        return text
    plain = text.replace("_", "")
    match = _INTEGER.fullmatch(plain) if len(plain) < 70 else None
    if match is not None:
        sign, digits16, digits2, digits8, digits10 = match.groups()
        base = 16 if digits16 else 2 if digits2 else 8 if digits8 else 10
        number = int(digits16 or digits2 or digits8 or digits10, base)
        number = -number if sign == "-" else number
        if -(2**63) <= number < 2**64:
            return number
    return float(plain) if _FLOAT.fullmatch(plain) and len(plain) < 400 else text


# ── reading ────────────────────────────────────────────────────────────────────────────────────


class _Reader:
    """Turns a tree of YAML nodes into JSON data; counts, so that aliases cannot blow it up."""

    def __init__(self) -> None:
        self._count = 0

    def value(self, node: yaml.Node, depth: int = 0) -> Any:
        self._count += 1
        if self._count > _MAX_NODES or depth > _MAX_DEPTH:
            raise PatchError("the YAML in the field is too large or nested too deep")
        if isinstance(node, yaml.SequenceNode):
            return [self.value(entry, depth + 1) for entry in node.value]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            value = self.value(value_node, depth + 1)
            if _is_merge(key_node):
                for source in reversed(value if isinstance(value, list) else [value]):
                    if not isinstance(source, dict):
                        raise PatchError("map merge requires map or sequence of maps as the value")
                    merged.update(source)
            else:
                own[_key(self.value(key_node, depth + 1))] = value
        return {**merged, **own}


def _is_merge(node: yaml.Node) -> bool:
    return (node.value == "<<" and node.tag == _PLAIN) or node.tag == _MERGE


def _scalar(node: Any) -> Any:
    text = str(node.value)
    if node.tag == _PLAIN:
        return _json_number(_resolve(text))
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if kind in {"bool", "int", "float", "null"}:
        value = _json_number(_resolve(text))
        if isinstance(value, str):
            raise PatchError(f"cannot decode !!str `{text}` as a !!{kind}")
        return value
    return text


def _json_number(value: Any) -> Any:
    """JSON knows no NaN, and writes a whole float like an integer; YAML reads 64 bits of it."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**64:
        return float(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise PatchError(f"json: unsupported value: {value}")
        if value == int(value) and abs(value) < 2**64:
            return int(value)
    return value


def _key(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise PatchError(f"unsupported map key of type {type(value).__name__}")


class _PlainLoader(yaml.SafeLoader):
    """Only marks plain scalars: what they stand for is decided here, as Go does."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 — PyYAML's own class attribute

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        """Compose a scalar; one that is neither quoted nor tagged gets the tag of its own."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        node: yaml.ScalarNode = super().compose_scalar_node(anchor)
        if event.implicit[0]:
            node.tag = _PLAIN
        return node


def load_go_yaml(text: str) -> Any:
    """Return the first document of a YAML text as JSON data.

    Raises:
        PatchError: It cannot be read.
    """
    try:
        loader = _PlainLoader(text)
        try:
            node = loader.get_node() if loader.check_node() else None
        finally:
            loader.dispose()
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PatchError(f"the field holds no YAML: {first}") from None
    return None if node is None else _Reader().value(node)


# ── writing ────────────────────────────────────────────────────────────────────────────────────


class _PlainDumper(yaml.SafeDumper):
    """Writes every scalar as told: the style is chosen here, as Go does."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 — PyYAML's own class attribute

    def ignore_aliases(self, data: Any) -> bool:
        return True


def dump_go_yaml(document: Any) -> str:
    """Return the YAML text of JSON data."""
    node = _node(document)
    text: str = yaml.serialize(node, Dumper=_PlainDumper, allow_unicode=True)
    return text.removesuffix("...\n")


def _node(value: Any) -> yaml.Node:
    if isinstance(value, Mapping):
        pairs = [(_node(key), _node(value[key])) for key in sorted(value, key=_natural)]
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)
    if isinstance(value, list):
        entries = [_node(entry) for entry in value]
        return yaml.SequenceNode("tag:yaml.org,2002:seq", entries, flow_style=False)
    if isinstance(value, str):
        return yaml.ScalarNode(_TEXT, value, style=_style(value))
    if value is None:
        return yaml.ScalarNode(_TEXT, "null")
    if isinstance(value, bool):
        return yaml.ScalarNode(_TEXT, "true" if value else "false")
    value = _json_number(value)
    written = _go_float(value) if isinstance(value, float) else str(value)
    return yaml.ScalarNode(_TEXT, written)


def _style(text: str) -> str | None:
    if any(character > "\uffff" or character in _OTHER_BREAKS for character in text):
        return '"'  # Go's emitter takes the first for unprintable; the others would be lost.
    if "\n" in text:
        return "|"
    special = text in _WORDS or text == "<<" or _DATE.fullmatch(text) or _SIXTY.fullmatch(text)
    return '"' if special or not isinstance(_resolve(text), str) else None


def _go_float(value: float) -> str:
    """Write a float as Go's %g does: with an exponent below 1e-4 and from 1e+6 on."""
    shortest = repr(value)
    mantissa = re.sub(r"[eE].*", "", shortest).lstrip("-").replace(".", "").strip("0") or "0"
    exponent = Decimal(shortest).adjusted()
    if -4 <= exponent < max(6, 0):
        return shortest if "e" not in shortest else f"{value:f}".rstrip("0").rstrip(".")
    sign = "-" if value < 0 else ""
    body = mantissa[0] + (f".{mantissa[1:]}" if len(mantissa) > 1 else "")
    return f"{sign}{body}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _compare(one: str, other: str) -> int:
    """Order keys as Go's yaml does: numbers inside texts by value, letters after the rest."""
    for index in range(min(len(one), len(other))):
        left, right = one[index], other[index]
        if left == right:
            continue
        if left.isalpha() and right.isalpha():
            return -1 if left < right else 1
        if left.isalpha() or right.isalpha():
            return -1 if right.isalpha() else 1
        seed = 0
        if "0" in (left, right):
            before = re.search(r"[0-9]*$", one[:index])
            seed = 1 if before is not None and before[0].strip("0") else 0
        first, first_end = _number_at(one, index, seed)
        second, second_end = _number_at(other, index, seed)
        if first != second:
            return -1 if first < second else 1
        if first_end != second_end:
            return -1 if first_end < second_end else 1
        return -1 if left < right else 1
    return len(one) - len(other)


def _number_at(text: str, start: int, seed: int) -> tuple[int, int]:
    match = re.compile(r"[0-9]{0,18}").match(text, start)
    digits = match[0] if match is not None else ""
    number = int(f"{seed}{digits}") if digits else seed
    return number, start + len(digits)


_natural = cmp_to_key(_compare)

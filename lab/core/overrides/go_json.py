"""JSON text that is patched in Go: what the patch does not touch keeps its writing.

Go's patch library passes untouched parts on as they were written (only without white space), so
`1.0`, `1e3` and escapes in texts stay as they are. Here such literals are texts that remember it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
from typing import Any

from lab.core.patch import PatchError

_MAX_DEPTH = 200


class _Number(float):
    """A number as it was written."""

    raw: str


class _Text(str):
    """A text as it was written, quotes and escapes included."""

    raw: str


def _number(raw: str) -> _Number:
    number = _Number(float(raw))
    number.raw = raw
    return number


def _scan_text(source: str, end: int, strict: bool = True) -> tuple[str, int]:
    value, after = scanstring(source, end, strict)
    text = _Text(value)
    text.raw = source[end - 1 : after]
    return text, after


def _refused(word: str) -> Any:
    raise ValueError(f"invalid character in literal {word}")


class _Decoder(json.JSONDecoder):
    def __init__(self) -> None:
        super().__init__(parse_float=_number, parse_int=_number, parse_constant=_refused)
        self.parse_string = _scan_text
        self.scan_once = py_make_scanner(self)


def load_go_json(text: str) -> Any:
    """Return the document of a JSON text.

    Raises:
        PatchError: It is no JSON, or neither an object nor a list (which must begin at once).
    """
    try:
        document = _Decoder().decode(text)
    except (JSONDecodeError, ValueError, RecursionError) as error:
        raise PatchError(f"the field holds no JSON: {error}") from None
    if isinstance(document, list) and text.startswith("["):
        return document
    if not isinstance(document, dict):
        raise PatchError("the field holds no JSON object")
    return document


def dump_go_json(document: Any) -> str:
    """Return compact JSON with keys in their order, escaped as Go escapes."""
    return "".join(_pieces(document, 0))


def _pieces(node: Any, depth: int) -> list[str]:
    if depth > _MAX_DEPTH:
        raise PatchError("the document is nested too deep")
    if isinstance(node, Mapping):
        pieces = ["{"]
        for key, value in node.items():
            if len(pieces) > 1:
                pieces.append(",")
            pieces += [_quoted(str(key)), ":", *_pieces(value, depth + 1)]
        return [*pieces, "}"]
    if isinstance(node, list):
        pieces = ["["]
        for value in node:
            if len(pieces) > 1:
                pieces.append(",")
            pieces += _pieces(value, depth + 1)
        return [*pieces, "]"]
    if isinstance(node, _Number):
        return [node.raw]
    if isinstance(node, _Text):
        return [_go_escaped(node.raw)]
    if isinstance(node, str):
        return [_quoted(node)]
    return [json.dumps(node)]


def _quoted(text: str) -> str:
    return _go_escaped(json.dumps(text, ensure_ascii=False))


def _go_escaped(literal: str) -> str:
    for character in "<>&\u2028\u2029":
        literal = literal.replace(character, f"\\u{ord(character):04x}")
    return literal

"""`-o custom-columns=NAME:.metadata.name,…`: a table of a person's own columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lab.core.errors import InputError
from lab.core.jsonpath import find, value_text

_NONE = "<none>"
_BETWEEN = re.compile(r",(?![^\[]*\])")
"""A comma between two columns: not one inside of brackets."""


def rows(spec: str, objects: Sequence[Any]) -> list[list[str]]:
    """Return header and rows.

    Raises:
        InputError: The columns cannot be read.

    Example:
        >>> rows("NAME:.metadata.name,N:.spec.n", [{"metadata": {"name": "web"}}])
        [['NAME', 'N'], ['web', '<none>']]
    """
    parsed = [_column(part) for part in _BETWEEN.split(spec)] if spec else []
    if not parsed:
        raise InputError("custom-columns format specified but no custom columns given")
    table = [[name for name, _ in parsed]]
    for manifest in objects:
        found = (find(path, manifest) for _, path in parsed)
        table.append([",".join(map(_text, values)) if values else _NONE for values in found])
    return table


def _column(part: str) -> tuple[str, str]:
    name, colon, path = part.partition(":")
    if not colon or not name or not path:
        raise InputError(
            f'unexpected custom-columns spec: "{part}", expected <header>:<json-path-expr>'
        )
    return name, path.strip().removeprefix("{").removesuffix("}")


def _text(value: Any) -> str:
    return _NONE if value is None else value_text(value)

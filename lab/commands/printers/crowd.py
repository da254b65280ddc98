"""Many names in few words: what a person says instead of a hundred of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FEW = 3
_NUMBER = re.compile(r"(\d+)")
_LIST = re.compile(r"(?<![^\s,()])((?:[^\s,()]+, ){3})((?:[^\s,()]+, ){3,})([^\s,()]+)")


def crowd(names: Sequence[str]) -> str:
    """Return names as a text: all of a few, the first and the last of a row, or the first few.

    Example:
        >>> crowd(["a", "b"]), crowd([f"app-{n}" for n in range(100)])
        ('a, b', 'app-0 … app-99 (100)')
        >>> crowd(["one", "two", "three", "four", "five"])
        'five, four, one and 2 more'
    """
    found = sorted(set(names), key=_natural)
    if len(found) <= _FEW:
        return ", ".join(found)
    first, last = _NUMBER.split(found[0]), _NUMBER.split(found[-1])
    apart = [
        index for index, (one, other) in enumerate(zip(first, last, strict=False)) if one != other
    ]
    if len(first) == len(last) and len(apart) == 1 and apart[0] % 2:
        index = apart[0]
        row = all(_alike(_NUMBER.split(name), first, index) for name in found)
        if row and int(last[index]) - int(first[index]) == len(found) - 1:
            return f"{found[0]} … {found[-1]} ({len(found)})"
    return f"{', '.join(found[:_FEW])} and {len(found) - _FEW} more"


def _alike(parts: Sequence[str], first: Sequence[str], index: int) -> bool:
    """Tell whether a name differs from the first one in the number at `index` only."""
    return len(parts) == len(first) and all(
        part == other for at, (part, other) in enumerate(zip(parts, first, strict=True))
        if at != index
    )  # fmt: skip


def _natural(name: str) -> list[tuple[int, int | str]]:
    parts = _NUMBER.split(name)
    return [(0, int(part)) if index % 2 else (1, part) for index, part in enumerate(parts)]


def shortened(text: str) -> str:
    """Return a text in which lists of more than six words are cut after three.

    Example:
        >>> shortened("scheduled to m1:1, m2:1, m3:1, m4:1, m5:1, m6:1, m7:1 (was m1:7)")
        'scheduled to m1:1, m2:1, m3:1 and 4 more (was m1:7)'
    """

    def short(match: re.Match[str]) -> str:
        return f"{match[1].removesuffix(', ')} and {match[2].count(', ') + 1} more"

    return _LIST.sub(short, text)


def plural(kind: str) -> str:
    """Return the plural of a kind's name.

    Example:
        >>> plural("Deployment"), plural("OverridePolicy"), plural("Ingress"), plural("Endpoints")
        ('Deployments', 'OverridePolicies', 'Ingresses', 'Endpoints')
    """
    if kind.endswith("y") and kind[-2:-1] not in "aeiou":
        return f"{kind[:-1]}ies"
    if kind.endswith(("ss", "x", "ch")):
        return f"{kind}es"
    return kind if kind.endswith("s") else f"{kind}s"

"""Text for terminals: columns as kubectl lays them out, hostile text made harmless."""

from __future__ import annotations

from collections.abc import Sequence

from lab.core.text_table import cells, printable, wrapped

_PADDING = 3


def safe(text: str) -> str:
    r"""Return `text` as one line in which nothing is left that a terminal would obey.

    Example:
        >>> safe("a" + chr(27) + "[31mb" + chr(10) + "c")
        'a\\x1b[31mb\\nc'
    """
    return printable(text)


def safe_lines(text: str) -> str:
    """Return `text` made harmless, its line breaks kept."""
    return "\n".join(printable(line) for line in text.split("\n"))


def broken(text: str, width: int | None, first: str = "") -> list[str]:
    """Return `text` made harmless, after `first`, broken to a width if there is one."""
    if width is None:
        return [first + printable(text)]
    return wrapped(text, width, first)


def columns(rows: Sequence[Sequence[str]], *, padding: int = _PADDING, indent: str = "") -> str:
    """Return rows as text with aligned columns, as kubectl's tab writer lays them out.

    Example:
        >>> print(columns([["NAME", "AGE"], ["web", "5s"]]))
        NAME   AGE
        web    5s
    """
    shown = [[printable(cell) for cell in row] for row in rows]
    count = max((len(row) for row in shown), default=0)
    widths = [
        max((cells(row[index]) for row in shown if index < len(row)), default=0)
        for index in range(count)
    ]
    lines = []
    for row in shown:
        filled = [
            cell + " " * (widths[index] - cells(cell) + padding)
            for index, cell in enumerate(row[:-1])
        ]
        lines.append((indent + "".join(filled) + (row[-1] if row else "")).rstrip(" "))
    return "\n".join(lines)

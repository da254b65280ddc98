"""Plain-text tables that fit a width: no colour, no markup, nothing hostile let through.

Widths are those a terminal shows: wide characters count two cells, combining ones none. Control
characters, which could move the cursor or change colours, are shown as their code.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence


def printable(text: object) -> str:
    r"""Return a text with everything that is not a plain character shown as its code.

    Example:
        >>> printable("red" + chr(27) + "[31m")
        'red\\x1b[31m'
    """
    raw = str(text)
    if raw.isascii() and raw.isprintable():
        return raw
    return "".join(
        c if c.isprintable() and unicodedata.category(c) != "Cf" else _code(c) for c in raw
    )


def _code(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def cells(text: str) -> int:
    """Return how many terminal cells a text takes."""
    if text.isascii():
        return len(text)
    total = 0
    for character in text:
        if unicodedata.combining(character):
            continue
        total += 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
    return total


def cut(text: str, width: int) -> str:
    """Return a text cut to a width, with an ellipsis where something is missing."""
    if cells(text) <= width:
        return text
    return text[: _fitting(text, width - 1)] + "…" if width > 0 else ""


def _fitting(text: str, width: int) -> int:
    """Return how many characters from the beginning fit into a width."""
    used = 0
    for index, character in enumerate(text):
        used += cells(character)
        if used > width:
            return index
    return len(text)


def padded(text: str, width: int, right: bool = False) -> str:
    """Return a text filled up with spaces to a width (flush right if asked)."""
    space = " " * max(width - cells(text), 0)
    return space + text if right else text + space


def wrapped(text: object, width: int, first: str = "", then: str | None = None) -> list[str]:
    """Return a text broken at spaces into lines of at most `width` cells.

    Args:
        text: Made printable first.
        width: Cells per line, the indents included.
        first: Put before the first line.
        then: Put before further lines; spaces as wide as `first` if not given.
    """
    rest = " " * cells(first) if then is None else then
    lines, line, empty = [], first, True
    for word in printable(text).split(" "):
        while True:
            room = width - cells(line) - (0 if empty else 1)
            if cells(word) <= room:
                line += word if empty else " " + word
                empty = False
                break
            if empty:
                fits = max(_fitting(word, room), 1)
                lines.append(line + word[:fits])
                word = word[fits:]
            else:
                lines.append(line)
            line, empty = rest, True
    return [*lines, line]


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    width: int,
    *,
    indent: str = "  ",
    numbers: Iterable[int] = (),
) -> list[str]:
    """Return a table as lines: a header, then one line per row, all within `width` cells.

    When it is too wide the widest columns are cut, down to what still tells entries apart.

    Args:
        headers: One per column.
        rows: Cells in any type; they are made printable.
        width: Cells per line, the indent included.
        indent: Put before each line.
        numbers: Indexes of the columns that are flush right.
    """
    lines = [[printable(h) for h in headers], *([printable(c) for c in row] for row in rows)]
    widths = [max(cells(line[i]) for line in lines) for i in range(len(headers))]
    room = width - cells(indent) - 2 * (len(headers) - 1)
    while sum(widths) > room and max(widths) > 4:
        widths[widths.index(max(widths))] -= 1
    right = set(numbers)
    return [
        (
            indent
            + "  ".join(
                padded(cut(cell, widths[i]), widths[i], i in right) for i, cell in enumerate(line)
            )
        ).rstrip()
        for line in lines
    ]

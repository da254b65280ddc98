"""Text for terminals: columns, and hostile text made harmless.

Names and values may hold anything. Nothing that a terminal would obey leaves this file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_PADDING = 3
_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def safe(text: str) -> str:
    r"""Return `text` with control characters written out, as one line.

    Example:
        >>> safe("a\x1b[31mb\nc")
        'a^[[31mb\\nc'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "^[", "\x7f": "^?"}


def _shown(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code < 0x20:
        return f"^{chr(code + 64)}"
    if code < 0xA0 and code >= 0x80:
        return f"\\x{code:02x}"
    if character in _BIDI or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
        return f"\\u{code:04x}"
    return character


def safe_lines(text: str) -> str:
    """Return `text` made harmless, its line breaks kept."""
    return "\n".join(safe(line) for line in text.split("\n"))


def columns(rows: Sequence[Sequence[str]], *, padding: int = _PADDING, indent: str = "") -> str:
    """Return rows as text with aligned columns, as kubectl's tab writer lays them out.

    Example:
        >>> print(columns([["NAME", "AGE"], ["web", "5s"]]))
        NAME   AGE
        web    5s
    """
    shown = [[safe(cell) for cell in row] for row in rows]
    count = max((len(row) for row in shown), default=0)
    widths = [
        max((display_width(row[index]) for row in shown if index < len(row)), default=0)
        for index in range(count)
    ]
    lines = []
    for row in shown:
        cells = [
            cell + " " * (widths[index] - display_width(cell) + padding)
            for index, cell in enumerate(row[:-1])
        ]
        lines.append((indent + "".join(cells) + (row[-1] if row else "")).rstrip(" "))
    return "\n".join(lines)


def display_width(text: str) -> int:
    """Return how many terminal cells a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )

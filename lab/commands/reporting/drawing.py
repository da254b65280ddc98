"""Static SVG, as little as charts need: a time axis, steps, bands, text. All text is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.core.text_table import printable

_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400,
            21600, 43200, 86400, 172800, 604800)  # fmt: skip
_FINEST = 0.4
"""Steps closer than this many units are drawn as one (its lowest and highest number)."""


def escaped(text: object) -> str:
    r"""Return a text that can stand in HTML or SVG: no markup, no control characters.

    Example:
        >>> escaped("<script>" + chr(27))
        '&lt;script&gt;\\x1b'
    """
    return html.escape(printable(text), quote=True)


def number(value: float) -> str:
    """Return a coordinate, as short as it can be."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Axis:
    """Seconds of the run to units of the drawing.

    Attributes:
        end_s: The last second; the first is 0.
        left: Where second 0 is.
        right: Where the last second is.
    """

    end_s: float
    left: float
    right: float

    def at(self, time_s: float) -> float:
        """Return where a moment is; what lies outside is put on the edge."""
        share = min(1.0, max(0.0, time_s / self.end_s))
        return self.left + share * (self.right - self.left)

    def ticks(self, most: int = 10) -> list[float]:
        """Return round moments to write on the axis."""
        step = next((each for each in _STEPS_S if self.end_s / each <= most), self.end_s)
        return [index * step for index in range(int(self.end_s / step + 1e-9) + 1)]


def moment(time_s: float) -> str:
    """Return a moment as an axis has it.

    Example:
        >>> moment(0), moment(90), moment(3600), moment(0.5)
        ('0', '1m30s', '1h', '0.5s')
    """
    if time_s < 60:
        return f"{time_s:g}s" if time_s else "0"
    hours, rest = divmod(round(time_s), 3600)
    minutes, seconds = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{value}{unit}" for value, unit in parts if value)


def element(name: str, content: str = "", **attributes: object) -> str:
    """Return an element; `class_` stands for `class`, `_` in names for `-`."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def text(x: float, y: float, words: object, class_: str = "", anchor: str = "start") -> str:
    """Return a text; `anchor` is start, middle or end."""
    return element("text", escaped(words), x=number(x), y=number(y), class_=class_ or None,
                   text_anchor=None if anchor == "start" else anchor)  # fmt: skip


def titled(content: str, words: str) -> str:
    """Return a group that tells something when it is pointed at."""
    return element("g", element("title", escaped(words)) + content)


def picture(width: float, height: float, label: str, content: Iterable[str]) -> str:
    """Return a whole drawing that scales with the page."""
    return element(
        "svg",
        element("title", escaped(label)) + "".join(content),
        viewBox=f"0 0 {number(width)} {number(height)}",
        role="img",
        aria_label=label,
        class_="chart",
    )


def points(
    steps: Sequence[tuple[float, float]], axis: Axis, until_s: float
) -> list[tuple[float, float]]:
    """Return the corners of a stepped line: what holds at 0, every change, what holds at the end.

    Changes too close to be told apart are drawn as the lowest and the highest of them.
    """
    inside = [(time_s, value) for time_s, value in steps if 0 < time_s <= until_s]
    first = next((value for time_s, value in reversed(steps) if time_s <= 0), 0.0)
    corners = [(axis.at(0.0), first)]
    close: list[float] = []
    for time_s, value in inside:
        x = axis.at(time_s)
        if x - corners[-1][0] < _FINEST and len(corners) > 1:
            close.append(value)
            if value in {min(close), max(close)}:
                corners.append((corners[-1][0], value))
            last = value
            continue
        if close and corners[-1][1] != last:
            corners.append((corners[-1][0], last))
        close, last = [value], value
        corners += [(x, corners[-1][1]), (x, value)]
    if close and corners[-1][1] != last:
        corners.append((corners[-1][0], last))
    corners.append((axis.at(until_s), corners[-1][1]))
    return corners


def line_path(corners: Sequence[tuple[float, float]], zero_y: float, scale: float) -> str:
    """Return the path of a stepped line."""
    return "M" + "L".join(f"{number(x)} {number(zero_y - y * scale)}" for x, y in corners)


def area_path(
    upper: Sequence[tuple[float, float]],
    lower: Sequence[tuple[float, float]],
    zero_y: float,
    scale: float,
) -> str:
    """Return the path of what lies between two stepped lines."""
    there = [f"{number(x)} {number(zero_y - y * scale)}" for x, y in upper]
    back = [f"{number(x)} {number(zero_y - y * scale)}" for x, y in reversed(lower)]
    return "M" + "L".join([*there, *back]) + "Z"

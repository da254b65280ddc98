"""The charts of a report: applications, clusters, and where the time of an answer went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lab.commands.phases import PHASES, Anchor, AppPhases
from lab.commands.printers.records import place
from lab.commands.printers.timeline import clock
from lab.commands.reporting.drawing import (
    Axis,
    area_path,
    element,
    line_path,
    moment,
    number,
    picture,
    points,
    text,
    titled,
)
from lab.commands.reporting.facts import Band
from lab.commands.reporting.series import AppSeries, ClusterSeries, Steps, busiest, summed

WIDTH = 960.0
_LEFT, _RIGHT = 118.0, 944.0
_COLOURS = 8
"""Clusters that have a colour of their own; the others share a grey."""
_STATES = {"True": "ready", "False": "down", "Unknown": "unknown", "": "absent"}
_BAND_TEXT = 7.0
"""Units of width of a letter."""


def app_chart(
    series: AppSeries,
    bands: Sequence[Band],
    end_s: float,
    names: Sequence[str],
    title: str = "",
) -> str:
    """Return one application: what serves, stacked by cluster, and what is wanted.

    Args:
        series: The application.
        bands: Faults.
        end_s: The last second.
        names: The clusters that have a colour, in its order.
        title: Instead of the application's name.
    """
    title = title or place(series.app)
    height, top, bottom = 196.0, 38.0, 168.0
    axis, most = Axis(end_s, _LEFT, _RIGHT), max(1, series.most)
    scale = (bottom - top) / (most * 1.08)
    parts = [*_bands(bands, axis, top, bottom), *_grid(axis, top, bottom, most, scale)]
    stack: list[Steps] = []
    kept = [name for name in names if name in series.serving]
    rest = [steps for name, steps in series.serving.items() if name not in names]
    layers = [(name, series.serving[name], f"c{names.index(name)}") for name in kept]
    if rest:
        layers.append(("other clusters", summed(rest), "rest"))
    lower: Steps = []
    for name, steps, class_ in layers:
        stack.append(steps)
        upper = summed(stack)
        floor = points(lower, axis, end_s) if lower else _floor(axis)
        shape = area_path(points(upper, axis, end_s), floor, bottom, scale)
        peak = max((value for _, value in steps), default=0)
        parts.append(titled(element("path", d=shape, class_=f"area {class_}"),
                            f"{name}: at most {peak} serving"))  # fmt: skip
        lower = upper
    wanted = line_path(points(series.wanted, axis, end_s), bottom, scale)
    parts.append(titled(element("path", d=wanted, class_="wanted"), "wanted"))
    parts.append(text(_LEFT, 14, title, "heading"))
    parts.append(text(_RIGHT, 14, "dashed: wanted", "note", "end"))
    return picture(WIDTH, height, f"Serving replicas over time: {title}", parts)


def cluster_chart(
    clusters: Sequence[ClusterSeries], bands: Sequence[Band], end_s: float, names: Sequence[str]
) -> str:
    """Return a lane for each cluster: what serves, what its API says, and its Ready condition."""
    lane, top = 46.0, 8.0
    bottom = top + lane * len(clusters)
    axis = Axis(end_s, _LEFT, _RIGHT)
    most = max([1, *(v for each in clusters for _, v in (*each.serving, *each.ready))])
    parts = list(_ticks(axis, top, bottom))
    for index, each in enumerate(clusters):
        begin = top + lane * index
        struck = [band for band in bands if not band.clusters or each.name in band.clusters]
        parts += _bands(struck, axis, begin, begin + lane, named=False)
        floor, scale = begin + lane - 10, (lane - 16) / most
        class_ = f"c{names.index(each.name)}" if each.name in names else "rest"
        parts.append(element("line", x1=number(_LEFT), x2=number(_RIGHT), y1=number(begin + lane),
                             y2=number(begin + lane), class_="lane"))  # fmt: skip
        parts.append(text(_LEFT - 8, begin + lane / 2 + 1, _short(each.name), "name", "end"))
        peak = max((value for _, value in each.serving), default=0)
        parts.append(text(_LEFT - 8, begin + lane / 2 + 14, f"max {peak}", "note", "end"))
        serving = points(each.serving, axis, end_s)
        shape = area_path(serving, _floor(axis), floor, scale)
        parts.append(titled(element("path", d=shape, class_=f"area {class_}"),
                            f"{each.name}: serving"))  # fmt: skip
        if each.ready != each.serving:
            ready = line_path(points(each.ready, axis, end_s), floor, scale)
            parts.append(titled(element("path", d=ready, class_="claimed"),
                                f"{each.name}: ready, as its API says"))  # fmt: skip
        parts += _states(each, axis, begin + lane - 8, end_s)
    return picture(WIDTH, bottom + 20, "Replicas and condition of each cluster over time", parts)


def waterfall(anchor: Anchor, app: AppPhases, most_s: float) -> str:
    """Return where the time from a fault to service restored went, phase after phase.

    Args:
        anchor: The fault.
        app: The application.
        most_s: What the width stands for (seconds after the fault).
    """
    found = [(name, app.at_s[name] - anchor.time_s) for name in PHASES if name in app.at_s]
    found.sort(key=lambda each: each[1])
    axis = Axis(max(1e-3, most_s) * 1.01, 0.0, WIDTH)
    parts, last = [], 0.0
    for name, at_s in found:
        left, right = axis.at(last), axis.at(at_s)
        shape = element("rect", x=number(left), y="4", width=number(max(1.0, right - left)),
                        height="18", class_=f"phase {name}")  # fmt: skip
        parts.append(titled(shape, f"{name}: +{clock(at_s)}"))
        last = at_s
    if "below" in app.at_s and "ready" not in app.at_s:
        left, right = axis.at(last), axis.at(most_s)
        shape = element("rect", x=number(left), y="4", width=number(max(0.0, right - left)),
                        height="18", class_="phase open")  # fmt: skip
        parts.append(titled(shape, "not ready again"))
    return picture(WIDTH, 26, f"Phases of {place(app.app)}", parts)


def coloured(clusters: Sequence[ClusterSeries]) -> list[str]:
    """Return the clusters that get a colour: those that serve most."""
    return busiest({each.name: each.serving for each in clusters}, _COLOURS)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────


def _bands(
    bands: Sequence[Band], axis: Axis, top: float, bottom: float, *, named: bool = True
) -> Iterator[str]:
    free = 0.0
    """Where the next name can stand."""
    for band in bands:
        left, right = axis.at(band.from_s), axis.at(band.to_s)
        words = f"{band.name} ({band.kind})" if band.kind != band.name else band.kind
        where = ", ".join(band.clusters) or "the hub"
        tip = f"{words} on {where}, {clock(band.from_s)} to {clock(band.to_s)}"
        shape = element("rect", x=number(left), y=number(top),
                        width=number(max(1.0, right - left)), height=number(bottom - top),
                        class_="fault")  # fmt: skip
        yield titled(shape, tip)
        room = min(len(words) * _BAND_TEXT, axis.right - left)
        if named and left >= free and axis.right - left > 60:
            free = left + room + 10
            yield text(left, top - 5, _cut(words, axis.right - left), "faultname")


def _grid(axis: Axis, top: float, bottom: float, most: int, scale: float) -> Iterator[str]:
    step = max(1, _round_step(most / 4))
    for value in range(0, most + 1, step):
        y = bottom - value * scale
        yield element("line", x1=number(axis.left), x2=number(axis.right), y1=number(y),
                      y2=number(y), class_="grid")  # fmt: skip
        yield text(axis.left - 8, y + 4, value, "tick", "end")
    yield from _ticks(axis, top, bottom)


def _ticks(axis: Axis, top: float, bottom: float) -> Iterator[str]:
    for each in axis.ticks():
        x = axis.at(each)
        yield element("line", x1=number(x), x2=number(x), y1=number(top), y2=number(bottom),
                      class_="grid")  # fmt: skip
        yield text(x, bottom + 14, moment(each), "tick", "middle")


def _states(each: ClusterSeries, axis: Axis, y: float, end_s: float) -> Iterator[str]:
    moments = [*(time_s for time_s, _ in each.states[1:]), end_s][: len(each.states)]
    for (from_s, state), to_s in zip(each.states, moments, strict=True):
        left, right = axis.at(from_s), axis.at(to_s)
        if right <= left:
            continue
        words = f"Ready={state}" if state else "not registered"
        shape = element("rect", x=number(left), y=number(y), width=number(right - left), height="5",
                        class_=f"state {_STATES.get(state, 'unknown')}")  # fmt: skip
        yield titled(shape, f"{each.name}: {words}, {clock(max(0.0, from_s))} to {clock(to_s)}")


def _floor(axis: Axis) -> list[tuple[float, float]]:
    return [(axis.left, 0.0), (axis.right, 0.0)]


def _round_step(value: float) -> int:
    size = 1
    while size * 10 <= value:
        size *= 10
    return next(size * each for each in (1, 2, 5, 10) if size * each >= value)


def _short(name: str, most: int = 16) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _cut(words: str, width: float) -> str:
    return _short(words, max(1, int(width / _BAND_TEXT)))

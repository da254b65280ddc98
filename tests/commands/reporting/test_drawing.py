"""Numbers become shapes: steps, axes, and text that can do no harm."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.commands.reporting.drawing import Axis, element, escaped, moment, picture, points, text
from lab.commands.reporting.series import AppSeries, Steps, busiest, summed, together, value_at
from lab.core.model import HUB, Key

AXIS = Axis(100.0, 0.0, 1000.0)
POINTS = {
    "nothing": ([], [(0.0, 0.0), (1000.0, 0.0)]),
    "what holds at 0 is drawn from 0": ([(-5.0, 2)], [(0.0, 2.0), (1000.0, 2.0)]),
    "a step goes up at once": (
        [(50.0, 3)],
        [(0.0, 0.0), (500.0, 0.0), (500.0, 3.0), (1000.0, 3.0)],
    ),
    "what comes after the end is left out": ([(200.0, 3)], [(0.0, 0.0), (1000.0, 0.0)]),
}


@pytest.mark.parametrize(("steps", "want"), POINTS.values(), ids=POINTS.keys())
def test_points(steps: Steps, want: list[tuple[float, float]]) -> None:
    assert points(steps, AXIS, 100.0) == want


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.floats(0.001, 99.9), st.integers(0, 50)), max_size=60))
def test_no_peak_is_lost_however_close_the_steps(moves: list[tuple[float, int]]) -> None:
    steps = sorted(moves)
    corners = points(steps, AXIS, 100.0)
    assert max(y for _, y in corners) == max([0, *(value for _, value in steps)])
    assert [x for x, _ in corners] == sorted(x for x, _ in corners)
    assert corners[-1] == (1000.0, value_at(steps, 100.0))


SUMS = {
    "one": ([[(0.0, 1), (2.0, 3)]], [(0.0, 1), (2.0, 3)]),
    "two": ([[(0.0, 1)], [(1.0, 5), (3.0, 0)]], [(0.0, 1), (1.0, 6), (3.0, 1)]),
    "at one moment": ([[(1.0, 2)], [(1.0, 3)]], [(1.0, 5)]),
    "that cancel out": ([[(0.0, 1), (1.0, 0)], [(1.0, 1)]], [(0.0, 1)]),
}


@pytest.mark.parametrize(("series", "want"), SUMS.values(), ids=SUMS.keys())
def test_summed(series: list[Steps], want: Steps) -> None:
    total = summed(series)
    moments = {time_s for steps in series for time_s, _ in steps}
    assert {at: value_at(total, at) for at in moments} == {at: value_at(want, at) for at in moments}


def test_applications_together() -> None:
    key = Key(HUB, "apps/v1", "Deployment", "default", "a")
    one = AppSeries(key, [(0.0, 2)], {"m1": [(1.0, 2)]})
    two = AppSeries(key._replace(name="b"), [(5.0, 3)], {"m1": [(6.0, 1)], "m2": [(7.0, 2)]})
    both = together([one, two])
    assert both.wanted == [(0.0, 2), (5.0, 5)]
    assert both.serving == {"m1": [(1.0, 2), (6.0, 3)], "m2": [(7.0, 2)]}
    assert both.most == 5


def test_the_busiest_keep_their_order() -> None:
    series = {"a": [(0.0, 1)], "b": [(0.0, 9)], "c": [(0.0, 5)], "d": [(0.0, 0)]}
    assert busiest(series, 2) == ["b", "c"]
    assert busiest(series, 9) == ["a", "b", "c"]


def test_ticks_are_round() -> None:
    assert [moment(each) for each in Axis(600.0, 0, 1).ticks()] == [
        "0", "1m", "2m", "3m", "4m", "5m", "6m", "7m", "8m", "9m", "10m",
    ]  # fmt: skip
    assert len(Axis(0.0005, 0, 1).ticks()) <= 11
    assert len(Axis(1e7, 0, 1).ticks()) <= 20


def test_hostile_text_is_only_text() -> None:
    hostile = "</text><script>alert('x')</script>\x1b[31m\n\u202e\"&"
    drawing = picture(10, 10, hostile, [text(1, 2, hostile), element("g", class_=hostile)])
    root = ElementTree.fromstring(drawing)
    assert {each.tag for each in root.iter()} == {"svg", "title", "text", "g"}
    assert "\x1b" not in drawing
    assert "\u202e" not in drawing
    assert escaped("<a b='c'>") == "&lt;a b=&#x27;c&#x27;&gt;"

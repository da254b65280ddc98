"""When a fault strikes: length, ramp, repeat, pulses of a pattern."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.faults import Fault, Ramp, Repeat
from lab.core.faults.schedule import pulses, ramp_offsets, total_s

FLAP = {"period": 60.0, "down": 20.0}
CASES: dict[str, tuple[dict[str, Any], bool, list[tuple[float, float | None]]]] = {
    "until it is healed": ({}, False, [(0.0, None)]),
    "for a while": ({"length_s": 30.0}, False, [(0.0, 30.0)]),
    "once": ({}, True, [(0.0, 0.0)]),
    "a momentary kind with a length": ({"length_s": 5.0}, True, [(0.0, 5.0)]),
    "three times": (
        {"length_s": 10.0, "repeat": Repeat(3, 60.0)}, False,
        [(0.0, 10.0), (60.0, 70.0), (120.0, 130.0)],
    ),
    "twice at once": ({"repeat": Repeat(2, 30.0)}, True, [(0.0, 0.0), (30.0, 30.0)]),
    "a pattern": (
        {"kind": "Flapping", "parameters": FLAP, "length_s": 150.0}, False,
        [(0.0, 20.0), (60.0, 80.0), (120.0, 140.0)],
    ),
    "a pattern cut off": (
        {"kind": "Flapping", "parameters": FLAP, "length_s": 70.0}, False,
        [(0.0, 20.0), (60.0, 70.0)],
    ),
    "a pattern as long as its period": (
        {"kind": "Flapping", "parameters": FLAP, "length_s": 60.0}, False, [(0.0, 20.0)],
    ),
    "a pattern that comes back": (
        {"kind": "Flapping", "parameters": FLAP, "length_s": 70.0, "repeat": Repeat(2, 600.0)},
        False,
        [(0.0, 20.0), (60.0, 70.0), (600.0, 620.0), (660.0, 670.0)],
    ),
}  # fmt: skip


def make(kind: str = "ClusterOutage", **more: Any) -> Fault:
    return Fault("f", kind, **more)


@pytest.mark.parametrize(("fault", "momentary", "want"), CASES.values(), ids=CASES.keys())
def test_pulses(
    fault: dict[str, Any], momentary: bool, want: list[tuple[float, float | None]]
) -> None:
    found = list(pulses(make(**fault), momentary=momentary))
    assert [(each.begin_s, each.end_s) for each in found] == want
    assert [each.number for each in found] == list(range(1, len(want) + 1))
    last = want[-1][1]
    assert total_s(make(**fault), momentary=momentary) == (float("inf") if last is None else last)


def test_a_pattern_without_a_length_goes_on() -> None:
    found = list(islice(pulses(make("Flapping", parameters=FLAP)), 1000))
    assert (found[-1].begin_s, found[-1].end_s) == (59940.0, 59960.0)


@settings(derandomize=True, max_examples=100)
@given(
    st.floats(0.1, 500), st.floats(0.1, 0.99), st.floats(1, 5000), st.integers(1, 5), st.booleans()
)
def test_pulses_never_overlap(
    period: float, share: float, length: float, times: int, flaps: bool
) -> None:
    parameters = {"period": period, "down": period * share} if flaps else {}
    fault = make(
        "Flapping" if flaps else "ClusterOutage",
        parameters=parameters,
        length_s=length,
        repeat=Repeat(times, length + 1.0),
    )
    found = list(islice(pulses(fault), 2000))
    ends = [(each.begin_s, each.end_s or 0.0) for each in found]
    assert all(begin < end for begin, end in ends)
    assert all(one[1] < two[0] for one, two in pairwise(ends))
    if len(found) < 2000:
        assert total_s(fault) == ends[-1][1]


def test_a_ramp_is_even_and_ends_at_its_length() -> None:
    fault = make(ramp=Ramp(10.0))
    assert ramp_offsets(fault, 1) == [0.0]
    assert ramp_offsets(fault, 2) == [0.0, 10.0]
    assert ramp_offsets(fault, 3) == [0.0, 5.0, 10.0]
    assert ramp_offsets(fault, 4) == [0.0, 3.333333, 6.666667, 10.0]
    assert ramp_offsets(make(), 3) == [0.0, 0.0, 0.0]

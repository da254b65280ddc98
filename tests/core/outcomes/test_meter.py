"""A meter counts from when the target was first met; raises wait, dips are put down to faults."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.model import Key
from lab.core.outcomes import FaultRecord, Meter, StateMove, Target, outcome_of, parse_ready

APP = Key("", "apps/v1", "Deployment", "default", "web")
FAULT = FaultRecord(7, "outage", "ClusterOutage", 100.0, 500.0)

Story = list[tuple[float, int, int, int]]
"""When, desired, serving, the fault that is to blame."""

STORIES: dict[str, tuple[Story, float, float, int, str]] = {
    # story, total below, longest, lost, verdict
    "never below": ([(5, 4, 4, 0)], 0.0, 0.0, 0, "met"),
    "starting up counts for nothing": ([(0, 4, 0, 0), (5, 4, 2, 0), (9, 4, 4, 0)], 0, 0, 0, "met"),
    "never up": ([(0, 4, 0, 0), (5, 4, 3, 0)], 0.0, 0.0, 0, "never reached"),
    "one dip": ([(0, 4, 4, 0), (100, 4, 1, 7), (160, 4, 4, 7)], 60.0, 60.0, 3, "met"),
    "deeper in steps": (
        [(0, 4, 4, 0), (100, 4, 3, 7), (110, 4, 0, 7), (150, 4, 2, 7), (160, 4, 4, 7)],
        60.0, 60.0, 4, "met"),
    "two dips": (
        [(0, 4, 4, 0), (100, 4, 3, 7), (110, 4, 4, 7), (200, 4, 2, 7), (240, 4, 5, 7)],
        50.0, 40.0, 2, "met"),
    "not back": ([(0, 4, 4, 0), (900, 4, 2, 7)], 100.0, 100.0, 2, "not recovered"),
    "scaling up is no outage": ([(0, 4, 4, 0), (100, 8, 4, 0), (200, 8, 8, 0)], 0, 0, 0, "met"),
    "a raise that is never met": ([(0, 4, 4, 0), (100, 8, 6, 0)], 0, 0, 0, "not recovered"),
    "a fault while it grows": (
        [(0, 4, 4, 0), (100, 8, 4, 7), (110, 8, 2, 7), (150, 8, 8, 7)], 40.0, 40.0, 2, "met"),
    "scaled down to what serves": (
        [(0, 4, 4, 0), (100, 4, 2, 7), (130, 2, 2, 7)], 30.0, 30.0, 2, "met"),
    "deleted": ([(0, 4, 4, 0), (100, 0, 4, 0), (101, 0, 0, 0)], 0.0, 0.0, 0, "met"),
    "for no time at all": ([(0, 4, 4, 0), (100, 4, 2, 7), (100, 4, 4, 7)], 0.0, 0.0, 2, "met"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("story", "total_s", "longest_s", "lost", "verdict"), STORIES.values(), ids=STORIES.keys()
)
def test_what_is_measured(
    story: Story, total_s: float, longest_s: float, lost: int, verdict: str
) -> None:
    meter = Meter(Target(APP))
    for news in story:
        meter.update(*news)
    found = outcome_of(meter, [FAULT], (), 1000.0)
    assert (found.total_s, found.longest_s, found.lost) == (total_s, longest_s, lost)
    assert found.verdict == verdict


def test_a_share_is_rounded_up() -> None:
    target = Target(APP, ready=0.9)
    assert [target.needs(desired) for desired in (0, 1, 8, 10, 20, 100)] == [0, 1, 8, 9, 18, 90]
    assert Target(APP, ready=3).needs(8) == 3
    assert Target(APP, ready=3).needs(0) == 0


def test_a_share_that_still_serves_is_no_dip() -> None:
    meter = Meter(Target(APP, ready=0.5))
    meter.update(0, 4, 4, 0)
    meter.update(10, 4, 2, 7)
    assert not meter.is_below
    meter.update(20, 4, 1, 7)
    assert meter.is_below
    assert meter.lost == 3


@pytest.mark.parametrize("value", ["", "8", "101%", "-1%", "50.5%", -1, True, 2.5, None])
def test_what_is_no_target(value: object) -> None:
    with pytest.raises(ValueError, match="needs a count of pods"):
        parse_ready(value)


# ── verdicts ───────────────────────────────────────────────────────────────────────────────────


def dipped(target: Target, cause: int = 7) -> Meter:
    meter = Meter(target)
    meter.update(0, 4, 4, 0)
    meter.update(100, 4, 2, cause)
    meter.update(160, 4, 4, cause)
    return meter


@pytest.mark.parametrize(("rto_s", "verdict"), [(None, "met"), (60, "met"), (59.9, "breached")])
def test_a_limit_on_the_rto(rto_s: float | None, verdict: str) -> None:
    target = Target(APP, rto_s=rto_s, declared=True)
    found = outcome_of(dipped(target), [FAULT], (), 1000.0)
    assert (found.rto_s, found.verdict) == (60.0, verdict)
    assert found.failed is (verdict == "breached")


def test_each_fault_has_its_own_rto() -> None:
    other = FaultRecord(9, "second", "NodeLoss", 600.0)
    found = outcome_of(dipped(Target(APP)), [FAULT, other], (), 1000.0)
    assert [(each.fault and each.fault.name, each.rto_s) for each in found.recoveries] == [
        ("outage", 60.0),
        ("second", 0.0),
    ]


def test_a_dip_that_no_fault_caused() -> None:
    found = outcome_of(dipped(Target(APP), cause=0), [FAULT], (), 1000.0)
    assert [(each.fault is None, each.rto_s) for each in found.recoveries] == [
        (False, 0.0),
        (True, 60.0),
    ]


MOVED = StateMove(110.0, "m1", True, 20.0, {"leader": "a"})
LOST = StateMove(110.0, "m1", False, 0.0, {})


@pytest.mark.parametrize(
    ("rpo_s", "moves", "why"),
    [
        (None, [LOST], ""),
        (30.0, [MOVED], ""),
        (10.0, [MOVED], "state 20s old, at most 10s"),
        (30.0, [LOST], "no state carried over from m1"),
    ],
    ids=["no limit", "young enough", "too old", "none carried over"],
)
def test_a_limit_on_the_rpo(rpo_s: float | None, moves: list[StateMove], why: str) -> None:
    target = Target(APP, rpo_s=rpo_s, declared=True)
    found = outcome_of(dipped(target), [FAULT], moves, 1000.0)
    assert found.why == why
    assert found.rpo == moves[0]


# ── a law for every story ──────────────────────────────────────────────────────────────────────

NEWS = st.tuples(st.integers(0, 30), st.integers(0, 6), st.integers(0, 8))


@settings(derandomize=True, max_examples=150)
@given(st.lists(NEWS, max_size=25))
def test_time_below_is_what_a_second_by_second_count_gives(
    news: list[tuple[int, int, int]],
) -> None:
    meter, now, below, state = Meter(Target(APP)), 0, 0, False
    for wait, desired, serving in news:
        below += wait if state else 0
        now += wait
        meter.update(now, desired, serving, 0)
        state = meter.is_below
    assert meter.total_s(now) == below
    assert meter.longest_s(now) <= meter.total_s(now)
    assert all(each.back_s is None or each.back_s > each.from_s for each in meter.all_dips())

"""The pace of evictions: three workers a queue, each resting after every key."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.controllers.eviction_queue import EvictionQueue, PacedQueue, paced_queue, pause_s
from lab.core.model import Due, Key, Plan
from lab.core.settings import karmada_settings
from lab.core.workqueue import RateLimitingQueue


def key(name: str, kind: str = "ResourceBinding") -> Key:
    return Key("west", "work.karmada.io/v1alpha2", kind, "default", name)


def queue(rate: float = 0.5) -> PacedQueue:
    return paced_queue(karmada_settings({"resourceEvictionRate": rate}))


def drained(lane: PacedQueue, until_s: float, *, takes_s: float = 0.0) -> list[tuple[float, str]]:
    """Take keys whenever one can be, each done at once; return when each was."""
    taken: list[tuple[float, str]] = []
    now_s = 0.0
    while now_s <= until_s:
        while (found := lane.pop(now_s)) is not None:
            taken.append((now_s, found.name))
            lane.done(found, now_s + takes_s)
        due_s = lane.next_due_s()
        if due_s is None:
            break
        assert due_s > now_s
        now_s = due_s
    return taken


def fill(lane: PacedQueue, *names: str) -> None:
    for name in names:
        lane.add(Due(key(name)), 0.0)


def test_three_at_once_then_three_more() -> None:
    lane = queue()
    fill(lane, *"abcdefg")
    times = [time_s for time_s, _ in drained(lane, 60.0)]
    assert times == [0.0, 0.0, 0.0, 2.0, 2.0, 2.0, 4.0]


def test_no_rate_above_that_of_retries_lasts() -> None:
    lane = queue(100.0)
    fill(lane, *(f"b{number}" for number in range(150)))
    times = [time_s for time_s, _ in drained(lane, 60.0)]
    assert times[99] < 1.0
    assert times[149] - times[109] == pytest.approx(4.0, abs=0.2)


def test_what_was_due_first_leaves_first() -> None:
    lane = queue()
    lane.add(Due(key("late"), 1.5), 0.0)
    fill(lane, "a", "b", "c")
    for _ in range(3):
        taken = lane.pop(0.0)
        assert taken is not None
        lane.done(taken, 0.0)
    lane.add(Due(key("early")), 1.0)
    assert [name for _, name in drained(lane, 2.0)] == ["early", "late"]


PAUSES = {"twice a second": (2.0, 0.5), "the default": (0.5, 2.0), "at a standstill": (0, 1800.0)}


@pytest.mark.parametrize(("rate", "rest_s"), PAUSES.values(), ids=PAUSES)
def test_the_pause(rate: float, rest_s: float) -> None:
    assert pause_s(rate) == rest_s
    lane = queue(rate)
    fill(lane, *"abcd")
    assert [time_s for time_s, _ in drained(lane, 2000.0)] == [0.0, 0.0, 0.0, rest_s]


def test_a_key_asked_for_again_waits_for_its_own_worker() -> None:
    lane = queue()
    fill(lane, "a")
    first = lane.pop(0.0)
    assert first is not None
    lane.done(first, 0.0)
    lane.add(Due(first), 0.1)
    assert lane.pop(0.1) is None
    assert lane.next_due_s() == 2.0
    assert lane.pop(2.0) == first


def test_a_failure_costs_no_rest_but_the_key_waits() -> None:
    lane = queue()
    fill(lane, *"abcd")
    taken = [lane.pop(0.0) for _ in range(3)]
    assert lane.pop(0.0) is None
    lane.failed(taken[0] or key("a"), Plan(), "conflict", 0.5)
    assert lane.pop(0.5) == key("d")
    assert lane.next_due_s() is None, "all three are at work"
    lane.done(key("b"), 1.0)
    assert lane.next_due_s() == 3.0, "a is due at 2.5 but nobody is free before 3"
    assert lane.pop(3.0) == key("a")


def test_nothing_is_due_while_all_workers_write() -> None:
    lane = queue()
    fill(lane, *"abcd")
    for _ in range(3):
        lane.pop(0.0)
    assert lane.next_due_s() is None


def test_what_is_tolerated_for_a_while_comes_later() -> None:
    lane = queue()
    lane.add(Due(key("a"), 6.0), 0.0)
    fill(lane, "b")
    assert drained(lane, 60.0) == [(0.0, "b"), (6.0, "a")]


def test_places_and_turns() -> None:
    lane = queue()
    fill(lane, *"abcdefgh")
    for _ in range(3):
        lane.done(lane.pop(0.0) or key("?"), 0.0)
    lane.add(Due(key("late"), 30.0), 0.5)
    assert lane.places(0.5) == {key(name): ahead for ahead, name in enumerate("defgh")}
    assert [lane.turn_s(ahead, 0.5) for ahead in range(5)] == [2.0, 2.0, 2.0, 4.0, 4.0]
    times = {name: time_s for time_s, name in drained(lane, 60.0)}
    assert times == {"d": 2.0, "e": 2.0, "f": 2.0, "g": 4.0, "h": 4.0, "late": 30.5}


def test_the_first_turn_of_an_idle_queue_is_now() -> None:
    assert queue().turn_s(2, 7.0) == 7.0
    assert queue().turn_s(3, 7.0) == 9.0


@settings(derandomize=True, max_examples=40)
@given(st.integers(1, 30), st.sampled_from([0.2, 0.5, 1.0, 4.0]))
def test_never_faster_than_the_pace(count: int, rate: float) -> None:
    lane = queue(rate)
    fill(lane, *(str(number) for number in range(count)))
    times = [time_s for time_s, _ in drained(lane, 1e6)]
    assert len(times) == count
    for early, late in zip(times, times[3:], strict=False):
        assert late - early >= pause_s(rate) - 1e-6


def test_kinds_do_not_wait_for_each_other() -> None:
    lanes = {kind: queue() for kind in ("ResourceBinding", "ClusterResourceBinding")}
    both = EvictionQueue(RateLimitingQueue(), lanes)
    for name in "abcd":
        both.add(Due(key(name)), 0.0)
        both.add(Due(key(name, "ClusterResourceBinding")), 0.0)
    cluster = Key("", "cluster.karmada.io/v1alpha1", "Cluster", "", "west")
    both.add(Due(cluster), 0.0)
    taken = []
    while (found := both.pop(0.0)) is not None:
        taken.append(found)
        both.done(found, 0.0)
    assert taken[0] == cluster
    kinds = [found.kind for found in taken[1:]]
    assert kinds == ["ResourceBinding"] * 3 + ["ClusterResourceBinding"] * 3
    assert both.next_due_s() == 2.0

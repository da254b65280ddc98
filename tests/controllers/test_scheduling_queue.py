"""The scheduler's queue: order, back-off, the unschedulable pool."""

from __future__ import annotations

from lab.controllers.scheduling_queue import SchedulingQueue
from lab.core.model import HUB, Due, Key, Plan

NO_ROOM = Plan(error="no room")


def key(name: str) -> Key:
    return Key(HUB, "work.karmada.io/v1alpha2", "ResourceBinding", "default", name)


def queue() -> SchedulingQueue:
    return SchedulingQueue(unschedulable=lambda plan: plan is NO_ROOM)


def test_higher_priority_leaves_first_then_the_longer_wait() -> None:
    q = queue()
    for name, priority, at_s in (("a", 0, 0.0), ("b", 5, 0.1), ("c", 0, 0.2), ("d", 5, 0.3)):
        q.add(Due(key(name), 0.0, priority), at_s)
    order = [q.pop(1.0) for _ in range(5)]
    assert [each.name for each in order if each] == ["b", "d", "a", "c"]
    assert order[4] is None


def test_failures_back_off_from_1_s_to_10_s_and_are_flushed_each_second() -> None:
    q, now_s, gaps = queue(), 0.3, []
    q.add(Due(key("a")), now_s)
    for _ in range(6):
        assert q.pop(now_s) == key("a")
        q.failed(key("a"), Plan(error="x"), "x", now_s)
        due_s = q.next_due_s()
        assert due_s is not None
        gaps.append(round(due_s - now_s, 6))
        now_s = due_s
    # The first turn is measured from when it was queued, at 0.3 s; flushes are at whole seconds.
    assert gaps == [1.7, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_an_unschedulable_binding_is_held_more_than_five_minutes() -> None:
    q = queue()
    q.add(Due(key("a")), 0.0)
    q.pop(0.0)
    q.failed(key("a"), NO_ROOM, "no room", 0.1)
    assert q.next_due_s() == 330.0
    assert q.pop(329.0) is None
    assert q.pop(330.0) == key("a")


def test_an_event_frees_an_unschedulable_binding_at_once() -> None:
    q = queue()
    q.add(Due(key("a")), 0.0)
    q.pop(0.0)
    q.failed(key("a"), NO_ROOM, "no room", 0.1)
    q.add(Due(key("a")), 7.0)
    assert q.pop(7.0) == key("a")
    q.done(key("a"), 7.0)
    assert q.next_due_s() is None


def test_an_event_during_a_turn_runs_it_again_instead_of_backing_off() -> None:
    q = queue()
    q.add(Due(key("a")), 0.0)
    q.pop(0.0)
    q.add(Due(key("a")), 0.01)
    assert q.pop(0.01) is None
    q.failed(key("a"), Plan(error="x"), "x", 0.02)
    assert q.pop(0.02) == key("a")


def test_a_refused_write_backs_off_even_if_the_plan_lacked_room() -> None:
    q = queue()
    q.add(Due(key("a")), 0.0)
    q.pop(0.0)
    q.failed(key("a"), NO_ROOM, "conflict", 0.0)
    assert q.next_due_s() == 1.0


def test_a_delayed_key_waits() -> None:
    q = queue()
    q.add(Due(key("a"), 2.5), 0.0)
    assert q.pop(2.0) is None
    assert q.next_due_s() == 2.5
    assert q.pop(2.5) == key("a")

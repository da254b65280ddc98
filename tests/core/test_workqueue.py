from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.model import NOTHING, Due, Key
from lab.core.workqueue import RateLimitingQueue, TokenBucket


def key(name: str) -> Key:
    return Key("", "v1", "ConfigMap", "default", name)


def names(queue: RateLimitingQueue, now_s: float) -> list[str]:
    found = []
    while (item := queue.pop(now_s)) is not None:
        found.append(item.name)
        queue.done(item, now_s)
    return found


def test_keys_leave_in_the_order_they_came_and_once() -> None:
    queue = RateLimitingQueue()
    for name in ("b", "a", "b", "c"):
        queue.add(Due(key(name)), 0.0)
    assert names(queue, 0.0) == ["b", "a", "c"]


def test_higher_priority_leaves_first() -> None:
    queue = RateLimitingQueue()
    queue.add(Due(key("low"), 0.0, -1), 0.0)
    queue.add(Due(key("normal")), 0.0)
    queue.add(Due(key("raised"), 0.0, -1), 0.0)
    queue.add(Due(key("raised"), 0.0, 1), 0.0)
    assert names(queue, 0.0) == ["raised", "normal", "low"]


def test_without_priorities_keys_leave_in_the_order_they_came() -> None:
    queue = RateLimitingQueue(by_priority=False)
    for name, priority in (("a", -100), ("b", 0), ("c", 7)):
        queue.add(Due(key(name), 0.0, priority), 0.0)
    assert names(queue, 0.0) == ["a", "b", "c"]


def test_an_earlier_wish_moves_a_waiting_key_forward() -> None:
    queue = RateLimitingQueue()
    queue.add(Due(key("a"), 10.0), 0.0)
    assert queue.pop(5.0) is None
    queue.add(Due(key("a"), 1.0), 5.0)
    assert queue.next_due_s() == 6.0
    assert names(queue, 6.0) == ["a"]
    assert queue.next_due_s() is None


def test_a_key_in_flight_is_not_handed_out_twice() -> None:
    queue = RateLimitingQueue()
    queue.add(Due(key("a")), 0.0)
    taken = queue.pop(0.0)
    assert taken == key("a")
    queue.add(Due(key("a")), 0.0)
    queue.add(Due(key("a"), 1.0), 0.0)
    assert queue.pop(0.0) is None
    assert queue.pop(1.0) is None, "a delay that runs out in flight waits for the landing"
    queue.done(taken, 1.0)
    assert names(queue, 1.0) == ["a"]


def test_retries_double_and_success_forgets() -> None:
    queue = RateLimitingQueue()
    now_s, waits = 0.0, []
    queue.add(Due(key("a")), now_s)
    for _ in range(4):
        item = queue.pop(now_s)
        assert item is not None
        queue.failed(item, NOTHING, "no", now_s)
        due_s = queue.next_due_s()
        assert due_s is not None
        waits.append(round(due_s - now_s, 6))
        now_s = due_s
    assert waits == [0.005, 0.01, 0.02, 0.04]
    item = queue.pop(now_s)
    assert item is not None
    queue.done(item, now_s)
    assert queue.failures(key("a")) == 0


def test_bucket_lets_a_burst_through_then_its_rate() -> None:
    bucket = TokenBucket(10.0, 3)
    assert [bucket.reserve(0.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.1, 0.2]
    assert bucket.reserve(100.0) == 100.0


@settings(derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0, 5), st.integers(-1, 1)), max_size=30)
)
def test_nothing_asked_for_is_lost(wishes: list[tuple[str, float, int]]) -> None:
    queue = RateLimitingQueue()
    for name, after_s, priority in wishes:
        queue.add(Due(key(name), after_s, priority), 0.0)
    assert sorted(names(queue, 10.0)) == sorted({name for name, _, _ in wishes})

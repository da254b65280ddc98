"""How changes of the hub reach the controllers while a fault is in the way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.model import Observed
from lab.engine.delivery import Delivery
from tests.engine.house import config, key


def change(name: str, version: int, old: int | None = None) -> Observed:
    before = None if old is None else config(name, v=str(old))
    return Observed(key(name), config(name, v=str(version)), before)


def gone(name: str, old: int) -> Observed:
    return Observed(key(name), None, config(name, v=str(old)))


def arrivals(delivery: Delivery, until_s: float) -> list[tuple[float, str, str]]:
    found = []
    while (due_s := delivery.next_due_s()) is not None and due_s <= until_s:
        for event, _ in delivery.arrived(due_s):
            version = "gone" if event.object is None else event.object["data"]["v"]
            found.append((due_s, event.key.name, version))
    return found


def test_without_a_fault_everything_is_prompt() -> None:
    assert Delivery().prompt


def test_stale_reads_lag_and_catch_up_when_the_fault_ends() -> None:
    delivery = Delivery()
    delivery.begin(1, "StaleReads", {"lag": 30.0}, 0.0)
    delivery.take(change("a", 1), 7, 0.0)
    delivery.take(change("a", 2, 1), 8, 10.0)
    assert arrivals(delivery, 30.0) == [(30.0, "a", "1")]
    delivery.end(1, 32.0)
    assert arrivals(delivery, 40.0) == [(32.0, "a", "2")]
    assert delivery.prompt


def test_a_window_reorders_objects_but_never_the_changes_of_one() -> None:
    delivery = Delivery()
    delivery.begin(1, "ReorderedDelivery", {"window": 5.0}, 0.0)
    for at, name in enumerate("abab"):
        delivery.take(change(name, at), 0, float(at))
    found = arrivals(delivery, 60.0)
    assert [name for _, name, _ in found] == ["a", "a", "b", "b"]
    assert [version for _, name, version in found if name == "b"] == ["1", "3"]


def test_a_share_of_the_changes_arrives_twice() -> None:
    delivery = Delivery()
    delivery.begin(1, "DuplicatedDelivery", {"share": 0.5}, 0.0)
    for at in range(4):
        delivery.take(change(f"c{at}", at), 0, 0.0)
    assert [name for _, name, _ in arrivals(delivery, 0.0)] == ["c0", "c1", "c1", "c2", "c3", "c3"]


@pytest.mark.parametrize(
    ("relist", "expected"),
    [
        pytest.param(False, [("a", "2"), ("b", "1"), ("b", "gone"), ("a", "3")], id="resume"),
        pytest.param(True, [("a", "3")], id="relist shows the end only"),
    ],
)
def test_a_dropped_watch_comes_back(relist: bool, expected: list[tuple[str, str]]) -> None:
    delivery = Delivery()
    delivery.begin(1, "WatchDrop", {"relist": relist}, 100.0)
    for event in (change("a", 2, 1), change("b", 1), gone("b", 1), change("a", 3, 2)):
        delivery.take(event, 0, 101.0)
    delivery.end(1, 110.0)
    found = arrivals(delivery, 200.0)
    assert [(name, version) for _, name, version in found] == expected
    # 0.8 s, then doubling: 100.8, 102.4, 105.6, 112.0.
    assert {due_s for due_s, _, _ in found} == {112.0}


def test_a_relist_says_that_an_object_went() -> None:
    delivery = Delivery()
    delivery.begin(1, "WatchDrop", {"relist": True}, 0.0)
    delivery.take(change("a", 2, 1), 0, 1.0)
    delivery.take(gone("a", 2), 0, 2.0)
    delivery.end(1, 3.0)
    assert [(name, version) for _, name, version in arrivals(delivery, 60.0)] == [("a", "gone")]


@settings(derandomize=True, max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("change"), st.sampled_from("abc"), st.floats(0, 5)),
            st.tuples(
                st.just("begin"),
                st.sampled_from(
                    [
                        ("StaleReads", {"lag": 3.0}),
                        ("ReorderedDelivery", {"window": 2.0}),
                        ("DuplicatedDelivery", {"share": 0.4}),
                        ("WatchDrop", {"relist": True}),
                        ("WatchDrop", {}),
                        ("ApiServerDown", {}),
                    ]
                ),
                st.floats(0, 5),
            ),
            st.tuples(st.just("end"), st.integers(0, 9), st.floats(0, 5)),
        ),
        max_size=30,
    )
)
def test_after_all_faults_end_the_last_state_of_every_object_has_arrived(
    acts: list[tuple[str, Any, float]],
) -> None:
    delivery, now_s, versions = Delivery(), 0.0, dict[str, int]()
    active: list[int] = []
    seen: dict[str, int] = {}

    def arrive(until_s: float) -> None:
        for event, _ in delivery.arrived(until_s):
            assert event.object is not None
            version = int(event.object["data"]["v"])
            assert version >= seen.get(event.key.name, 0), "a watch never goes back"
            seen[event.key.name] = version

    for number, (act, what, wait_s) in enumerate(acts):
        now_s += wait_s
        arrive(now_s)
        if act == "change":
            old = versions.get(what)
            versions[what] = 1 if old is None else old + 1
            event = change(what, versions[what], old)
            if delivery.prompt:
                seen[what] = versions[what]
            else:
                delivery.take(event, 0, now_s)
        elif act == "begin":
            kind, parameters = what
            delivery.begin(number, kind, parameters, now_s)
            active.append(number)
        elif active:
            delivery.end(active.pop(what % len(active)), now_s)
    for number in active:
        delivery.end(number, now_s)
    arrive(now_s + 120.0)
    assert seen == versions
    assert delivery.prompt

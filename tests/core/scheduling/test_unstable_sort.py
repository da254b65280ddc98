"""The sort of clusters by room: in order always; equal ones where the real one leaves them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.scheduling.unstable_sort import sorted_by_room


def named(*rooms: int) -> list[tuple[str, int]]:
    return [(f"m{index}", room) for index, room in enumerate(rooms)]


def test_twelve_or_fewer_keep_the_order_of_equals() -> None:
    entries = named(1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2)
    assert sorted_by_room(entries) == sorted(entries, key=lambda entry: -entry[1])


def test_what_is_in_order_stays() -> None:
    entries = named(*[5] * 30, *[3] * 30)
    assert sorted_by_room(entries) == entries


def test_thirteen_or_more_do_not() -> None:
    """Seen from the real one."""
    entries = named(1, 3, 3, 2, 3, 1, 3, 3, 3, 3, 3, 3, 3)
    names = "m9 m1 m2 m4 m6 m7 m8 m10 m11 m12 m3 m5 m0"
    assert [name for name, _ in sorted_by_room(entries)] == names.split()


@settings(derandomize=True, max_examples=200)
@given(st.lists(st.integers(0, 6), max_size=200))
def test_nothing_is_lost_and_all_is_in_order(rooms: list[int]) -> None:
    entries = named(*rooms)
    result = sorted_by_room(entries)
    assert sorted(result) == sorted(entries)
    found = [room for _, room in result]
    assert found == sorted(rooms, reverse=True)

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.core.scheduling.division import int32
from lab.core.scheduling.webster import SeatLog, webster

VOTES = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 99), min_size=1)


@given(st.integers(0, 200), VOTES, st.text(max_size=4))
@settings(derandomize=True, max_examples=60)
def test_no_seat_is_lost(seats: int, votes: dict[str, int], uid: str) -> None:
    assert sum(webster(seats, votes, uid).values()) == seats


@given(st.integers(0, 60), VOTES, st.text(max_size=4))
@settings(derandomize=True, max_examples=60)
def test_one_more_seat_takes_none_away(seats: int, votes: dict[str, int], uid: str) -> None:
    before, after = webster(seats, votes, uid), webster(seats + 1, votes, uid)
    assert all(after[name] >= before[name] for name in votes)


@given(st.integers(1, 60), VOTES)
@settings(derandomize=True, max_examples=60)
def test_the_log_adds_up_to_the_result(seats: int, votes: dict[str, int]) -> None:
    log = SeatLog()
    result = webster(seats, votes, "", log=log)
    given_by_log = [seat.name for seat in log.seats]
    assert {name: given_by_log.count(name) for name in votes} == result


def test_an_odd_hash_prefers_the_larger_name() -> None:
    assert webster(1, {"m1": 1, "m2": 1}, "uid-0") == {"m1": 1, "m2": 0}
    assert webster(1, {"m1": 1, "m2": 1}, "uid-1") == {"m1": 0, "m2": 1}


def test_who_holds_seats_without_votes_gets_no_more() -> None:
    assert webster(2, {"a": 1}, "", {"z": 4}) == {"a": 2, "z": 4}


def test_a_long_log_keeps_both_ends() -> None:
    log = SeatLog(limit=4)
    webster(100, {"a": 1, "b": 1}, "", log=log)
    assert [seat.number for seat in log.seats] == [1, 2, 99, 100]
    assert log.given == 100


def test_int32_wraps_round() -> None:
    assert [int32(n) for n in (2**31 - 1, 2**31, -(2**31) - 1)] == [2**31 - 1, -(2**31), 2**31 - 1]

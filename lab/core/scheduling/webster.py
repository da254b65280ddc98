"""Webster's method: seats in proportion to votes, one after the other.

Source: Karmada v1.19 `pkg/util/helper/webstermethod.go`, `binding.go` (ties by the template's uid).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import heapify, heapreplace

from lab.core.fnv import fnv1a_32


@dataclass(slots=True)
class Seat:
    """One seat given, for the explanation."""

    number: int
    name: str
    votes: int
    quotient: float
    """votes / (2 · seats held + 1): the largest takes the seat."""
    tied_with: tuple[str, ...]


@dataclass(slots=True)
class SeatLog:
    """The seats of one division; beyond `limit` the first and the last are kept."""

    limit: int = 60
    seats: list[Seat] = field(default_factory=list)
    given: int = 0


@lru_cache(maxsize=65536)
def larger_name_first(uid: str) -> bool:
    """Tell how the template's uid breaks ties between names: by the parity of its hash."""
    return bool(uid) and fnv1a_32(uid.encode()) & 1 == 1


def webster(
    seats: int,
    votes: Mapping[str, int],
    uid: str,
    held: Mapping[str, int] | None = None,
    log: SeatLog | None = None,
) -> dict[str, int]:
    """Give seats one by one to the greatest quotient votes / (2 · seats held + 1).

    A tie goes to who holds fewer seats, then by name: the smaller, or the larger if the uid's
    FNV-1a hash is odd.

    Args:
        seats: How many to give (count, 0 or more).
        votes: Name to votes; only ratios matter.
        uid: The template's uid; empty means the smaller name wins.
        held: Seats held before; a name without votes is served last.
        log: Filled with the seats given, for an explanation.

    Returns:
        Name to seats, in the order of names; empty if there is nobody.

    Example:
        >>> webster(3, {"m1": 1, "m2": 1}, "uid-0")
        {'m1': 2, 'm2': 1}
    """
    held = held or {}
    names = sorted({*votes, *held})
    result = {name: held.get(name, 0) for name in names}
    if not names or seats <= 0:
        return result
    step = -1 if larger_name_first(uid) else 1
    queue = [
        (-(votes.get(name, 0) / (2 * result[name] + 1)), result[name], step * index, name)
        for index, name in enumerate(names)
    ]
    heapify(queue)
    for _ in range(seats):
        quotient, taken, rank, name = queue[0]
        if log is not None:
            ties = tuple(entry[3] for entry in sorted(queue) if entry[0] == quotient)
            _note(log, Seat(log.given + 1, name, votes.get(name, 0), -quotient, ties[1:]))
        taken += 1
        result[name] = taken
        heapreplace(queue, (-(votes.get(name, 0) / (2 * taken + 1)), taken, rank, name))
    return result


def _note(log: SeatLog, seat: Seat) -> None:
    log.given += 1
    log.seats.append(seat)
    if len(log.seats) > log.limit:
        del log.seats[log.limit // 2]

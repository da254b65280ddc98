"""Q6: the same scenario, seed and commands give the same trace, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import NamedTuple

from lab.core.invariants.law import Law


class Divergence(NamedTuple):
    """Where two traces differ first: the record's number, and its line in each ("": none)."""

    number: int
    recorded: str
    played: str


class Replayable(Law):
    """Looked at: two traces of the same run, as canonical lines (`TraceRecord.to_line`).

    They must be equal in every byte, in another process and with another PYTHONHASHSEED too. One
    run cannot show that: `fedlab replay RUN --verify` plays the file's inputs again and compares
    digests, and tests play the shipped scenarios twice.
    """

    id = "Q6"
    name = "replayable"
    sentence = "a run that is played again gives the same trace, byte for byte"
    judged_in_run = False


def first_divergence(recorded: Iterable[str], played: Iterable[str]) -> Divergence | None:
    """Return where two traces differ first, None if they are equal.

    Example:
        >>> first_divergence(["a", "b"], ["a", "c"])
        Divergence(number=2, recorded='b', played='c')
    """
    for number, (left, right) in enumerate(zip_longest(recorded, played, fillvalue=""), 1):
        if left != right:
            return Divergence(number, left, right)
    return None

"""Where two runs that should be the same part: the first record, with both sides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lab.runs.reader import RunReader
from lab.runs.stored import StoredRecord

_STEP = 500
"""Records read at a time."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first record in which two runs differ.

    Attributes:
        number: Of the record.
        left: As the first run has it, None if that one ends before.
        right: As the second run has it.
        change: Set if the records agree, but not what a change wrote: both bodies, as stored.
    """

    number: int
    left: StoredRecord | None
    right: StoredRecord | None
    change: tuple[Any, Any] | None = None


def first_divergence(
    left: RunReader, right: RunReader, *, prefix: bool = False
) -> Divergence | None:
    """Return where two runs differ first, None if they are the same.

    Where both have digests these say which part to look at, so that equal runs cost nothing.

    Args:
        left: One run.
        right: The other.
        prefix: They are the same if one of them only goes on after the other ends.
    """
    counts = left.record_count(), right.record_count()
    begin, whole = _agreed(left, right, min(counts))
    if whole and (prefix or counts[0] == counts[1]):
        return None
    number = begin
    while number < min(counts):
        last = min(number + _STEP, *counts)
        found = _compare(left, right, number + 1, last)
        if found is not None:
            return found
        number = last
    if prefix or counts[0] == counts[1]:
        return None
    return Divergence(number + 1, left.record(number + 1), right.record(number + 1))


def _agreed(left: RunReader, right: RunReader, shorter: int) -> tuple[int, bool]:
    """Return the last record up to which digests agree, and whether that is all there is."""
    mine, other = left.checkpoints(), right.checkpoints()
    agreed = 0
    for record in sorted(mine):
        if record not in other:
            continue
        if mine[record] != other[record]:
            return agreed, False
        agreed = record
    return agreed, agreed >= shorter


def _compare(left: RunReader, right: RunReader, first: int, last: int) -> Divergence | None:
    for one, two in zip(left.span(first, last), right.span(first, last), strict=True):
        if one != two:
            return Divergence(one.number, one, two)
        mine, other = left.changes_of_record(one.number), right.changes_of_record(one.number)
        if mine != other:
            return Divergence(one.number, one, two, _unlike(mine, other))
    return None


def _unlike(left: Sequence[Sequence[Any]], right: Sequence[Sequence[Any]]) -> tuple[Any, Any]:
    for one, two in zip(left, right, strict=False):
        if tuple(one) != tuple(two):
            return _shown(one), _shown(two)
    longer = left if len(left) > len(right) else right
    rest = _shown(longer[min(len(left), len(right))])
    return (rest, None) if longer is left else (None, rest)


def _shown(row: Sequence[Any]) -> dict[str, Any]:
    names = ("time", "type", "cluster", "apiVersion", "kind", "namespace", "name", "form")
    return {**dict(zip(names, row, strict=False)), "body": json.loads(row[-1])}

"""How ready a template is as the hub counts it: over all its clusters together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.core.manifest import Manifest, get_in, spec_of, status_of
from lab.core.model import Key

if TYPE_CHECKING:
    from lab.commands.context import ObjectChange


@dataclass(slots=True)
class Copies:
    """In how many clusters all replicas of a template are wanted, over time: 1 if divided."""

    _steps: list[tuple[float, int]] = field(default_factory=list)

    def note(self, time_s: float, binding: Manifest) -> None:
        """Take note of a state of the template's binding; states come in order of time."""
        self._steps.append((time_s, _copies(binding)))

    def at(self, time_s: float) -> int:
        """Return the number at a moment."""
        index = bisect_right(self._steps, (time_s, 10**9))
        return self._steps[index - 1][1] if index else 1


def _copies(binding: Manifest) -> int:
    scheduling = get_in(binding, ("spec", "placement", "replicaScheduling")) or {}
    if scheduling.get("replicaSchedulingType") == "Divided":
        return 1
    return max(1, len(spec_of(binding).get("clusters") or ()))


def ready_words(ready: int, wanted: int, copies: int) -> str:
    """Return how ready it is.

    Example:
        >>> ready_words(3, 4, 1), ready_words(4, 2, 2)
        ('3/4 ready, counted on the hub', '4 ready in all clusters together, 2 wanted in each of 2')
        >>> ready_words(5, 4, 1)
        '5 ready in all clusters together, 4 wanted'
    """
    if copies > 1:
        return f"{ready} ready in all clusters together, {wanted} wanted in each of {copies}"
    if ready > wanted:
        return f"{ready} ready in all clusters together, {wanted} wanted"
    return f"{ready}/{wanted} ready, counted on the hub"


def readiness(
    changes: Sequence[ObjectChange], key: Key, copies: Copies
) -> Iterator[tuple[float, str]]:
    """Yield when a template becomes wholly ready, when it loses, how it ends: (time, words).

    Not every step up is told, nor what a rolling update has too many for a moment.
    """
    counts = list(_counts(changes, key, copies))
    whole, before, told = False, 0, ""
    for index, (time_s, ready, wanted, times) in enumerate(counts):
        full = ready >= wanted * times
        fell = ready < before and not full
        words = ready_words(ready, wanted, times)
        if (full and not whole) or fell or (index == len(counts) - 1 and words != told):
            yield time_s, words
            told = words
        whole, before = full, ready


def _counts(
    changes: Sequence[ObjectChange], key: Key, copies: Copies
) -> Iterator[tuple[float, int, int, int]]:
    last: tuple[int, int] | None = None
    for change in changes:
        if change.key != key or change.type == "DELETED":
            continue
        wanted, status = spec_of(change.object).get("replicas"), status_of(change.object)
        if isinstance(wanted, int) and "readyReplicas" in status:
            ready = int(status["readyReplicas"] or 0)
            if last != (ready, wanted):
                last = ready, wanted
                yield change.time_s, ready, wanted, copies.at(change.time_s)

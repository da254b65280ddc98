"""Which regions to take: all combinations that hold enough clusters, and the best of them.

Source: Karmada v1.19 `pkg/scheduler/core/spreadconstraint/select_groups.go`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lab.core.scheduling.errors import SchedulingError

LIMIT = 1_000_000


class Choice(NamedTuple):
    """A group to choose from: `value` is its clusters (count), `weight` its score."""

    name: str
    value: int
    weight: int


@dataclass(frozen=True, slots=True)
class Path:
    """A combination of groups, the heaviest first; `found` is when it was found."""

    found: int
    groups: tuple[Choice, ...]

    @property
    def weight(self) -> int:
        """Return the sum of the weights."""
        return sum(group.weight for group in self.groups)

    @property
    def value(self) -> int:
        """Return the sum of the values."""
        return sum(group.value for group in self.groups)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names, in order."""
        return tuple(group.name for group in self.groups)


def feasible_paths(groups: Sequence[Choice], least: int, most: int, target: int) -> list[Path]:
    """Return all combinations of `least` to `most` groups whose values reach `target`.

    A combination is not extended once it is enough. With as many groups as `least` there is only
    one way to go. `most` 0 is an unset one: then nothing is found.

    Raises:
        SchedulingError: There are more than `LIMIT` combinations to look at. That limit is ours:
            Karmada would go on, for longer than anybody waits.
    """
    ordered = sorted(groups, key=lambda group: (group.value, -group.weight, group.name))
    if not ordered:
        return []
    paths: list[Path] = []
    visited = 0

    def extend(chosen: tuple[Choice, ...], value: int, begin: int) -> None:
        nonlocal visited
        visited += 1
        if visited > LIMIT:
            raise SchedulingError(f"more than {LIMIT} combinations of {len(groups)} regions")
        if value >= target and least <= len(chosen) <= most:
            heaviest = sorted(chosen, key=lambda group: (-group.weight, group.name))
            paths.append(Path(len(paths) + 1, tuple(heaviest)))
            return
        if len(chosen) >= most:
            return
        for index in range(begin, len(ordered)):
            extend((*chosen, ordered[index]), value + ordered[index].value, index + 1)
            if len(ordered) == least:
                break

    extend((), 0, 0)
    return paths


def best_path(paths: Sequence[Path]) -> tuple[Path, list[Path]]:
    """Return the path to take, and all of them in order of preference.

    Weight first, then value, then the first found; but whoever is the beginning of the choice so
    far replaces it, going down the list: fewer regions do as well.
    """
    ranked = sorted(paths, key=lambda path: (-path.weight, -path.value, path.found))
    best = ranked[0]
    for path in ranked[1:]:
        names = path.names
        if len(names) < len(best.groups) and best.names[: len(names)] == names:
            best = path
    return best, ranked


def select_groups(groups: Sequence[Choice], least: int, most: int, target: int) -> list[str]:
    """Return the names of the groups to take, the heaviest first; empty if none will do."""
    paths = feasible_paths(groups, least, most, target)
    return list(best_path(paths)[0].names) if paths else []

"""Replicas over time as steps: per cluster, per application, and what the clusters' state was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.commands.get import CLUSTER
from lab.commands.phases import BINDINGS
from lab.commands.printers.tellings import template_of
from lab.core.manifest import condition, is_deleting, spec_of, status_of
from lab.core.model import HUB, Key
from lab.runs.stored import Sample

if TYPE_CHECKING:
    from lab.commands.context import World

Steps = list[tuple[float, int]]
"""Moments at which a number changes, and what it is from then on; in order of time."""


@dataclass(slots=True)
class AppSeries:
    """One application: what is wanted, and what serves in each cluster."""

    app: Key
    wanted: Steps = field(default_factory=list)
    serving: dict[str, Steps] = field(default_factory=dict)

    @property
    def most(self) -> int:
        """The highest number ever wanted or served."""
        total = max((value for _, value in summed(self.serving.values())), default=0)
        return max([total, *(value for _, value in self.wanted)], default=0)


@dataclass(slots=True)
class ClusterSeries:
    """One cluster: its replicas of all applications, and its Ready condition as the hub saw it."""

    name: str
    serving: Steps = field(default_factory=list)
    ready: Steps = field(default_factory=list)
    """What its API shows: it can lie."""
    states: list[tuple[float, str]] = field(default_factory=list)
    """True, False or Unknown; an empty text while it is not registered."""


def service_samples(world: World, stored: Sequence[Sample]) -> Sequence[Sample]:
    """Return what served and when; without samples, what the members' objects report as ready."""
    if stored:
        return stored
    found: list[Sample] = []
    kinds = sorted({key[1:3] for key in _templates(world)})
    for cluster in world.members():
        for api_version, kind in kinds:
            for change in world.changes(cluster, api_version, kind, -1e9):
                gone = change.type == "DELETED"
                wanted = 0 if gone else int(spec_of(change.object).get("replicas") or 0)
                ready = 0 if gone else int(status_of(change.object).get("readyReplicas") or 0)
                found.append(Sample(change.time_s, change.key, wanted, ready, ready))
    return sorted(found, key=lambda each: each.time_s)


def app_series(world: World, samples: Iterable[Sample]) -> list[AppSeries]:
    """Return the applications that have replicas, those on the hub first, then by name."""
    found: dict[Key, AppSeries] = {key: AppSeries(key) for key in _templates(world)}
    asked = set()
    assigned = _assigned(world)
    for api_version, kind in sorted({key[1:3] for key in found}):
        for change in world.changes(HUB, api_version, kind, -1e9):
            series = found.get(change.key)
            if series is None:
                continue
            gone = change.type == "DELETED" or is_deleting(change.object)
            replicas = 0 if gone else spec_of(change.object).get("replicas")
            if isinstance(replicas, int):
                asked.add(change.key)
                _add(series.wanted, change.time_s, replicas)
    desired: dict[Key, dict[str, int]] = {}
    for each in samples:
        app = each.key._replace(cluster=HUB)
        series = found.setdefault(app, AppSeries(app))
        _add(series.serving.setdefault(each.key.cluster, []), each.time_s, each.serving)
        if app not in asked:
            totals = desired.setdefault(app, {})
            totals[each.key.cluster] = each.desired
            _add(series.wanted, each.time_s, sum(totals.values()))
    for key, steps in assigned.items():
        # Duplicated, each cluster is to run all of them: more than the template says.
        found[key].wanted = highest(found[key].wanted, steps)
    return [found[key] for key in sorted(found) if found[key].most]


def _assigned(world: World) -> dict[Key, Steps]:
    """Return how many replicas the bindings' clusters are given together."""
    found: dict[Key, Steps] = {}
    for binding in BINDINGS:
        for change in world.changes(HUB, *binding, -1e9):
            key = template_of(change.object)
            if key is not None:
                gone = change.type == "DELETED"
                clusters = () if gone else spec_of(change.object).get("clusters") or ()
                total = sum(int(each.get("replicas") or 0) for each in clusters)
                _add(found.setdefault(key, []), change.time_s, total)
    return found


def highest(one: Steps, two: Steps) -> Steps:
    """Return the higher of two series at each moment.

    Example:
        >>> highest([(0.0, 2), (5.0, 1)], [(1.0, 3), (4.0, 0)])
        [(0.0, 2), (1.0, 3), (4.0, 2), (5.0, 1)]
    """
    found: Steps = []
    for time_s in sorted({time_s for time_s, _ in (*one, *two)}):
        _add(found, time_s, max(value_at(one, time_s), value_at(two, time_s)))
    return found


def together(apps: Sequence[AppSeries]) -> AppSeries:
    """Return all applications as one."""
    names = dict.fromkeys(name for each in apps for name in each.serving)
    return AppSeries(
        apps[0].app,
        summed(each.wanted for each in apps),
        {name: summed(each.serving.get(name, []) for each in apps) for name in names},
    )


def cluster_series(world: World, samples: Iterable[Sample]) -> list[ClusterSeries]:
    """Return all members, in the order of the fleet."""
    found = {name: ClusterSeries(name) for name in world.members()}
    serving: dict[str, dict[Key, int]] = {}
    ready: dict[str, dict[Key, int]] = {}
    for each in samples:
        name = each.key.cluster
        if name not in found:
            continue
        serving.setdefault(name, {})[each.key] = each.serving
        ready.setdefault(name, {})[each.key] = each.ready
        _add(found[name].serving, each.time_s, sum(serving[name].values()))
        _add(found[name].ready, each.time_s, sum(ready[name].values()))
    for change in world.changes(HUB, *CLUSTER, -1e9):
        series = found.get(change.key.name)
        if series is None:
            continue
        known = condition(change.object, "Ready") or {}
        state = "" if change.type == "DELETED" else str(known.get("status") or "Unknown")
        if not series.states or series.states[-1][1] != state:
            series.states.append((change.time_s, state))
    return list(found.values())


def summed(series: Iterable[Steps]) -> Steps:
    """Return the sum of several series.

    Example:
        >>> summed([[(0.0, 1), (2.0, 3)], [(1.0, 5)]])
        [(0.0, 1), (1.0, 6), (2.0, 8)]
    """
    moves = sorted(
        (time_s, index, value) for index, steps in enumerate(series) for time_s, value in steps
    )
    now: dict[int, int] = {}
    total: Steps = []
    for time_s, index, value in moves:
        now[index] = value
        _add(total, time_s, sum(now.values()))
    return total


def value_at(steps: Sequence[tuple[float, int]], time_s: float) -> int:
    """Return the number that holds at a moment, 0 before the first."""
    value = 0
    for moment, each in steps:
        if moment > time_s:
            break
        value = each
    return value


def busiest(series: Mapping[str, Steps], count: int) -> list[str]:
    """Return the names with the highest numbers, the rest left out, in the order given."""
    most = {name: max((value for _, value in steps), default=0) for name, steps in series.items()}
    kept = sorted(series, key=lambda name: -most[name])[:count]
    return [name for name in series if name in kept and most[name]]


def _templates(world: World) -> list[Key]:
    keys: dict[Key, None] = {}
    for binding in BINDINGS:
        for change in world.changes(HUB, *binding, -1e9):
            key = template_of(change.object)
            if key is not None:
                keys[key] = None
    return list(keys)


def _add(steps: Steps, time_s: float, value: int) -> None:
    if steps and steps[-1][0] == time_s:
        steps[-1] = (time_s, value)
    elif not steps or steps[-1][1] != value:
        steps.append((time_s, value))

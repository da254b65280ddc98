"""What happened in a run, in the field's words: one line per thing a person would tell.

Read from the changes of bindings, works, templates, member objects and clusters, so it is the same
for a run that just ended and for a recorded one. Equal things in several clusters are one line.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lab.commands.printers import failover_tellings, node_tellings, tellings
from lab.commands.printers.readiness import Copies
from lab.commands.printers.told import Told
from lab.core.model import HUB, Key

if TYPE_CHECKING:
    from lab.commands.context import ObjectChange, World

_POLICY_API = "policy.karmada.io/v1alpha1"
_POLICIES = ("PropagationPolicy", "ClusterPropagationPolicy", "OverridePolicy",
             "ClusterOverridePolicy", "ClusterTaintPolicy")  # fmt: skip
_BINDINGS = (("work.karmada.io/v1alpha2", "ResourceBinding"),
             ("work.karmada.io/v1alpha2", "ClusterResourceBinding"))  # fmt: skip
_WORK = ("work.karmada.io/v1alpha1", "Work")
_CLUSTER = ("cluster.karmada.io/v1alpha1", "Cluster")
_TOGETHER_S = 1.0
"""The same thing in several clusters within this time is told in one line."""
_FLICKER_S = 0.1
_OVER = re.compile(r" (pauses:|is healed|is over|is aborted|starts again)")
"""What the end of a fault is told with."""
_NOTICED_S = 5.0
"""What the hub is told of a member later than this is told for another reason."""
_ORDER = ("step", "fault", "policy", "template", "binding", "scheduled", "work", "member",
          "applied", "health", "status", "node", "cluster", "eviction", "warning")  # fmt: skip


def timeline(world: World) -> list[Told]:
    """Return what happened from second 0 on, in order of time."""
    return _merged(tellings_of(world))


def tellings_of(world: World) -> list[Told]:
    """Return what happened from second 0 on, in order of time, cluster by cluster."""
    told: list[Told] = []
    templates: dict[Key, Copies] = {}
    numbered = _Numbers(world)
    told += tellings.steps(world)
    told += failover_tellings.faults(world)
    told += failover_tellings.decisions(world)
    for kind in _POLICIES:
        changes = world.changes(HUB, _POLICY_API, kind, -1e9)
        told += numbered(tellings.policies, changes)
    for api, kind in _BINDINGS:
        changes = world.changes(HUB, api, kind, -1e9)
        told += numbered(tellings.bindings, changes)
        for change in changes:
            if (key := tellings.template_of(change.object)) is not None:
                templates.setdefault(key, Copies()).note(change.time_s, change.object)
    for api, kind in sorted({key[1:3] for key in templates}):
        by_key: dict[Key, list[ObjectChange]] = {}
        for change in world.changes(HUB, api, kind, -1e9):
            by_key.setdefault(change.key, []).append(change)
        for key in sorted(templates.keys() & by_key.keys()):
            tell = partial(tellings.template, key=key, copies=templates[key])
            told += numbered(tell, by_key[key])
    told += numbered(tellings.works, world.changes(HUB, *_WORK, -1e9))
    members = world.members()
    kinds = sorted({key[1:3] for key in templates})
    for cluster in members:
        for api, kind in kinds:
            wanted = {key[1:] for key in templates if key[1:3] == (api, kind)}
            changes = world.changes(cluster, api, kind, -1e9)
            told += numbered(partial(tellings.member, wanted=wanted), changes)
    told += numbered(tellings.clusters, world.changes(HUB, *_CLUSTER, -1e9))
    told += node_tellings.nodes(world)
    told += tellings.warnings(world, [each.text for each in told if each.topic == "scheduled"])
    shown = _settled([each for each in told if each.time_s >= 0])
    shown.sort(key=_place_in_time)
    return shown


def _place_in_time(told: Told) -> tuple[float, int, int]:
    # Steps and faults of one moment stand in the order in which they were carried out.
    turn = told.topic in {"step", "fault"}
    return told.time_s, 0 if turn else _ORDER.index(told.topic), told.record if turn else 0


class _Numbers:
    """Finds the events of the trace that tellings tell of.

    What happens in a member becomes an event of the trace when the hub is told of it.
    """

    def __init__(self, world: World) -> None:
        self._events: dict[Key, list[tuple[float, int]]] = {}
        for record in world.happenings(("change",)):
            if record.key is not None:
                place = self._events.setdefault(record.key, [])
                place.append((record.time_s, record.number))

    def __call__(
        self,
        tell: Callable[[Sequence[ObjectChange]], Iterable[Told]],
        changes: Sequence[ObjectChange],
    ) -> Iterator[Told]:
        """Yield what `tell` makes of the changes, with the numbers of their events."""
        now = _Now(changes)
        for told in tell(now):
            number = self._number(now.change.key, told.time_s) if now.change else 0
            yield replace(told, record=number)

    def _number(self, key: Key, time_s: float) -> int:
        events = self._events.get(key, [])
        index = bisect_left(events, (time_s, 0))
        found = index < len(events) and events[index][0] - time_s <= _NOTICED_S
        return events[index][1] if found else 0


class _Now(Sequence["ObjectChange"]):
    """Changes that remember which of them was taken last."""

    def __init__(self, changes: Sequence[ObjectChange]) -> None:
        self._changes = changes
        self.change: ObjectChange | None = None

    def __iter__(self) -> Iterator[ObjectChange]:
        for change in self._changes:
            self.change = change
            yield change

    def __len__(self) -> int:
        return len(self._changes)

    def __getitem__(self, index: Any) -> Any:
        return self._changes[index]


def timeline_lines(
    told: Sequence[Told], *, events: bool = False, width: int | None = None
) -> list[list[str]]:
    """Return the timeline as text: for each of its lines one or, if it is broken, several.

    Steps with a name are marked with ">", faults with "!", and the end of a fault with "+".

    Args:
        told: Its lines.
        events: With the numbers that `fedlab explain event` takes.
        width: Cells to break lines to, None for no breaking.
    """
    from lab.core.text_table import printable, wrapped

    times = [clock(each.time_s) for each in told]
    numbers = [f"#{each.record}" if events and each.record else "" for each in told]
    wide, wider = (max(map(len, cells), default=0) for cells in (times, numbers))
    found = []
    for time, number, each in zip(times, numbers, told, strict=True):
        first = f"  {time:>{wide}} {f'{number:<{wider}} ' if wider else ''}{_mark(each)} "
        if width is None:
            found.append([first + printable(each.line)])
        else:
            found.append(wrapped(each.line, width, first))
    return found


def _mark(told: Told) -> str:
    if told.topic != "fault":
        return ">" if told.topic == "step" and not told.text.startswith("$ ") else " "
    return "+" if _OVER.search(told.text) else "!"


def clock(time_s: float) -> str:
    """Return a moment of the run as a person reads it.

    Example:
        >>> clock(0.1234), clock(75.5), clock(3723)
        ('0.123s', '1m15.500s', '1h02m03.000s')
    """
    minutes, seconds = divmod(round(time_s, 3), 60)
    if not minutes:
        return f"{seconds:.3f}s"
    hours, minutes = divmod(int(minutes), 60)
    text = f"{int(minutes):02}m{seconds:06.3f}s" if hours else f"{int(minutes)}m{seconds:06.3f}s"
    return f"{hours}h{text}" if hours else text


def _settled(told: Sequence[Told]) -> list[Told]:
    """Leave out health that came and went within a moment: reports of one change that crossed."""
    health: dict[tuple[str, tuple[str, ...]], list[Told]] = {}
    for each in told:
        if each.topic == "health":
            health.setdefault((each.text.partition(" ")[2].split()[0], each.where), []).append(each)
    gone: set[int] = set()
    for one in health.values():
        for first, second in pairwise(one):
            if id(first) not in gone and second.time_s - first.time_s <= _FLICKER_S:
                gone |= {id(first), id(second)}
    return [each for each in told if id(each) not in gone]


def _merged(told: Sequence[Told]) -> list[Told]:
    result: list[Told] = []
    last: dict[tuple[str, str], int] = {}
    for each in told:
        place = last.get((each.topic, each.text))
        if place is not None and each.time_s - result[place].time_s <= _TOGETHER_S:
            first = result[place]
            if each.where and not set(each.where) <= set(first.where):
                where = tuple(sorted({*first.where, *each.where}))
                result[place] = replace(first, where=where)
                continue
            if not each.where:
                result[place] = replace(first, count=first.count + 1)
                continue
        last[each.topic, each.text] = len(result)
        result.append(each)
    return result

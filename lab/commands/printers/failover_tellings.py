"""What follows a fault: silent clusters, who leaves them and when, tasks kept and dropped."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lab.commands.printers.fault_lines import fault_line
from lab.commands.printers.told import Told
from lab.core.labels import BINDING_API
from lab.core.manifest import Manifest, spec_of
from lab.core.model import HUB, Key

if TYPE_CHECKING:
    from lab.commands.context import Happening, World

_DECISIONS = frozenset(
    {"eviction", "application-failover", "deschedule", "rebalance", "cluster-silent"}
)
_PASSING = ("new: its time begins now", "the scheduler has not placed this generation")
"""Reasons to keep a task that are over in a moment."""
_BINDINGS = ((BINDING_API, "ResourceBinding"), (BINDING_API, "ClusterResourceBinding"))
_PROCESS: Mapping[str, str] = {"crashed": "crashes", "started": "starts again"}


def faults(world: World) -> Iterator[Told]:
    """Tell of faults that begin and end, and of processes that crash and start again."""
    for record in world.happenings(("fault", "process")):
        if record.type == "fault":
            text = fault_line(record.detail)
        else:
            event = str(record.detail.get("event"))
            text = f"{record.actor} {_PROCESS.get(event, event)}"
        yield Told(record.time_s, "fault", text, record=record.number)


def decisions(world: World) -> Iterator[Told]:
    """Tell of decisions about leaving a cluster, each thing about an object once in a row."""
    last: dict[tuple[str, str], str] = {}
    bound = _Bound(world)
    for record in world.happenings(("decision",)):
        kind = str(record.detail.get("kind"))
        if kind == "eviction-task":
            lines = _tasks(record)
        elif kind == "eviction" and _at_once(record):
            continue  # the eviction itself follows in the same instant
        elif kind == "eviction" and record.key is not None and record.key.kind == "Cluster":
            yield from _unmoved(record, record.key.name, bound, last)
            continue
        elif kind in _DECISIONS:
            lines = [(kind, str(record.detail.get("summary")))]
        else:
            continue
        place = _place(record)
        for topic, text in lines:
            if last.get((place, topic)) != text:
                last[place, topic] = text
                yield Told(record.time_s, "eviction", f"{place}: {text}", record=record.number)


def _unmoved(
    record: Happening, cluster: str, bound: _Bound, last: dict[tuple[str, str], str]
) -> Iterator[Told]:
    """Tell once why a taint moves nothing, if there was something to move."""
    explanation: Mapping[str, Any] = record.detail.get("explanation") or {}
    taints = [str(each) for each in explanation.get("taints") or ()]
    word, what = "taint" if len(taints) == 1 else "taints", ", ".join(taints)
    text = f"nothing leaves {{where}} for {word} {what}: {explanation.get('because')}"
    if taints and (cluster, text) not in last and bound(cluster, record.time_s):
        last[cluster, text] = text
        yield Told(record.time_s, "eviction", text, (cluster,), record=record.number)


class _Bound:
    """Knows which clusters are targets of a binding, and when."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._counts: dict[str, list[tuple[float, int]]] | None = None

    def __call__(self, cluster: str, time_s: float) -> bool:
        """Tell whether any binding has the cluster among its targets at a moment."""
        if self._counts is None:
            self._counts = self._counted()
        counts = self._counts.get(cluster, [])
        index = bisect_right(counts, (time_s, 10**9))
        return index > 0 and counts[index - 1][1] > 0

    def _counted(self) -> dict[str, list[tuple[float, int]]]:
        changes = [each for kind in _BINDINGS for each in self._world.changes(HUB, *kind, -1e9)]
        targets: dict[Key, frozenset[str]] = {}
        found: dict[str, list[tuple[float, int]]] = {}
        for change in sorted(changes, key=lambda each: each.time_s):
            old = targets.get(change.key, frozenset())
            now = frozenset() if change.type == "DELETED" else _target_names(change.object)
            targets[change.key] = now
            for name, step in (*((name, 1) for name in now - old),
                               *((name, -1) for name in old - now)):  # fmt: skip
                counts = found.setdefault(name, [])
                counts.append((change.time_s, (counts[-1][1] if counts else 0) + step))
        return found


def _target_names(binding: Manifest) -> frozenset[str]:
    return frozenset(str(each.get("name")) for each in spec_of(binding).get("clusters") or ())


def _at_once(record: Happening) -> bool:
    """Tell whether an object is put in the queue of evictions and it is its turn at once."""
    explanation: Mapping[str, Any] = record.detail.get("explanation") or {}
    turn_s = explanation.get("turn")
    return turn_s is not None and bool(turn_s <= record.time_s)


def _tasks(record: Happening) -> list[tuple[str, str]]:
    """Return cluster and words of the eviction tasks that a decision is about."""
    found = []
    explanation: Mapping[str, Any] = record.detail.get("explanation") or {}
    for task in explanation.get("tasks") or ():
        cluster, because = str(task.get("cluster")), str(task.get("because") or "")
        if task.get("verdict") == "recovered":
            text = "is cancelled: nothing drives it away any more"
        elif not task.get("kept"):
            text = f"is over: {because}"
        elif because.startswith(_PASSING):
            continue
        else:
            text = f"waits: {because}"
        found.append((cluster, f"eviction from {cluster} {text}"))
    return found


def _place(record: Happening) -> str:
    key = record.key
    if key is None:
        return record.actor
    inside = f"{key.namespace}/{key.name}" if key.namespace else key.name
    return f"{key.kind} {inside}" if key.kind != "Cluster" else f"cluster {key.name}"

"""What follows a fault: silent clusters, who leaves them and when, tasks kept and dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lab.commands.printers.fault_lines import fault_line
from lab.commands.printers.told import Told

if TYPE_CHECKING:
    from lab.commands.context import Happening, World

_DECISIONS = frozenset(
    {"eviction", "application-failover", "deschedule", "rebalance", "cluster-silent"}
)
_PASSING = ("new: its time begins now", "the scheduler has not placed this generation")
"""Reasons to keep a task that are over in a moment."""
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
    for record in world.happenings(("decision",)):
        kind = str(record.detail.get("kind"))
        if kind == "eviction-task":
            lines = _tasks(record)
        elif kind == "eviction" and _at_once(record):
            continue  # the eviction itself follows in the same instant
        elif kind in _DECISIONS:
            lines = [(kind, str(record.detail.get("summary")))]
        else:
            continue
        place = _place(record)
        for topic, text in lines:
            if last.get((place, topic)) != text:
                last[place, topic] = text
                yield Told(record.time_s, "eviction", f"{place}: {text}", record=record.number)


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

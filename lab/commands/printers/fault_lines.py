"""A fault's record in plain words, for timelines and chains of causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_FEW = 6


def fault_line(detail: Mapping[str, Any]) -> str:
    """Return what a "fault" record says happened.

    Example:
        >>> fault_line({"fault": "out", "kind": "RegionOutage", "phase": "begin",
        ...             "clusters": ["east", "west"], "until": 360.0})
        'fault out begins: RegionOutage strikes east, west (until 6m00.000s)'
    """
    name, kind = str(detail.get("fault") or ""), str(detail.get("kind") or "")
    if detail.get("phase") == "heal":
        return f"fault {name} {_ended(detail)}"
    if _ramped(detail):
        return f"fault {name} goes on: {kind} strikes {struck(detail)}{_more(detail)}"
    if not _first(detail):
        return f"fault {name} strikes {struck(detail)} again{_more(detail)}"
    return f"fault {name} begins: {kind} strikes {struck(detail)}{_more(detail)}"


def struck(detail: Mapping[str, Any]) -> str:
    """Return whom a record is about."""
    if detail.get("hub"):
        process = (detail.get("parameters") or {}).get("process")
        return f"the hub ({process})" if process else "the hub"
    if detail.get("between"):
        return f"the link between {' and '.join(map(str, detail['between']))}"
    nodes: Mapping[str, Sequence[str]] = detail.get("nodes") or {}
    shown = [
        f"{_some_nodes(nodes[name])} of {name}" if name in nodes else str(name)
        for name in detail.get("clusters") or ()
    ]
    return _few(shown) or "nothing"


def _some_nodes(nodes: Sequence[str]) -> str:
    return f"node {nodes[0]}" if len(nodes) == 1 else f"{len(nodes)} nodes"


def _first(detail: Mapping[str, Any]) -> bool:
    return int(detail.get("strike") or 1) == 1 and not _ramped(detail)


def _ramped(detail: Mapping[str, Any]) -> bool:
    ramp: Sequence[int] = detail.get("ramp") or ()
    return len(ramp) > 1 and ramp[0] > 1


def _more(detail: Mapping[str, Any]) -> str:
    from lab.commands.printers.timeline import clock

    parts = []
    if detail.get("plays") and detail.get("kind") == "Flapping":
        parts.append(" and ".join(map(str, detail["plays"])))
    if int(detail.get("strike") or 1) > 1:
        parts.append(f"time {detail['strike']}")
    if detail.get("ramp"):
        parts.append(f"{detail['ramp'][0]} of {detail['ramp'][1]}")
    if _first(detail) and detail.get("until") is not None:
        parts.append(f"until {clock(float(detail['until']))}")
    return f" ({', '.join(parts)})" if parts else ""


def _ended(detail: Mapping[str, Any]) -> str:
    where = struck(detail)
    by, over = detail.get("by"), detail.get("over", True)
    if not over:
        return f"pauses until the next time: {where}"
    if by == "abort":
        return f"is aborted, since {detail.get('abortIf')} ({detail.get('found')})"
    if where == "nothing":
        return "is healed: it does not come back"
    return f"is healed: {where}" if by == "hand" else f"is over: {where}"


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_FEW])
    return f"{shown} and {len(names) - _FEW} more" if len(names) > _FEW else shown

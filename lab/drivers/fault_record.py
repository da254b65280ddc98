"""What a record of the trace says of a fault that begins or ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.core.faults import Fault, Part
from lab.core.model import HUB


def fault_detail(
    fault: Fault, phase: str, parts: Sequence[Part], *, hub: bool, strike: int
) -> dict[str, Any]:
    """Return the detail of a record.

    Args:
        fault: The fault.
        phase: begin or heal.
        parts: What is done to each server now.
        hub: It strikes the hub.
        strike: How often it has struck, from 1.
    """
    clusters = dict.fromkeys(part.cluster for part in parts if part.cluster != HUB)
    nodes: dict[str, list[str]] = {}
    for part in parts:
        if "nodes" in part.parameters:
            nodes.setdefault(part.cluster, []).extend(part.parameters["nodes"])
    detail: dict[str, Any] = {
        "fault": fault.name,
        "kind": fault.kind,
        "phase": phase,
        "clusters": list(clusters),
        "nodes": nodes,
        "parameters": _plain(fault.parameters),
    }
    played = list(dict.fromkeys(part.kind for part in parts))
    if played and played != [fault.kind]:
        detail["plays"] = played
    if hub:
        detail["hub"] = True
    if fault.parameters.get("between"):
        detail["between"] = list(fault.parameters["between"])
    if strike > 1 or fault.repeat or fault.kind == "Flapping":
        detail["strike"] = strike
    return detail


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in parameters.items()
    }

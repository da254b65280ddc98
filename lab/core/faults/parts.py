"""What a fault asks of each server: composites taken apart into kinds that a member plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.core.faults.kinds import KINDS
from lab.core.faults.model import Fault
from lab.core.faults.selection import Selection
from lab.core.fleet import FleetSpec, nodes_of
from lab.core.model import HUB


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of fault for one server (`cluster` HUB: the hub), with typed parameters."""

    cluster: str
    kind: str
    parameters: Mapping[str, Any]


def played_kind(fault: Fault) -> str:
    """Return the kind that strikes: a pattern's is the one it plays."""
    return str(fault.parameters["fault"]) if fault.kind == "Flapping" else fault.kind


def parts_of(fault: Fault, selection: Selection, fleet: FleetSpec) -> Sequence[Part]:
    """Return what a fault does to each server, in the order of the fleet.

    A partition between two members has no part: it cuts a link that neither of them owns.
    """
    kind = played_kind(fault)
    given = _own(fault, kind)
    if selection.hub:
        return [Part(HUB, kind, given)]
    if fault.parameters.get("between"):
        return []
    found = []
    for name in selection.clusters:
        nodes = selection.nodes.get(name)
        if kind == "RegionOutage":
            found.append(Part(name, "ClusterOutage", {}))
        elif kind == "ZoneOutage":
            found.append(_zone_part(name, nodes or (), fleet))
        elif kind == "NodeLoss":
            found.append(Part(name, kind, {"nodes": nodes or _all_nodes(name, fleet)}))
        elif nodes is not None:
            found.append(Part(name, kind, {**given, "nodes": nodes}))
        else:
            found.append(Part(name, kind, given))
    return found


def _own(fault: Fault, kind: str) -> Mapping[str, Any]:
    """Return the parameters of the kind that strikes, without those of a pattern around it."""
    if kind == fault.kind:
        return fault.parameters
    names = {each.name for each in KINDS[kind].parameters}
    return {name: value for name, value in fault.parameters.items() if name in names}


def _all_nodes(cluster: str, fleet: FleetSpec) -> tuple[str, ...]:
    spec = fleet.cluster(cluster)
    assert spec is not None
    return tuple(name for name, _ in nodes_of(spec))


def _zone_part(cluster: str, nodes: tuple[str, ...], fleet: FleetSpec) -> Part:
    if set(nodes) == set(_all_nodes(cluster, fleet)):
        return Part(cluster, "ClusterOutage", {})
    return Part(cluster, "NodeLoss", {"nodes": nodes})

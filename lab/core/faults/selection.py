"""Which clusters and nodes a target means, in a fleet and for a seed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from lab.core.errors import did_you_mean, quoted
from lab.core.faults.kinds import KINDS
from lab.core.faults.model import Fault, NodeTarget, Target
from lab.core.fleet import ClusterSpec, FleetSpec, nodes_of
from lab.core.selectors import Selector

_T = TypeVar("_T")
_SIGNS = {"In": "=", "NotIn": "!="}


class TargetError(ValueError):
    """A target that matches nothing. `path` is the part of the target that is to blame."""

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class Selection:
    """What a target means.

    Attributes:
        hub: The hub.
        clusters: Members, in the order of the fleet.
        nodes: Nodes by cluster, for targets that name nodes or a zone; absent: the whole cluster.
    """

    hub: bool = False
    clusters: tuple[str, ...] = ()
    nodes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def select(fault: Fault, fleet: FleetSpec, seed: int) -> Selection:
    """Return what a fault strikes.

    Where only some of several are meant (count, percent), the seed chooses: the same ones for the
    same fault, seed and names, whatever else the fleet has.

    Raises:
        TargetError: Nothing matches.
    """
    target = fault.target
    if target.hub:
        return Selection(hub=True)
    salt = f"{seed}/{fault.name}"
    clusters = _clusters(target, fleet, salt)
    nodes = target.nodes
    if nodes is None and target.zone and struck(fault) in {"nodes", "zone"}:
        nodes = NodeTarget(zone=target.zone)  # a cluster in three zones loses the nodes of one
    if nodes is None:
        return Selection(clusters=tuple(each.name for each in clusters))
    chosen = {each.name: _nodes(nodes, each, salt) for each in clusters}
    chosen = {name: found for name, found in chosen.items() if found}
    if not chosen:
        raise _no_nodes(nodes, clusters)
    if nodes.names:
        missing = [name for name in nodes.names if not any(name in x for x in chosen.values())]
        if missing:
            raise _no_node(missing[0], nodes.names.index(missing[0]), clusters)
    return Selection(clusters=tuple(chosen), nodes=chosen)


def struck(fault: Fault) -> str:
    """Return the scope of what a fault strikes; one that plays another kind has that kind's."""
    name = str(fault.parameters["fault"]) if fault.kind == "Flapping" else fault.kind
    return KINDS[name].scope


def zones_of(spec: ClusterSpec) -> tuple[str, ...]:
    """Return the zones that a cluster has nodes in, or says it has."""
    zones = [*spec.zones, *(zone for _, zone in nodes_of(spec) if zone)]
    return tuple(dict.fromkeys(zones))


def _clusters(target: Target, fleet: FleetSpec, salt: str) -> Sequence[ClusterSpec]:
    found: Sequence[ClusterSpec] = fleet.clusters
    for index, name in enumerate(target.clusters):
        if fleet.cluster(name) is None:
            raise TargetError(_none("cluster", name, (c.name for c in found)), ("clusters", index))
    if target.clusters:
        found = [each for each in found if each.name in target.clusters]
    places: tuple[tuple[str, str, Callable[[ClusterSpec], tuple[str, ...]]], ...] = (
        ("provider", target.provider, lambda each: (each.provider,)),
        ("region", target.region, lambda each: (each.region,)),
        ("zone", target.zone, zones_of),
    )
    for part, wanted, values in places:
        if wanted:
            there = [value for each in found for value in values(each) if value]
            found = [each for each in found if wanted in values(each)]
            if not found:
                raise TargetError(_none(part, wanted, there, bool(target.clusters)), (part,))
    if target.labels.requirements:
        found = [each for each in found if target.labels.matches(each.labels)]
        if not found:
            text = f"no cluster has the labels {quoted(_written(target.labels), 200)}"
            raise TargetError(text, ("labels",))
    if not found:
        raise TargetError("the fleet has no cluster to choose from")
    if target.count is not None and target.count > len(found):
        few = f"there {'is' if len(found) == 1 else 'are'} {_many(len(found), 'cluster')}"
        raise TargetError(f"target.count is {target.count}, but {few} to choose from", ("count",))
    if target.nodes is not None and target.nodes.count is not None:
        _check_node_count(target.nodes, target.nodes.count, found)
    return _some(found, target.count, target.percent, salt, lambda each: each.name)


def _written(labels: Selector) -> str:
    """Return a selector as people write it: env=dev rather than env in (dev)."""
    return ",".join(
        f"{each.key}{_SIGNS[each.operator]}{each.values[0]}"
        if each.operator in _SIGNS and len(each.values) == 1
        else str(each)
        for each in labels.requirements
    )


def _none(what: str, wanted: str, there: Iterable[str], among: bool = False) -> str:
    known = list(dict.fromkeys(there))
    if what == "cluster":
        text = f"the fleet has no cluster {quoted(wanted)}"
    else:
        text = f"no cluster {'of these ' if among else ''}is in {what} {quoted(wanted)}"
        if what == "provider":
            text = text.replace("is in provider", "has provider")
    few = ", ".join(quoted(each) for each in known[:8]) + (", …" if len(known) > 8 else "")
    return text + (did_you_mean(wanted, known) or (f" (there are {few})" if known else ""))


def _check_node_count(target: NodeTarget, count: int, clusters: Sequence[ClusterSpec]) -> None:
    """Check that every cluster that may be struck has so many nodes, whichever the seed draws.

    Clusters without any such node are not struck at all.
    """
    for each in clusters:
        there = len(_matching_nodes(target, each))
        if 0 < there < count:
            of_these = " of these" if target.names else ""
            text = f"{quoted(each.name)} has {_many(there, 'node')}{of_these}"
            if target.zone:
                text += f" in zone {quoted(target.zone)}"
            text = f"target.nodes.count is {count}, but {text}"
            raise TargetError(text, ("nodes", "count"))


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _matching_nodes(target: NodeTarget, spec: ClusterSpec) -> list[str]:
    return [
        name
        for name, zone in nodes_of(spec)
        if (not target.names or name in target.names) and target.zone in {"", zone}
    ]


def _nodes(target: NodeTarget, spec: ClusterSpec, salt: str) -> tuple[str, ...]:
    found = _matching_nodes(target, spec)
    salt = f"{salt}/{spec.name}"
    return tuple(_some(found, target.count, target.percent, salt, lambda name: name))


def _no_nodes(target: NodeTarget, clusters: Sequence[ClusterSpec]) -> TargetError:
    if target.names:
        return _no_node(target.names[0], 0, clusters)
    if target.zone:
        there = [zone for each in clusters for _, zone in nodes_of(each) if zone]
        text = _none("zone", target.zone, there).replace("no cluster is", "no node is")
        return TargetError(text, ("nodes", "zone"))
    return TargetError("the clusters have no nodes", ("nodes",))


def _no_node(name: str, index: int, clusters: Sequence[ClusterSpec]) -> TargetError:
    there = [node for each in clusters for node, _ in nodes_of(each)]
    few = ", ".join(quoted(each) for each in there[:6]) + (", …" if len(there) > 6 else "")
    hint = did_you_mean(name, there[:5000]) or f" (there are {few})"
    return TargetError(f"no node is named {quoted(name)}{hint}", ("nodes", "names", index))


def _some(
    items: Sequence[_T],
    count: int | None,
    percent: float | None,
    salt: str,
    name: Callable[[_T], str],
) -> Sequence[_T]:
    wanted = len(items)
    if percent is not None:
        wanted = math.ceil(round(len(items) * percent / 100, 9))
    if count is not None:
        wanted = min(wanted, count)
    if wanted >= len(items):
        return items
    drawn = sorted(items, key=lambda each: (_lot(salt, name(each)), name(each)))[:wanted]
    kept = {name(each) for each in drawn}
    return [each for each in items if name(each) in kept]


def _lot(salt: str, name: str) -> bytes:
    """The lot that a name draws: even, and the same everywhere."""
    return hashlib.sha256(f"{salt}\n{name}".encode("utf-8", "surrogatepass")).digest()

"""What a health probe and status collection of a member returns, in Karmada's shape.

Source: Karmada v1.19 `pkg/controllers/status/cluster_status_controller.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lab.backends.simulated.pods.nodes import PODS
from lab.backends.simulated.pods.pods import ON_NODE, State
from lab.backends.simulated.workbench import Workbench
from lab.core.kinds import KindRegistry
from lab.core.quantity import format_quantity


def api_enablements(
    kinds: KindRegistry, extra: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Return the served APIs: by groupVersion, resources by name, without subresources."""
    groups: dict[str, dict[str, str]] = {}
    for kind in kinds.all():
        if kind.plural and not kind.guessed:
            groups.setdefault(kind.api_version, {})[kind.plural] = kind.kind
    for entry in extra:
        resources = groups.setdefault(str(entry.get("groupVersion") or ""), {})
        for resource in entry.get("resources") or ():
            resources[str(resource.get("name") or "")] = str(resource.get("kind") or "")
    return [
        {
            "groupVersion": group,
            "resources": [{"name": name, "kind": kind} for name, kind in sorted(resources.items())],
        }
        for group, resources in sorted(groups.items())
    ]


class Capacity:
    """Node and resource summaries; computed again only when nodes or pods changed."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._at: tuple[int, int, bytes] | None = None
        self._facts: dict[str, Any] = {}

    def facts(self) -> dict[str, Any]:
        """Return nodeSummary, resourceSummary and `nodes` (allocatable, requested per node)."""
        nodes = self._bench.nodes
        at = (nodes.version, self._bench.pods.changes, nodes.ready.tobytes())
        if at != self._at:
            self._at = at
            self._facts = {
                "nodeSummary": {
                    "totalNum": int(nodes.exists.sum()),
                    "readyNum": int((nodes.ready & nodes.exists).sum()),
                },
                "resourceSummary": self._summary(),
                "nodes": self._per_node(),
            }
        return self._facts

    def _summary(self) -> dict[str, Any]:
        nodes, pods = self._bench.nodes, self._bench.pods
        offered = nodes.allocatable()[:, nodes.exists].sum(axis=1)
        allocating: dict[str, int] = {}
        allocated: dict[str, int] = {}
        holding = [state for state in ON_NODE if state != State.BINDING]
        for workload in pods.living():
            waiting = pods.count(workload, State.PENDING, State.BINDING)
            held = pods.count(workload, *holding)
            for total, count in ((allocating, waiting), (allocated, held)):
                if not count:
                    continue
                total[PODS] = total.get(PODS, 0) + count
                for resource, amount in workload.demand.requests:
                    if resource != PODS:
                        total[resource] = total.get(resource, 0) + amount * count
        allocatable = {
            name: int(count)
            for name, count in zip(nodes.resources, offered, strict=True)
            if count or name in ("cpu", "memory", PODS)
        }
        summary = {"allocatable": _texts(allocatable) if nodes.exists.any() else {}}
        for name, total in (("allocating", allocating), ("allocated", allocated)):
            if total:
                summary[name] = _texts(total)
        return summary

    def _per_node(self) -> list[tuple[dict[str, int], dict[str, int]]]:
        """Return (allocatable, requested) per node, in the order of the rows.

        Equal nodes share their maps: 5,000 empty nodes are one pair.
        """
        nodes = self._bench.nodes
        if not len(nodes):
            return []
        offered = nodes.allocatable()
        held = (offered - nodes.free).T
        left = np.round(nodes.left * 1e9).astype(np.int64)
        pairs = np.hstack([nodes.pool_of[:, None].astype(np.int64), left[:, None], held])
        pairs = pairs[nodes.exists]
        shapes, which = np.unique(pairs, axis=0, return_inverse=True)
        built = [
            (
                _counts(nodes.resources, nodes.offer(int(shape[0]), shape[1] / 1e9)),
                _counts(nodes.resources, shape[2:]),
            )
            for shape in shapes
        ]
        return [built[int(at)] for at in which.reshape(-1)]


def _counts(resources: Sequence[str], counts: Any) -> dict[str, int]:
    return {
        name: int(count) for name, count in zip(resources, counts, strict=True) if int(count) > 0
    }


def _texts(counts: Mapping[str, int]) -> dict[str, str]:
    return {name: format_quantity(name, count) for name, count in sorted(counts.items())}

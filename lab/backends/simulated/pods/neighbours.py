"""Hard rules about which pods may share a node or zone: pod (anti-)affinity, topology spread.

Source: kube-scheduler's plug-ins InterPodAffinity and PodTopologySpread, v1.36; only rules that
forbid, not those that merely prefer. Selectors are held against workloads: their pods are alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lab.backends.simulated.pods.nodes import HOSTNAME, NodeTable
from lab.backends.simulated.pods.pods import ON_NODE, PodTable, State
from lab.backends.simulated.pods.workload import Workload
from lab.core.selectors import Requirement, Selector, parse_label_selector

SPREAD = "node(s) didn't match pod topology spread constraints"
UNLABELLED = f"{SPREAD} (missing required label)"
AFFINITY = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"
EXISTING = "node(s) didn't satisfy existing pods anti-affinity rules"
HELPLESS = (UNLABELLED, AFFINITY)
"""Reasons that removing other pods would not mend."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Term:
    """One rule: pods `selector` matches in `namespaces`, by the nodes' label `key`."""

    key: str
    selector: Selector
    namespaces: tuple[str, ...]
    max_skew: int = 0

    def concerns(self, workload: Workload) -> bool:
        """Tell whether the rule counts the pods of a workload."""
        return workload.namespace in self.namespaces and self.selector.matches(workload.labels)


@dataclass(frozen=True, slots=True)
class Rules:
    """All hard rules of one pod template."""

    affinity: tuple[Term, ...] = ()
    anti_affinity: tuple[Term, ...] = ()
    spread: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.affinity or self.anti_affinity or self.spread)


def rules_of(workload: Workload) -> Rules:
    """Return the rules of a workload's pods."""
    spec = workload.template.get("spec") or {}
    affinity = spec.get("affinity") or {}
    return Rules(
        _required(affinity.get("podAffinity"), workload),
        _required(affinity.get("podAntiAffinity"), workload),
        tuple(
            Term(
                str(entry.get("topologyKey") or ""),
                _selector(entry, workload),
                (workload.namespace,),
                int(entry.get("maxSkew") or 1),
            )
            for entry in spec.get("topologySpreadConstraints") or ()
            if entry.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule"
        ),
    )


def _required(source: Any, workload: Workload) -> tuple[Term, ...]:
    entries = (source or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    return tuple(
        Term(
            str(entry.get("topologyKey") or ""),
            _selector(entry, workload),
            tuple(entry.get("namespaces") or (workload.namespace,)),
        )
        for entry in entries
    )


def _selector(entry: Mapping[str, Any], workload: Workload) -> Selector:
    """Return a rule's selector; without one it matches nothing."""
    source = entry.get("labelSelector")
    if source is None:
        return Selector((Requirement("", "In", ()),))
    try:
        selector = parse_label_selector(source)
    except ValueError:
        return Selector((Requirement("", "In", ()),))
    own = workload.labels
    extra = [
        Requirement(str(key), "In", (own[key],))
        for key in entry.get("matchLabelKeys") or ()
        if key in own
    ]
    return Selector((*selector.requirements, *extra))


class Neighbours:
    """Says per node which rule keeps a pod out, as things stand now."""

    def __init__(self, nodes: NodeTable, pods: PodTable) -> None:
        self._nodes, self._pods = nodes, pods
        self._rules: dict[int, tuple[Workload, Rules]] = {}

    def rules(self, workload: Workload) -> Rules:
        """Return the rules of a workload (remembered)."""
        known = self._rules.get(workload.index)
        if known is None or known[0] is not workload:
            known = self._rules[workload.index] = (workload, rules_of(workload))
        return known[1]

    def apply_to(self, workload: Workload) -> bool:
        """Tell whether any rule could keep pods of a workload out of a node."""
        return bool(self.rules(workload)) or bool(self._against(workload))

    def _against(self, workload: Workload) -> list[tuple[Workload, Term]]:
        return [
            (each, term)
            for each in self._pods.living()
            for term in self.rules(each).anti_affinity
            if each is not workload and term.concerns(workload)
        ]

    def refusals(self, workload: Workload, admitted: Mask) -> list[tuple[str, Mask]]:
        """Return (reason, nodes it keeps out) in the scheduler's order.

        Args:
            workload: Whose pod is to be placed.
            admitted: Nodes that its node affinity admits: the domains of topology spread.
        """
        rules = self.rules(workload)
        result: list[tuple[str, Mask]] = []
        for term in rules.spread:
            domains, known = self._domains(term.key)
            here = self._per_domain(self._matching(term, stopping=False), domains, known)
            candidates = known & admitted
            least = int(here[candidates].min()) if candidates.any() else 0
            own = int(term.concerns(workload))
            result.append((UNLABELLED, ~known))
            result.append((SPREAD, known & (here + own - least > term.max_skew)))
        for term in rules.affinity:
            domains, known = self._domains(term.key)
            matching = self._matching(term)
            if not matching.any() and term.concerns(workload):
                result.append((AFFINITY, ~known))  # the first of its kind may go anywhere
                continue
            result.append((AFFINITY, self._per_domain(matching, domains, known) == 0))
        for term in rules.anti_affinity:
            domains, known = self._domains(term.key)
            result.append(
                (ANTI_AFFINITY, self._per_domain(self._matching(term), domains, known) > 0)
            )
        for other, term in self._against(workload):
            domains, known = self._domains(term.key)
            result.append((EXISTING, self._per_domain(self._count([other]), domains, known) > 0))
        return result

    def keep_out(self, workload: Workload, admitted: Mask) -> Mask:
        """Return the nodes that some rule keeps a pod out of."""
        out = np.zeros(len(self._nodes), dtype=bool)
        for _, mask in self.refusals(workload, admitted):
            out |= mask
        return out

    def _domains(self, key: str) -> tuple[npt.NDArray[np.int64], Mask]:
        """Return per node the number of its domain, and whether it has the label."""
        nodes = self._nodes
        if key == HOSTNAME:
            return np.arange(len(nodes)), nodes.exists.copy()
        numbers: dict[str, int] = {}
        of_class = []
        for each in nodes.classes:
            value = dict(each.labels).get(key)
            of_class.append(-1 if value is None else numbers.setdefault(value, len(numbers)))
        domains = np.array(of_class, dtype=np.int64)[nodes.class_of]
        return np.maximum(domains, 0), (domains >= 0) & nodes.exists

    @staticmethod
    def _per_domain(
        per_node: npt.NDArray[np.int64], domains: npt.NDArray[np.int64], known: Mask
    ) -> npt.NDArray[np.int64]:
        """Return per node how many pods its whole domain has."""
        counts = np.bincount(domains[known], weights=per_node[known], minlength=len(domains))
        result: npt.NDArray[np.int64] = np.where(known, counts[domains], 0).astype(np.int64)
        return result

    def _matching(self, term: Term, *, stopping: bool = True) -> npt.NDArray[np.int64]:
        return self._count(
            [each for each in self._pods.living() if term.concerns(each)], stopping=stopping
        )

    def _count(
        self, workloads: Sequence[Workload], *, stopping: bool = True
    ) -> npt.NDArray[np.int64]:
        """Return per node how many pods of some workloads it has."""
        states = [s for s in ON_NODE if stopping or s != State.TERMINATING]
        total = np.zeros(len(self._nodes), dtype=np.int64)
        for each in workloads:
            rows = self._pods.rows_of(each, *states)
            total += np.bincount(self._pods.node[rows], minlength=len(self._nodes))
        return total
